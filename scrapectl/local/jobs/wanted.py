"""What a call of a job's or a function's code needs leave for, and the services that tell it of their own calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapectl.local.registry import Call


@dataclass(frozen=True)
class Wanted:
    """One permission a call needs; a resource of None is any that the role's policies name for the action."""

    action: str
    resource: str | None
    context: dict[str, str]


Asker = Callable[["Call"], Iterator[Wanted]]
ASKERS: dict[str, Asker] = {}


def asked_by_service(service: str) -> Callable[[Asker], Asker]:
    """Register what tells the permissions that calls of a service need."""

    def register(asker: Asker) -> Asker:
        ASKERS[service] = asker
        return asker

    return register
