"""The log lines that were asked for → printed, of runs that have ended or as they come."""

from __future__ import annotations

import time
from dataclasses import dataclass

from scrapectl.cli.interrupts import sleep
from scrapectl.cli.launch import show_line
from scrapectl.cli.options import Settings
from scrapectl.cli.reach import Reached
from scrapectl.errors import UsageError
from scrapectl.operate.clock import Clock
from scrapectl.operate.follow import Follower, interval
from scrapectl.operate.logs import Line, read_lines
from scrapectl.operate.run import Run, is_made_by_aws
from scrapectl.operate.runnables import Runnables, find_runnables
from scrapectl.units import parse_duration
from scrapectl.views.output import tell

_LOG_SHOWS = 30.0  # seconds that CloudWatch may take to show a function's first line


@dataclass(frozen=True)
class Lines:
    """Which lines are wanted; `since` in seconds since 1970."""

    since: float = 0.0
    text: str = ""
    last: int = 1
    everything: bool = False

    @property
    def narrow(self) -> bool:
        """Whether some lines are not wanted."""
        return bool(self.since or self.text)

    @classmethod
    def of(cls, since: str | None, text: str | None, last: int, *, everything: bool) -> Lines:
        """Read the words of the command line."""
        try:
            start = time.time() - parse_duration(since) if since else 0.0
        except ValueError as error:
            raise UsageError(f"--since: {error}.") from None
        return cls(start, text or "", last, everything)


def print_logs(settings: Settings, reached: Reached, name: str | None, wanted: Lines, *, follow: bool) -> None:
    """Print the lines of a run, of a thing's last runs, or of the pipeline's."""
    runnables = find_runnables(reached.aws, reached.owner)
    runs = _meant(runnables, name, wanted.last, patient=follow)
    if not runs:
        tell(f"{name or reached.owner} has not run {_since_when(runnables, name)}.")
        return
    show = show_line(settings, several=len(runs) > 1)

    shown = False

    def matching(line: Line) -> None:
        nonlocal shown
        if wanted.text in line.text:
            shown = True
            show(line)

    if follow:
        Follower(runnables, matching, since=wanted.since, clock=Clock(sleep=sleep)).follow(runs)
        return
    feeds = [
        feed
        for run in runnables.with_parts(runs)
        for feed in runnables.kinds[run.kind].feeds(run, wanted.since, every_attempt=wanted.everything)
    ]
    for line in read_lines(reached.aws, feeds):
        matching(line)
    if not shown:
        tell(f"{', '.join(run.id for run in runs)} has no such line." if wanted.narrow else "There is no line yet.")


def _meant(runnables: Runnables, name: str | None, count: int, *, patient: bool) -> list[Run]:
    """The runs; who follows a function's call waits until its log shows, for nothing else tells of it."""
    may_come = patient and name is not None and is_made_by_aws(name) and runnables.kinds["function"].things
    end = time.monotonic() + (_LOG_SHOWS if may_come else 0.0)
    while True:
        try:
            return runnables.last(name, count)
        except UsageError:
            if time.monotonic() >= end:
                raise
        time.sleep(interval(runnables.aws))


def _since_when(runnables: Runnables, name: str | None) -> str:
    """How far back AWS remembers."""
    kinds = {thing.kind for key, thing in runnables.things.items() if name in {None, key}}
    return "in the last 24 hours" if kinds == {"function"} else "in the last seven days"
