"""Turns a pattern of events and where they go into a rule of EventBridge's default bus, with its targets."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Update
from scrapectl.errors import AwsError
from scrapectl.kinds.events_pattern import canonical_pattern
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("ResourceNotFoundException",)
MOST_TARGETS = 5
_MEMBERS = frozenset({"Id", "Arn", "RoleArn", "DeadLetterConfig", "RetryPolicy", "InputTransformer"})


def rule_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a rule on the default bus will have."""
    return f"arn:{partition}:events:{region}:{account}:rule/{name}"


@dataclass(frozen=True)
class RuleTarget:
    """Where a matching event goes, as it came or as a template makes it.

    Attributes:
        id: Names it within its rule.
        arn: A function, queue, topic or state machine.
        role: What EventBridge assumes; functions, queues and topics allow it by their own policies instead.
        dead_letter: ARN of the queue that takes what could not be delivered.
        retries: How often delivery is tried again, 0 to 185.
        within_seconds: For how long, 60 to 86400.
        others: What else another hand has set, as JSON (another input): never wanted, so that it differs.
        paths: Names that the template knows, each with its path in the event ("$.detail.object.key"), by name.
        template: What the target gets instead of the event, with `<name>` for what stands at a path.
    """

    id: str
    arn: Any
    role: Any = None
    dead_letter: Any = None
    retries: int = 185
    within_seconds: int = 86400
    paths: tuple[tuple[str, str], ...] = ()
    template: str | None = None
    others: str = ""


