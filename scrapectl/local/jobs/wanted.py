"""What a call of a job's or a function's code needs leave for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """One permission a call needs; a resource of None is any that the role's policies name for the action."""

    action: str
    resource: str | None
    context: dict[str, str]
