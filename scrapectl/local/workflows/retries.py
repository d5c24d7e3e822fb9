"""Retry and Catch: which rule takes a failure, and how long to wait before the next try."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from scrapectl.local.workflows.failure import RUNTIME, TASK_FAILED, TIMEOUT, StateFailure

_HEARTBEAT = "States.HeartbeatTimeout"
_GROUP_FAILED = {"Parallel": "States.BranchFailed", "Map": "States.ExceedToleratedFailureThreshold"}


def takes(rule: dict[str, Any], failure: StateFailure, kind: str) -> bool:
    """Whether a retrier or catcher of a state names a failure (AWS, "Error handling in Step Functions").

    `States.Runtime` is taken by nobody who does not name it.
    """
    names, error = rule["ErrorEquals"], failure.error
    if error in names:
        return True
    if error == RUNTIME:
        return False
    timed_out = error in {TIMEOUT, _HEARTBEAT}
    return (
        "States.ALL" in names
        or (TASK_FAILED in names and failure.of_task and not timed_out)
        or (TIMEOUT in names and timed_out)
        or _GROUP_FAILED.get(kind) in names
    )


def catcher_of(state: dict[str, Any], failure: StateFailure) -> dict[str, Any] | None:
    """The first catcher that takes a failure; None when none does."""
    return next((rule for rule in state.get("Catch", ()) if takes(rule, failure, state["Type"])), None)


class Patience:
    """How often a state may try again still; every retrier counts for itself.

    Args:
        state: The state.
        seed: Makes the jitter of one run the same each time it is looked at.
    """

    def __init__(self, state: dict[str, Any], seed: str) -> None:
        self._state = state
        self._used: Counter[int] = Counter()
        self._random = random.Random(seed)  # noqa: S311 - spreads load, guards nothing
        self.tries = 0

    def wait_after(self, failure: StateFailure) -> float | None:
        """Seconds until the next try; None when there is none."""
        for number, rule in enumerate(self._state.get("Retry", ())):
            if not takes(rule, failure, self._state["Type"]):
                continue
            if self._used[number] >= rule.get("MaxAttempts", 3):
                return None
            wait = rule.get("IntervalSeconds", 1) * rule.get("BackoffRate", 2.0) ** self._used[number]
            wait = min(wait, rule.get("MaxDelaySeconds", wait))
            self._used[number] += 1
            self.tries += 1
            return float(self._random.uniform(0, wait) if rule.get("JitterStrategy") == "FULL" else wait)
        return None
