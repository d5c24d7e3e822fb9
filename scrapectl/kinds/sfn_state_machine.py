"""Turns a document in the Amazon States Language into a standard state machine of Step Functions, with its log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Status, Update
from scrapectl.kinds.tags import own_tags

ABSENT = ("StateMachineDoesNotExist",)
_NO_TAGS = ("ResourceNotFound",)
_TAIL = ":*"


def state_machine_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a state machine will have."""
    return f"arn:{partition}:states:{region}:{account}:stateMachine:{name}"


@dataclass(frozen=True, kw_only=True)
class SfnStateMachine(Resource):
    """A state machine of the type STANDARD.

    Attributes:
        definition: The document as plain JSON values; compared by meaning.
        role: ARN of what it may do.
        log_group: ARN of the group that its history goes to, without `:*`; None: it is not logged.
        log_level: ALL, ERROR or FATAL; with no group it says nothing.
        tracing: Whether X-Ray follows its runs.
    """

    name: Identity[str]
    definition: Any
    role: Any
    log_group: Any = None
    log_level: str = "ERROR"
    tracing: bool = False

    kind: ClassVar[str] = "sfn_state_machine"
    tells_the_spec: ClassVar[bool] = True
    acts: ClassVar[bool] = True
    # It goes when its runs have been ended, which takes AWS up to five minutes (AWS-FACTS §10, §19).
    pace: ClassVar[Pace] = Pace(first=0.0, interval=3.0, limit=300.0)
    sweep: ClassVar[str | None] = "states:{region}:{account}:stateMachine:"
    listing: ClassVar[Listing | None] = Listing("stepfunctions", "list_state_machines", "stateMachines", "name")
    needs: ClassVar[Needs] = Needs(
        read=("states:DescribeStateMachine", "states:ListTagsForResource"),
        create=("iam:PassRole", "states:CreateStateMachine", "states:TagResource"),
        update=("iam:PassRole", "states:TagResource", "states:UntagResource", "states:UpdateStateMachine"),
        delete=("states:DeleteStateMachine", "states:ListExecutions"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "states:statemachine": ("states:{region}:{account}:stateMachine:{name}",),
            "states:execution": ("states:{region}:{account}:execution:{name}:*",),
        },
        passed_to="states.amazonaws.com",
    )

    def __post_init__(self) -> None:
        """Take the one spelling of the document; the level of a log that nobody keeps is AWS's own."""
        object.__setattr__(self, "definition", _json_values(self.definition))
        if self.log_group is None:
            object.__setattr__(self, "log_level", SfnStateMachine.log_level)

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the machine, then, if it stands, its tags; one whose runs still end is on its way out."""
        (name,) = key
        arn = state_machine_arn(aws.partition, aws.region, aws.account, name)
        answer = aws.call("stepfunctions", "describe_state_machine", absent=ABSENT, stateMachineArn=arn)
        if answer is None:
            return None
        tags = aws.call("stepfunctions", "list_tags_for_resource", absent=_NO_TAGS, resourceArn=arn)
        if tags is None:  # it went between the two calls
            return None
        logging = answer.get("loggingConfiguration") or {}
        group = _group(logging)
        resource = cls(
            name=name,
            definition=json.loads(answer["definition"]),
            role=answer["roleArn"],
            log_group=group,
            log_level=logging.get("level", "OFF"),
            tracing=(answer.get("tracingConfiguration") or {}).get("enabled", False),
        )
        deleting = answer.get("status") == "DELETING"
        status, reason = (Status.BUSY, "its runs are being ended") if deleting else (Status.READY, "")
        found = own_tags({entry["key"]: entry["value"] for entry in tags.get("tags", ())})
        return Live(resource, {"arn": arn, "name": name}, found, status, reason)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Make it. What AWS answers is no proof: it calls another's machine of the same content made, too.

        Role and tags of such a one stay as they were (AWS-FACTS §0.2), so that what stands is read.
        """
        aws.call(
            "stepfunctions",
            "create_state_machine",
            name=self.name,
            type="STANDARD",
            tags=[{"key": key, "value": value} for key, value in tags.items()],
            **self._properties(),
        )

    def update(self, aws: Aws, update: Update) -> None:
        """Send all of it; runs that go on keep what they began with."""
        aws.call(
            "stepfunctions",
            "update_state_machine",
            stateMachineArn=update.live.outputs["arn"],
            **self._properties(),
        )

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> str | None:
        """Delete it, after the end of its runs or with them: AWS aborts those that go on."""
        arn = live.outputs["arn"]
        held = _running(aws, arn) if removal.drains else 0
        if held and not removal.kill:
            return f"it waits for the end of its {held} runs" if held > 1 else "it waits for the end of its run"
        aws.call("stepfunctions", "delete_state_machine", absent=ABSENT, stateMachineArn=arn)
        return None

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN; versions and aliases have theirs behind it."""
        _, _, name = arn.partition(":stateMachine:")
        return (name,) if name and ":" not in name else None

    def _properties(self) -> dict[str, Any]:
        logging: dict[str, Any] = {"level": "OFF"}
        if self.log_group is not None:
            target = {"cloudWatchLogsLogGroup": {"logGroupArn": f"{self.log_group}{_TAIL}"}}
            # What a run was given may be secret, so that it stays in the run's own history.
            logging = {"level": self.log_level, "includeExecutionData": False, "destinations": [target]}
        return {
            "definition": json.dumps(self.definition, indent=1, ensure_ascii=False),
            "roleArn": self.role,
            "loggingConfiguration": logging,
            "tracingConfiguration": {"enabled": self.tracing},
        }


def _running(aws: Aws, arn: str) -> int:
    """How many runs have not ended; of more than a page the first, for who waits will ask again."""
    answer = aws.call("stepfunctions", "list_executions", absent=ABSENT, stateMachineArn=arn, statusFilter="RUNNING")
    return len(answer["executions"]) if answer else 0


def _group(logging: Mapping[str, Any]) -> str | None:
    """The ARN of the group that is written to; None when the log is off."""
    if logging.get("level", "OFF") == "OFF":
        return None
    found = [one["cloudWatchLogsLogGroup"]["logGroupArn"] for one in logging.get("destinations") or ()]
    return found[0].removesuffix(_TAIL) if found else None


def _json_values(value: Any) -> Any:
    """Make lists of tuples and plain maps of mappings, as JSON reads them back; references stay."""
    if isinstance(value, Mapping):
        return {key: _json_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_values(item) for item in value]
    return value