@dataclass(frozen=True)
class EventsRule(Resource):
    """A rule with all its targets.

    Attributes:
        pattern: Which events, as plain JSON values; compared by meaning. None of a rule that only has a rate.
        state: ENABLED or DISABLED.
    """

    name: Identity[str]
    pattern: Any
    state: str = "ENABLED"
    description: str = ""
    targets: frozenset[RuleTarget] = frozenset()

    kind: ClassVar[str] = "events_rule"
    acts: ClassVar[bool] = True
    gone_at_once: ClassVar[bool] = True
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=60.0)
    sweep: ClassVar[str | None] = "events:{region}:{account}:rule/"
    listing: ClassVar[Listing | None] = Listing("events", "list_rules", "Rules", "Name")
    needs: ClassVar[Needs] = Needs(
        read=("events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"),
        create=("events:PutRule", "events:PutTargets", "events:TagResource", "iam:PassRole"),
        update=(
            "events:PutRule",
            "events:PutTargets",
            "events:RemoveTargets",
            "events:TagResource",
            "events:UntagResource",
            "iam:PassRole",
        ),
        delete=("events:DeleteRule", "events:RemoveTargets"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {"events:rule-on-default-event-bus": ("events:{region}:{account}:rule/{name}",)},
        passed_to="events.amazonaws.com",
    )

    def __post_init__(self) -> None:
        """Take the one spelling of the pattern."""
        object.__setattr__(self, "pattern", canonical_pattern(self.pattern))

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the rule; only of one that stands the targets and tags."""
        (name,) = key
        answer = aws.call("events", "describe_rule", absent=ABSENT, Name=name)
        if answer is None:
            return None
        ask: Callable[..., Callable[[], Any]] = functools.partial
        targets, tags = aws.gather(
            [
                ask(aws.pages, "events", "list_targets_by_rule", "Targets", absent=ABSENT, Rule=name),
                ask(aws.call, "events", "list_tags_for_resource", absent=ABSENT, ResourceARN=answer["Arn"]),
            ]
        )
        if targets is None or tags is None:  # it went between the calls
            return None
        pattern = answer.get("EventPattern")
        resource = cls(
            name=name,
            pattern=json.loads(pattern) if pattern else None,
            state=answer["State"],
            description=answer.get("Description", ""),
            targets=frozenset(_target(entry) for entry in targets),
        )
        return Live(resource, {"arn": answer["Arn"], "name": name}, tags_from_list(tags.get("Tags", ())))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make the rule, then its targets; both answer at once, and a target that was refused raises."""
        answer = self._put(aws, Tags=tag_list(tags))
        self._put_targets(aws, self.targets)
        return Live(self, {"arn": answer["RuleArn"], "name": self.name}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Put the whole rule when it differs; of the targets those that do. New ones come before old ones go."""
        if update.changed - {"targets"}:
            self._put(aws)
        if "targets" not in update.changed:
            return
        standing = cast("EventsRule", update.live.resource).targets
        wanted = {target.id for target in self.targets}
        gone = sorted({target.id for target in standing} - wanted)
        if len(gone) + len(wanted) > MOST_TARGETS:
            _remove_targets(aws, self.name, gone)
            gone = []
        self._put_targets(aws, self.targets - standing)
        _remove_targets(aws, self.name, gone)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Take its targets off, then delete it: AWS refuses to delete a rule that has any."""
        del removal
        rule = cast("EventsRule", live.resource)
        _remove_targets(aws, rule.name, sorted(target.id for target in rule.targets))
        aws.call("events", "delete_rule", absent=ABSENT, Name=rule.name)

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN; rules of other buses have the bus before it."""
        _, _, name = arn.partition(":rule/")
        return (name,) if name and "/" not in name else None

    def _put(self, aws: Aws, **tags: Any) -> Any:
        """Send all of it: PutRule replaces the whole, and takes tags only of a new one (AWS-FACTS §0.2)."""
        return aws.call(
            "events",
            "put_rule",
            Name=self.name,
            EventPattern=json.dumps(self.pattern, separators=(",", ":")),
            State=self.state,
            Description=self.description,
            **tags,
        )

    def _put_targets(self, aws: Aws, targets: frozenset[RuleTarget]) -> None:
        entries = [_entry(target) for target in sorted(targets, key=lambda target: target.id)]
        if entries:
            answer = aws.call("events", "put_targets", Rule=self.name, Targets=entries)
            _raise_failed("PutTargets", answer, absent=False)


def _remove_targets(aws: Aws, rule: str, ids: Sequence[str]) -> None:
    if ids:
        answer = aws.call("events", "remove_targets", absent=ABSENT, Rule=rule, Ids=list(ids))
        _raise_failed("RemoveTargets", answer or {}, absent=True)


def _raise_failed(operation: str, answer: Mapping[str, Any], *, absent: bool) -> None:
    """Raise the first entry that AWS refused inside an answer that says 200 (AWS-FACTS §0.2)."""
    for entry in answer.get("FailedEntries") or ():
        code, message = entry.get("ErrorCode", ""), entry.get("ErrorMessage", "")
        if not (absent and code in ABSENT):
            raise AwsError(
                f"events:{operation} refused target {entry.get('TargetId')}: {message}",
                service="events",
                operation=operation,
                code=code,
            )


def _target(entry: Mapping[str, Any]) -> RuleTarget:
    retry, transformer = entry.get("RetryPolicy") or {}, entry.get("InputTransformer") or {}
    others = {member: value for member, value in entry.items() if value and member not in _MEMBERS}
    return RuleTarget(
        id=entry["Id"],
        arn=entry["Arn"],
        role=entry.get("RoleArn"),
        dead_letter=(entry.get("DeadLetterConfig") or {}).get("Arn"),
        retries=retry.get("MaximumRetryAttempts", RuleTarget.retries),
        within_seconds=retry.get("MaximumEventAgeInSeconds", RuleTarget.within_seconds),
        others=json.dumps(others, sort_keys=True) if others else "",
        paths=tuple(sorted((transformer.get("InputPathsMap") or {}).items())),
        template=transformer.get("InputTemplate"),
    )


def _entry(target: RuleTarget) -> dict[str, Any]:
    retry = {"MaximumRetryAttempts": target.retries, "MaximumEventAgeInSeconds": target.within_seconds}
    entry: dict[str, Any] = {"Id": target.id, "Arn": target.arn, "RetryPolicy": retry}
    if target.role is not None:
        entry["RoleArn"] = target.role
    if target.dead_letter is not None:
        entry["DeadLetterConfig"] = {"Arn": target.dead_letter}
    if target.template is not None:
        entry["InputTransformer"] = {"InputPathsMap": dict(target.paths), "InputTemplate": target.template}
    return entry
