"""A function's call → the lines of its log: those that its answer brought, or its part of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapectl.operate.functions import StandingFunction
from scrapectl.operate.invocations import LONGEST, find_line, mark_of
from scrapectl.operate.logs import Line, Stream

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

_SLACK = 60  # seconds that clocks may be apart


@dataclass
class CallLog:
    """The lines of one call: a part of a stream, which is looked for until it shows; implements `Feed`."""

    run: str
    function: StandingFunction
    created: float = 0.0
    since: float = 0.0
    of: str = ""
    stream: Stream | None = None
    within: bool = False
    over: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """The call's id."""
        return (self.run,)

    def next(self, aws: Aws) -> list[Line] | None:
        """The next lines between the call's first and last."""
        if self.over or not (self.stream or self._find(aws)):
            return None
        page = self.stream.next(aws) if self.stream else None
        return None if page is None else [line for line in page if self._mine(line) and line.at >= self.since]

    def _find(self, aws: Aws) -> bool:
        event = find_line(aws, self.function, self.run, self.created - LONGEST - _SLACK)
        if event is None:
            return False
        name, at = event["logStreamName"], event["timestamp"] / 1000
        self.stream = Stream(self.run, self.function.log_group, name, at, of=self.of)
        return True

    def _mine(self, line: Line) -> bool:
        mark = mark_of(line.text)
        if mark and mark[0] == "START":
            self.within = mark[1] == self.run
        mine = self.within
        if mark == ("REPORT", self.run):
            self.within, self.over = False, True
        return mine


@dataclass
class Said:
    """The lines that came with a function's answer, all at once; implements `Feed`."""

    run: str
    at: float
    texts: Sequence[str]
    told: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """The call's id."""
        return (self.run,)

    def next(self, aws: Aws) -> list[Line] | None:
        """All lines, and then none."""
        del aws
        if self.told:
            return None
        self.told = True
        return [Line(self.run, self.at, text) for text in self.texts]
