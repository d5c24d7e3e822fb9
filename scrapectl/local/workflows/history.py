"""The history of a run: its events in order, as GetExecutionHistory answers them and as its log gets them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from scrapectl.local.workflows.intrinsics import compact

MOST_EVENTS = 25_000
_ENDS = frozenset({"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"})
_ERRORS = _ENDS | {
    *("FailStateEntered", "LambdaFunctionFailed", "LambdaFunctionTimedOut", "MapIterationAborted"),
    *("MapIterationFailed", "MapStateAborted", "MapStateFailed", "ParallelStateAborted", "ParallelStateFailed"),
    *("TaskFailed", "TaskStartFailed", "TaskStateAborted", "TaskSubmitFailed", "TaskTimedOut", "WaitStateAborted"),
}
_DATA = ("input", "output", "parameters")


class History:
    """The events of one run."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    @property
    def full(self) -> bool:
        """Whether it has room for the run's end alone."""
        return len(self.events) >= MOST_EVENTS - 1

    def add(self, at: float, kind: str, previous: int, details: dict[str, Any] | None = None) -> int:
        """Add an event.

        Args:
            at: Seconds since 1970.
            kind: Such as `TaskStateEntered`.
            previous: The id of the event that led to it.
            details: What goes under the one name that its kind has for details; None for none.

        Returns:
            Its id.
        """
        number = len(self.events) + 1
        event = {"timestamp": datetime.fromtimestamp(at, UTC), "type": kind, "id": number, "previousEventId": previous}
        if details is not None:
            event[details_name(kind)] = details
        self.events.append(event)
        return number


def details_name(kind: str) -> str:
    """Under which name an event of a kind has its details: `TaskStateEntered` → `stateEnteredEventDetails`."""
    for end in ("StateEntered", "StateExited"):
        if kind.endswith(end):
            kind = end
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


def with_data(member: str, value: Any, **others: Any) -> dict[str, Any]:
    """Details with data in them: as text, and never cut."""
    return {**others, member: compact(value), f"{member}Details": {"truncated": False}}


def is_logged(level: str, kind: str) -> bool:
    """Whether a log of a level gets an event (Step Functions Developer Guide, "Log levels")."""
    return level == "ALL" or (level == "ERROR" and kind in _ERRORS) or (level == "FATAL" and kind in _ENDS)


def log_line(event: dict[str, Any], execution: str, *, with_data: bool) -> str:
    """An event as Step Functions writes it to a log."""
    details = dict(event.get(details_name(event["type"]), {}))
    if not with_data:
        for name in _DATA:
            details.pop(name, None)
            details.pop(f"{name}Details", None)
    return json.dumps(
        {
            "id": str(event["id"]),
            "type": event["type"],
            "details": details,
            "previous_event_id": str(event["previousEventId"]),
            "event_timestamp": str(round(event["timestamp"].timestamp() * 1000)),
            "execution_arn": execution,
        },
        ensure_ascii=False,
    )
