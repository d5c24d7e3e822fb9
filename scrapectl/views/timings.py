"""Turns schedules into a table of their next starts, or into JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from scrapectl.views.output import print_document, print_line
from scrapectl.views.plain import clean

if TYPE_CHECKING:
    from scrapectl.operate.pauses import Held
    from scrapectl.operate.timing import Timing

HEADS = ("schedule", "of", "when", "time zone", "", "next")


def print_timings(timings: Sequence[Timing], count: int, *, as_json: bool, no_color: bool) -> None:
    """Show schedules, each with its next `count` starts from now."""
    now = dt.datetime.now(dt.UTC)
    if as_json:
        print_document({"schedules": [timing_document(timing, now, count) for timing in timings]})
        return
    if not timings:
        print_line("There are no schedules.")
        return
    from scrapectl.views.console import console, print_table  # noqa: PLC0415 - JSON needs no rich

    print_table(console(no_color=no_color), HEADS, timing_rows(timings, now, count))


def print_held(held: Sequence[Held], done: str, *, as_json: bool) -> None:
    """Say of each schedule what was done ("paused"), or why nothing was."""
    now = dt.datetime.now(dt.UTC)
    if as_json:
        told = [{"changed": each.changed, "note": clean(each.note) or None} for each in held]
        rows = [timing_document(each.timing, now, 1) | more for each, more in zip(held, told, strict=True)]
        print_document({"schedules": rows})
        return
    for each in held:
        starts = each.timing.next(now, 1)
        after = f"; starts next {starts[0].isoformat(sep=' ', timespec='seconds')}" if starts else ""
        whose = f"{each.timing.name} of {each.timing.job}"
        print_line(f"{done} {whose}{after}" if each.changed else f"{whose} is {each.note}")


def timing_document(timing: Timing, after: dt.datetime, count: int) -> dict[str, Any]:
    """The form of a schedule, in `status` and `schedule`; the starts in the schedule's own time zone."""
    return {
        "name": clean(timing.name),
        "job": timing.job,
        "schedule": clean(timing.expression),
        "timezone": timing.timezone,
        "next": [start.isoformat(timespec="seconds") for start in timing.next(after, count)],
        "enabled": timing.enabled,
        "paused": timing.paused,
        "pause": clean(timing.pause) or None,
    }


def timing_rows(timings: Iterable[Timing], after: dt.datetime, count: int) -> list[Sequence[object]]:
    """A row for each start, the first one with the schedule's own words."""
    rows: list[Sequence[object]] = []
    for timing in timings:
        state = f"paused {timing.pause}" if timing.paused else "on" if timing.enabled else "off"
        starts = [start.isoformat(sep=" ", timespec="seconds") for start in timing.next(after, count)] or ["never"]
        rows.append((timing.name, timing.job, timing.expression, timing.timezone, state, starts[0]))
        rows.extend(("", "", "", "", "", start) for start in starts[1:])
    return rows
