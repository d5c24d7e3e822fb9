"""Turns styled lines and tables into terminal output: colour only on a terminal that may have it, no markup read."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from scrapectl.views.plain import clean_line

if TYPE_CHECKING:
    from scrapectl.views.plan_text import Line

_WIDE = 10_000  # of a stream that is no terminal: nothing is folded or cut


class _Console(Console):
    """A console that leaves a broken pipe to the command line."""

    def on_broken_pipe(self) -> None:
        """Raise it again: rich would end the program with code 1."""
        raise  # noqa: PLE0704 - rich calls this while it handles the BrokenPipeError


def console(stream: TextIO | None = None, *, no_color: bool) -> Console:
    """A console over a stream (standard output), which neither guesses at markup nor at emoji nor at colours."""
    out = stream or sys.stdout
    terminal = out.isatty()
    return _Console(
        file=out,
        force_terminal=terminal and not no_color,
        color_system="auto" if terminal and not no_color else None,
        no_color=no_color,
        width=None if terminal else _WIDE,
        markup=False,
        emoji=False,
        highlight=False,
    )


def print_lines(out: Console, lines: Iterable[Line]) -> None:
    """Print lines as they are; a terminal folds them, we do not."""
    for line in lines:
        out.print(Text(line.text, style=line.style), soft_wrap=True)


def print_table(out: Console, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table without lines, of outside text made safe; a narrow terminal folds lines, and no cell is cut."""
    cells = [[clean_line("" if cell is None else cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    for number, row in enumerate(cells):
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        out.print(Text("  ".join(padded).rstrip(), style="" if number else "bold"), soft_wrap=True)
