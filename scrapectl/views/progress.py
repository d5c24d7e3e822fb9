"""Turns the engine's events into progress on standard error: a live picture on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.text import Text

from scrapectl.engine.plan import Event, Phase, Result
from scrapectl.views.console import console, print_lines
from scrapectl.views.plain import clean_line
from scrapectl.views.plan_text import STYLES, Line, outcome_line, verb

_SHOWN = 12  # changes on their way that the live picture names
_AGAIN = 60.0  # seconds after which an unchanged line is said again where there is no live picture


class Progress:
    """A listener of an apply; used as a context, so that the terminal is left as it was."""

    def __init__(self, *, no_color: bool) -> None:
        self._console = console(sys.stderr, no_color=no_color)
        self._going: dict[str, tuple[Event, float]] = {}  # address → its last event, when it began
        self._told: dict[str, tuple[str, float]] = {}  # address → the line that was printed last, and when
        self._live = Live(console=self._console, get_renderable=self._picture, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        address = event.change.address
        if event.phase is Phase.ENDED:
            self._going.pop(address, None)
            if event.outcome and event.outcome.result is not Result.SKIPPED:  # those are told in the end
                print_lines(self._console, [outcome_line(event.outcome)])
            return
        going = self._going.get(address)
        if going and event.phase is Phase.STARTED:  # the other half of a replacement
            in_place = event.change.old_key == event.change.key
            event = replace(event, text="the new one comes" if in_place else "the old one goes")
        self._going[address] = (event, going[1] if going else time.monotonic())
        if self._console.is_terminal:
            self._live.start()
        else:
            self._tell(address, _said(event))

    def _tell(self, address: str, said: str) -> None:
        """Print a line once, and again each minute that it stays true."""
        line, at = self._told.get(address, ("", 0.0))
        now = time.monotonic()
        if said != line or now - at >= _AGAIN:
            self._told[address] = said, now
            print_lines(self._console, [Line(said)])

    def _picture(self) -> Text:
        """What is on its way now, the longest first."""
        going = sorted(self._going.values(), key=lambda entry: entry[1])
        now, picture = time.monotonic(), Text()
        for event, since in going[:_SHOWN]:
            picture.append(f"{_said(event)} ({now - since:.0f}s)\n", style=STYLES[event.change.action])
        if len(going) > _SHOWN:
            picture.append(f"    and {len(going) - _SHOWN} more\n")
        return picture


def _said(event: Event) -> str:
    text = f": {clean_line(event.text)}" if event.text else ""
    return f"{event.phase.value:>8} {verb(event.change)} {clean_line(event.change.address)}{text}"
