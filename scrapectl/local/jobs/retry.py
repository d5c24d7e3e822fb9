"""Decide from how an attempt ended whether Batch tries again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrapectl.local.jobs.job import Attempt

TIMED_OUT = "Job attempt duration exceeded timeout"


def tries_again(strategy: Mapping[str, Any], attempt: Attempt, made: int) -> bool:
    """Whether another attempt follows a failed one.

    The first condition whose patterns all match decides; when none does, Batch retries. A timeout is never retried.

    Args:
        strategy: Batch's `retryStrategy`.
        attempt: The one that failed.
        made: How many attempts were made, this one included.
    """
    if made >= strategy.get("attempts", 1) or attempt.status_reason == TIMED_OUT:
        return False
    for condition in strategy.get("evaluateOnExit") or []:
        if _applies(condition, attempt):
            return bool(condition["action"].upper() == "RETRY")
    return True


def _applies(condition: Mapping[str, str], attempt: Attempt) -> bool:
    code = "" if attempt.exit_code is None else str(attempt.exit_code)
    seen = {"onExitCode": code, "onReason": attempt.reason, "onStatusReason": attempt.status_reason}
    return all(_matches(condition[key], text) for key, text in seen.items() if condition.get(key))


def _matches(pattern: str, text: str) -> bool:
    """Batch's patterns: the whole text, or its start when they end in an asterisk; `*` matches nothing at all too."""
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
