"""Turns how a function deals with events that nobody waits for into its event invoke configuration, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrapectl.engine.resource import Aws

RETRIES, WITHIN_SECONDS = 2, 6 * 3600
"""What Lambda does without a configuration (Lambda Developer Guide, "Asynchronous invocation")."""

_ABSENT = ("ResourceNotFoundException",)


def read_asynchronous(aws: Aws, function: str) -> dict[str, Any]:
    """Read the fields `on_failure`, `retries` and `within_seconds` of a function; Lambda's own without any."""
    found = aws.call("lambda", "get_function_event_invoke_config", absent=_ABSENT, FunctionName=function) or {}
    return {
        "on_failure": ((found.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination"),
        "retries": _given(found, "MaximumRetryAttempts", RETRIES),
        "within_seconds": _given(found, "MaximumEventAgeInSeconds", WITHIN_SECONDS),
    }


def write_asynchronous(aws: Aws, function: str, on_failure: Any, retries: int, within_seconds: int) -> None:
    """Put the whole configuration; one that says what Lambda does anyway goes."""
    if (on_failure, retries, within_seconds) == (None, RETRIES, WITHIN_SECONDS):
        aws.call("lambda", "delete_function_event_invoke_config", absent=_ABSENT, FunctionName=function)
        return
    destination: dict[str, Any] = (
        {"DestinationConfig": {"OnFailure": {"Destination": on_failure}}} if on_failure else {}
    )
    aws.call(
        "lambda",
        "put_function_event_invoke_config",
        FunctionName=function,
        MaximumRetryAttempts=retries,
        MaximumEventAgeInSeconds=within_seconds,
        **destination,
    )


def _given(found: Mapping[str, Any], member: str, otherwise: int) -> int:
    """A number that AWS leaves out, or tells as nothing, is its own."""
    value = found.get(member)
    return otherwise if value is None else int(value)
