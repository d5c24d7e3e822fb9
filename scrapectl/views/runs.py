"""Turns runs and log lines into text and into JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from scrapectl.views.plain import clean, clean_line

if TYPE_CHECKING:
    from scrapectl.operate.logs import Line
    from scrapectl.operate.runs import Run


def run_document(run: Run, code: int | None, now: float) -> dict[str, Any]:
    """The form of `run`: `code` is the exit code, which of a failed array is one child's."""
    return {
        "run": run.id,
        "name": run.name,
        "state": run.state,
        "exit_code": code,
        "seconds": run.seconds(now),
        "reason": clean(run.reason) if run.reason else None,
    }


def run_text(run: Run, code: int | None, now: float) -> str:
    """One sentence on a run: its state, how long, its exit code and reason."""
    seconds = run.seconds(now)
    took = f" after {seconds:.1f}s" if seconds is not None and run.ended else ""
    ended = f", exit code {code}" if code is not None and run.ended else ""
    why = f": {clean_line(run.reason)}" if run.reason else ""
    return f"{run.name} {run.id} {run.state}{took}{ended}{why}"


def line_document(line: Line) -> dict[str, Any]:
    """The form of one line of `logs`."""
    return {"run": line.run, "at": moment(line.at), "text": clean(line.text)}


def line_text(line: Line, *, several: bool) -> str:
    """A line of a log for people; which child or run it is of, when there are several."""
    clock = dt.datetime.fromtimestamp(line.at, dt.UTC).strftime("%H:%M:%S")
    of = f"[{line.index if line.index is not None else line.run[:8]}] " if several else ""
    return f"{clock} {of}{clean(line.text)}"


def moment(seconds: float | None) -> str | None:
    """Seconds since 1970 as a time in UTC."""
    if seconds is None:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_text(seconds: float | None) -> str:
    """The same for people, to the second."""
    return "" if seconds is None else f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%d %H:%M:%S}Z"


RUN_HEADS = ("run", "name", "state", "started", "seconds", "exit", "reason")


def status_run(run: Run, now: float) -> dict[str, Any]:
    """The form of a run in `status`."""
    return {**run_document(run, run.exit_code, now), "started": moment(run.started)}


def run_rows(runs: Iterable[Run], now: float) -> list[Sequence[object]]:
    """Rows of a table of runs."""
    return [
        (run.id, run.name, run.state, moment_text(run.started), run.seconds(now), run.exit_code, run.reason)
        for run in runs
    ]
