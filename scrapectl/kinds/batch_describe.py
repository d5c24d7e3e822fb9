"""Names of Batch things → what Batch says of each, a hundred to a call, and its statuses in the engine's words."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from scrapectl.engine.resource import Aws, Pace, Status

SETTLING = Pace(first=2.0, interval=5.0, limit=600.0)
"""Environments and queues: seconds to a minute in practice, ten minutes at most (AWS-FACTS §19)."""

GONE = ("ClientException:does not exist",)
"""What Batch answers to a change of what is no more."""

_NAMES_IN_ONE_CALL = 100
_STATUS = {"VALID": Status.READY, "INVALID": Status.BROKEN}


def describe(aws: Aws, operation: str, items: str, **names: Sequence[str]) -> list[dict[str, Any]]:
    """Ask for many by name (or ARN), given as the call's own parameter; Batch leaves out what it does not know."""
    ((parameter, wanted),) = names.items()
    chunks = [wanted[i : i + _NAMES_IN_ONE_CALL] for i in range(0, len(wanted), _NAMES_IN_ONE_CALL)]
    asks = [functools.partial(aws.pages, "batch", operation, items, **{parameter: chunk}) for chunk in chunks]
    return [entry for answer in aws.gather(asks) for entry in answer]


def status_of(entry: Mapping[str, Any]) -> Status:
    """VALID, INVALID, or on its way between (CREATING, UPDATING, DELETING)."""
    return _STATUS.get(entry["status"], Status.BUSY)


def arn_name(arn: str, resource: str) -> str | None:
    """The name in a Batch ARN of this resource type ("job-queue"), or None when it is of another."""
    parts = arn.split(":", 5)
    prefix = f"{resource}/"
    if len(parts) < 6 or parts[2] != "batch" or not parts[5].startswith(prefix):  # noqa: PLR2004 - arn:p:s:r:a:rest
        return None
    return parts[5].removeprefix(prefix)
