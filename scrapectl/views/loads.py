"""Turns what loaders have loaded and refused into a table, or into JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from scrapectl.views.console import console, print_table
from scrapectl.views.output import print_document, print_line
from scrapectl.views.plain import clean

if TYPE_CHECKING:
    from scrapectl.operate.loads import Load

HEADS = ("loader", "state", "started", "seconds", "rows", "refused", "from", "run", "reason")


def print_loads(loads: Sequence[Load], *, as_json: bool, no_color: bool) -> None:
    """Print loads, newest first."""
    if as_json:
        print_document({"loads": [load_document(load) for load in loads]})
    elif not loads:
        print_line("Nothing has been loaded yet.")
    else:
        print_table(console(no_color=no_color), HEADS, load_rows(loads))


def load_document(load: Load) -> dict[str, Any]:
    """The form of one load."""
    return {
        "loader": clean(load.loader),
        "run": clean(load.run),
        "state": clean(load.state),
        "started": clean(load.started) or None,
        "seconds": load.seconds,
        "rows": load.rows,
        "refused": load.refused,
        "sources": [_source(*source) for source in load.sources],
        "quarantine": clean(load.quarantine) if load.quarantine else None,
        "reason": clean(load.reason) if load.reason else None,
    }


def _source(name: str, version: str, rows: int | None) -> dict[str, Any]:
    return {"source": clean(name), "version": clean(version), "rows": rows}


def load_rows(loads: Iterable[Load]) -> list[Sequence[object]]:
    """Rows of a table of loads."""
    return [_row(load) for load in loads]


def _row(load: Load) -> Sequence[object]:
    why = ". ".join(text for text in (load.reason, load.quarantine and f"Its rows: {load.quarantine}") if text)
    started = load.started[:19].replace("T", " ") + ("Z" if load.started else "")
    return (load.loader, load.state, started, load.seconds, load.rows, load.refused or None, _from(load), load.run, why)


def _from(load: Load) -> str:
    """The one source by its name, more by their number."""
    if len(load.sources) == 1:
        return load.sources[0][0]
    return f"{len(load.sources)} sources" if load.sources else ""
