"""Turns the requests that an apply would send into lines for people, or into JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scrapectl.views.plain import clean, clean_line
from scrapectl.views.plan_text import Line

if TYPE_CHECKING:
    from scrapectl.pipeline import Rehearsed

_HEAD = "Requests that apply would send, in order; those that do not wait for each other go side by side:"
_NONE = "apply would send nothing."
_READS = "Not listed: what apply reads while it waits, and the lease's renewal every 20 s."


def requests_document(rehearsed: Rehearsed) -> dict[str, Any]:
    """The form of `plan --calls`, beside the plan's own."""
    calls = [
        {
            "address": clean(address),
            "service": request.service,
            "operation": request.operation,
            "params": _plain(request.shown),
        }
        for address, request in rehearsed.requests
    ]
    return {"calls": calls, "calls_notes": [clean(note) for note in rehearsed.notes]}


def requests_lines(rehearsed: Rehearsed) -> Iterator[Line]:
    """Each request with what it is for, a parameter a line."""
    if not rehearsed.requests:
        yield Line(_NONE)
        return
    yield Line(_HEAD, "bold")
    for number, (address, request) in enumerate(rehearsed.requests, start=1):
        yield Line(f"{number:>4}. {request.service} {request.operation}  ({clean_line(address)})", "cyan")
        for name, value in request.shown.items():
            yield Line(f"        {name}: {clean(json.dumps(_plain(value), ensure_ascii=False))}")
    yield from (Line(f"Note: {clean_line(note)}") for note in rehearsed.notes)
    yield Line(_READS)


def _plain(value: Any) -> Any:
    """JSON values, times as text."""
    return json.loads(json.dumps(value, default=str))
