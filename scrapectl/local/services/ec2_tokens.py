"""Client tokens of EC2: a create that is repeated with one gives the answer that it had, and makes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from scrapectl.local.registry import Call, Params


@dataclass
class Answers:
    """What was answered in a region, by operation and token."""

    given: dict[tuple[str, str], Params] = field(default_factory=dict)


def once(call: Call, make: Callable[[], Params]) -> Params:
    """Make it, unless its token was seen ("Ensuring idempotency", Amazon EC2 API Reference)."""
    token = call.params.get("ClientToken")
    if not token:
        return make()
    given = call.cloud.store(Answers, call.region).given
    key = (call.operation, token)
    if key not in given:
        given[key] = make()
    return given[key]
