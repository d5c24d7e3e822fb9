"""Turns a queue and the function that works through it into an event source mapping of AWS Lambda."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scrapectl.engine.marks import Identity
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Aws, Key, Live, Needs, Pace, Removal, Resource, Scopes, Status, Update
from scrapectl.kinds.tags import own_tags

ABSENT = ("ResourceNotFoundException",)
_REPORT = "ReportBatchItemFailures"
_SETTLED = {"Enabled": "ENABLED", "Disabled": "DISABLED"}


@dataclass(frozen=True, kw_only=True)
class LambdaEventSource(Resource):
    """A mapping that hands the messages of a queue to a function; AWS names it by a UUID, we by what it joins.

    Attributes:
        function: The function's name.
        source: The queue's ARN.
        batch: Most messages a call.
        window_seconds: How long messages are gathered, to 300.
        state: ENABLED or DISABLED.
        report_failures: The function answers which messages failed; else all of a batch fail together.
    """

    function: Identity[str]
    source: Identity[Any]
    batch: int = 10
    window_seconds: int = 0
    state: str = "ENABLED"
    report_failures: bool = True

    kind: ClassVar[str] = "lambda_event_source"
    acts: ClassVar[bool] = True
    pace: ClassVar[Pace] = Pace(first=0.0, interval=3.0, limit=600.0)
    needs: ClassVar[Needs] = Needs(
        read=("lambda:ListEventSourceMappings", "lambda:ListTags"),
        create=("lambda:CreateEventSourceMapping", "lambda:TagResource"),
        update=("lambda:TagResource", "lambda:UntagResource", "lambda:UpdateEventSourceMapping"),
        delete=("lambda:DeleteEventSourceMapping",),
        owned=("lambda:ListEventSourceMappings", "lambda:ListTags"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {"lambda:eventSourceMapping": ("lambda:{region}:{account}:event-source-mapping:{tagged}",)}
    )

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Look for the one mapping between the two, then for its tags.

        Asked for by its queue alone: AWS may answer nothing for a function that is gone, and its mappings outlive it.
        """
        function, source = key
        entries = aws.pages("lambda", "list_event_source_mappings", "EventSourceMappings", EventSourceArn=source)
        # AWS refuses a second one of the same two (AWS-FACTS §9).
        entry = next((entry for entry in entries if _function(entry) == function), None)
        tags = None if entry is None else _tags(aws, entry)
        return None if entry is None or tags is None else cls._live(function, entry, tags)

    @classmethod
    def _live(cls, function: str, entry: Mapping[str, Any], tags: Mapping[str, str]) -> Live:
        state = entry["State"]
        resource = cls(
            function=function,
            source=entry["EventSourceArn"],
            batch=entry["BatchSize"],
            window_seconds=entry.get("MaximumBatchingWindowInSeconds", 0),
            state=_SETTLED.get(state, "ENABLED"),
            report_failures=_REPORT in entry.get("FunctionResponseTypes", ()),
        )
        outputs = {"arn": _arn(entry), "name": entry["UUID"]}
        if state in _SETTLED:
            return Live(resource, outputs, tags, detail=entry["FunctionArn"])
        return Live(resource, outputs, tags, Status.BUSY, f"it is {state}", entry["FunctionArn"])

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Make it; it is Creating for a while, and fails while a fresh role may not read the queue yet."""
        aws.call(
            "lambda",
            "create_event_source_mapping",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            EventSourceArn=self.source,
            Tags=dict(tags),
            **self._members(),
        )

    def update(self, aws: Aws, update: Update) -> None:
        """Send all that can change."""
        aws.call("lambda", "update_event_source_mapping", UUID=update.live.outputs["name"], **self._members())

    def _members(self) -> dict[str, Any]:
        return {
            "FunctionName": self.function,
            "BatchSize": self.batch,
            "MaximumBatchingWindowInSeconds": self.window_seconds,
            "Enabled": self.state == "ENABLED",
            "FunctionResponseTypes": [_REPORT] if self.report_failures else [],
        }

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; it is Deleting until the calls that run have ended."""
        del removal
        aws.call("lambda", "delete_event_source_mapping", absent=ABSENT, UUID=live.outputs["name"])

    @classmethod
    def stands_in(cls, live: Live) -> tuple[str, ...]:
        """Name the function: one that goes leaves its mappings (AWS-FACTS §9)."""
        return (live.detail,)

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """Read the tags of those that join something with the owner's names.

        A UUID does not tell which mapping it is, so that the tagging API is of no use.
        """
        entries = aws.pages("lambda", "list_event_source_mappings", "EventSourceMappings")
        near = [entry for entry in entries if _bears_name_of(entry, owner)]
        tags = aws.gather([functools.partial(_tags, aws, entry) for entry in near])
        ours = [entry for entry, its in zip(near, tags, strict=True) if its and its.get(PIPELINE) == owner]
        return [(_function(entry), entry["EventSourceArn"]) for entry in ours]


def _arn(entry: Mapping[str, Any]) -> str:
    """The mapping's ARN, which older endpoints leave out: that of its function, with its own end."""
    of_function, _, _ = str(entry["FunctionArn"]).partition(":function:")
    return str(entry.get("EventSourceMappingArn") or f"{of_function}:event-source-mapping:{entry['UUID']}")


def _tags(aws: Aws, entry: Mapping[str, Any]) -> dict[str, str] | None:
    answer = aws.call("lambda", "list_tags", absent=ABSENT, Resource=_arn(entry))
    return None if answer is None else own_tags(answer.get("Tags", {}))


def _function(entry: Mapping[str, Any]) -> str:
    return str(entry["FunctionArn"]).split(":function:")[1].split(":")[0]


def _bears_name_of(entry: Mapping[str, Any], owner: str) -> bool:
    base = owner.replace(".", "-")
    names = (_function(entry), str(entry.get("EventSourceArn", "")).rsplit(":", 1)[-1])
    return any(name.startswith((f"{base}-", f"{base}_")) for name in names)
