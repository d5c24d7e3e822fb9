"""Turns an instance's status into tables, or into JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scrapectl.engine.resource import Status
from scrapectl.views.console import console, print_table
from scrapectl.views.loads import HEADS as LOAD_HEADS
from scrapectl.views.loads import load_document, load_rows
from scrapectl.views.plain import clean
from scrapectl.views.runs import RUN_HEADS, run_rows, status_run
from scrapectl.views.timings import HEADS, timing_document, timing_rows

if TYPE_CHECKING:
    from scrapectl.operate.status import ResourceState, Standing

NEXT = 3  # starts of each schedule


def status_document(standing: Standing, now: float) -> dict[str, Any]:
    """The form of `status`."""
    after = dt.datetime.fromtimestamp(now, dt.UTC)
    return {
        "resources": [
            {"address": clean(each.address), "status": each.status.value, "reason": _reason(each)}
            for each in standing.resources
        ],
        "runs": [status_run(run, now) for run in standing.runs],
        "schedules": [timing_document(timing, after, NEXT) for timing in standing.timings],
        "triggers": [{"name": clean(each.name), "enabled": each.enabled} for each in standing.triggers],
        "refused": [load_document(load) for load in standing.refused],
    }


def print_status(standing: Standing, now: float, *, no_color: bool) -> None:
    """Print the tables that have rows."""
    out = console(no_color=no_color)
    for number, (heads, rows) in enumerate(_tables(standing, now)):
        if number:
            out.print()
        print_table(out, heads, rows)


def _reason(resource: ResourceState) -> str | None:
    """Why it is not READY; AWS also gives reasons for what is well."""
    return clean(resource.reason) or None if resource.status is not Status.READY else None


def _tables(standing: Standing, now: float) -> Iterator[tuple[Sequence[str], Sequence[Sequence[object]]]]:
    after = dt.datetime.fromtimestamp(now, dt.UTC)
    if standing.resources:
        rows = [(each.address, each.status.value, _reason(each)) for each in standing.resources]
        yield ("resource", "status", "reason"), rows
    if standing.runs:
        yield RUN_HEADS, run_rows(standing.runs, now)
    if standing.refused:
        yield LOAD_HEADS, load_rows(standing.refused)
    if standing.timings:
        yield HEADS, timing_rows(standing.timings, after, 1)
    if standing.triggers:
        yield ("trigger", ""), [(each.name, "on" if each.enabled else "off") for each in standing.triggers]
