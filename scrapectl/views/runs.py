"""Turns runs and log lines into text and into JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from scrapectl.views.plain import clean, clean_line

if TYPE_CHECKING:
    from scrapectl.operate.logs import Line
    from scrapectl.operate.run import Run


def run_document(run: Run, code: int | None, now: float) -> dict[str, Any]:
    """The form of `run`: `code` is the exit code, which of a failed array is one child's."""
    return {
        "run": run.id,
        "name": run.name,
        "state": run.state,
        "exit_code": code,
        "seconds": run.seconds(now),
        "reason": clean(run.reason) if run.reason else None,
        **(_failed(run) if run.failed else {}),
        **({"answer": clean(run.answer)} if run.answer is not None else {}),
    }


def _failed(run: Run) -> dict[str, Any]:
    """What an array that failed says besides: how many children did, and the first of them."""
    first = [
        {"index": kid.index, "exit_code": kid.exit_code, "reason": clean(kid.reason) if kid.reason else None}
        for kid in run.failed[:FAILED_SHOWN]
    ]
    return {"failed": len(run.failed), "failed_children": first}


def failed_lines(run: Run) -> list[str]:
    """The failed children of an array, lowest index first, at most five."""
    lines = []
    for kid in run.failed[:FAILED_SHOWN]:
        code = f", exit code {kid.exit_code}" if kid.exit_code is not None else ""
        lines.append(f"  child {kid.index} FAILED{code}{f': {clean_line(kid.reason)}' if kid.reason else ''}")
    left = len(run.failed) - FAILED_SHOWN
    return [*lines, *([f"  and {left} more of {run.size}"] if left > 0 else [])]


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
    parts = [line.of, "" if line.index is None else str(line.index)]
    of = " ".join(part for part in parts if part) or line.run[:LABEL]
    return f"{clock} {f'[{clean_line(of)}] ' if several else ''}{clean(line.text)}"


def moment(seconds: float | None) -> str | None:
    """Seconds since 1970 as a time in UTC."""
    if seconds is None:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_text(seconds: float | None) -> str:
    """The same for people, to the second."""
    return "" if seconds is None else f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%d %H:%M:%S}Z"


FAILED_SHOWN = 5
LABEL = 8  # characters of an id that tell one run from another
RUN_HEADS = ("run", "name", "state", "started", "seconds", "exit", "reason")


def status_run(run: Run, now: float) -> dict[str, Any]:
    """The form of a run in `status`."""
    return {**run_document(run, run.code, now), "started": moment(run.started)}


def run_rows(runs: Iterable[Run], now: float) -> list[Sequence[object]]:
    """Rows of a table of runs; below an array that failed its first failed children."""
    rows: list[Sequence[object]] = []
    for run in runs:
        rows.append(_row(run, run.id, run.code, now))
        rows.extend(_row(kid, f"- child {kid.index}", kid.exit_code, now) for kid in run.failed[:FAILED_SHOWN])
        left = len(run.failed) - FAILED_SHOWN
        rows.extend([(f"- and {left} more", "", "", "", "", "", "")] if left > 0 else [])
    return rows


def _row(run: Run, head: str, code: int | None, now: float) -> Sequence[object]:
    return (head, run.name, run.state, moment_text(run.started), run.seconds(now), code, run.reason)
