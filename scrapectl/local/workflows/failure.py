"""The errors that runs of state machines know, with their names and causes."""

from __future__ import annotations

from typing import Any

from scrapectl.local.workflows.intrinsics import compact

RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"
MOST_BYTES = 262_144
"""Of what one state hands to the next (AWS-FACTS §10)."""


class StateFailure(Exception):
    """A state failed.

    Args:
        error: Its name, such as `States.Timeout` or `Lambda.ResourceNotFoundException`.
        cause: In words; None when nothing is said.
        of_task: Whether what a task called failed: `States.TaskFailed` matches those.
    """

    def __init__(self, error: str | None, cause: str | None = None, *, of_task: bool = False) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        self.of_task = of_task

    @property
    def details(self) -> dict[str, str]:
        """Error and cause as history events have them."""
        told = {"error": self.error, "cause": self.cause}
        return {key: value for key, value in told.items() if value is not None}


class Timeout(StateFailure):
    """Something took longer than it may."""

    def __init__(self) -> None:
        super().__init__(TIMEOUT)


def check_size(what: str, result: Any) -> None:
    """Refuse a result that is larger than AWS lets a state have.

    Raises:
        StateFailure: `States.DataLimitExceeded`.
    """
    if len(compact(result).encode()) > MOST_BYTES:
        size = "a result with a size exceeding the maximum number of bytes service limit"
        raise StateFailure("States.DataLimitExceeded", f"The state/task '{what}' returned {size}.", of_task=True)
