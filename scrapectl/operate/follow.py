"""Runs → their log lines as they come, and how they ended: the log is read on until it has been quiet."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrapectl.operate.clock import Clock
from scrapectl.operate.logs import Feed, Line, read_on
from scrapectl.operate.run import Run

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws
    from scrapectl.operate.runnables import Runnables

QUIET = 5.0  # seconds without a line after the end: CloudWatch shows the last lines late
INTERVAL = 1.0
# The embedded cloud shows lines at once, and what it runs is of a moment.
LOCAL_QUIET = 0.5
LOCAL_INTERVAL = 0.2


def interval(aws: Aws) -> float:
    """Seconds between two looks at what runs."""
    return LOCAL_INTERVAL if aws.local else INTERVAL


@dataclass
class Follower:
    """Stays with runs to their end; `on_line` is told every line, `on_state` every new state of a run itself.

    Without `on_line` no log is read, and the end is the end of the runs.
    """

    runnables: Runnables
    on_line: Callable[[Line], None] | None = None
    on_state: Callable[[Run], None] = lambda _: None
    clock: Clock = field(default_factory=Clock)
    since: float = 0.0
    _runs: dict[str, Run] = field(default_factory=dict)
    _parts: dict[str, Run] = field(default_factory=dict)
    _feeds: dict[tuple[str, ...], Feed] = field(default_factory=dict)
    _heard: dict[tuple[str, ...], float] = field(default_factory=dict)  # of ended runs: the last line, or the end

    def follow(self, runs: Sequence[Run]) -> list[Run]:
        """Stay until every run has ended and no line came for some seconds; the runs as they ended."""
        quiet_since = self.clock.now()
        while True:
            self._look(runs)
            lines = self._read()
            now = self.clock.now()
            if lines or not self._all_ended(runs):
                quiet_since = now
            elif self._is_silent(now - quiet_since):
                return [self._runs[run.id] for run in runs]
            self.clock.sleep(interval(self.runnables.aws))

    def _all_ended(self, runs: Sequence[Run]) -> bool:
        return all(run.id in self._runs and self._runs[run.id].ended for run in runs)

    def _is_silent(self, seconds: float) -> bool:
        """Whether no line is to come: none is read, all came with the answers, or it has been quiet."""
        return self.on_line is None or seconds >= self._quiet or all(run.said for run in self._runs.values())

    @property
    def _quiet(self) -> float:
        """Seconds without a line after the end of a run that are the end of its log."""
        return LOCAL_QUIET if self.runnables.aws.local else QUIET

    def _look(self, runs: Sequence[Run]) -> None:
        """Read anew what had not ended; what it has begun, too, when the logs are wanted."""
        latest = [self._runs.get(run.id, run) for run in runs]
        for run in self.runnables.refresh([run for run in latest if run.id not in self._runs or not run.ended]):
            if run.id not in self._runs or self._runs[run.id].state != run.state:
                self.on_state(run)
            self._runs[run.id] = run
        if self.on_line is None:
            return
        moving = [part for part in self._parts.values() if not part.ended]
        self._parts.update((part.id, part) for part in self.runnables.refresh(moving))
        for run in (*self._runs.values(), *self._parts.values()):
            begun = self.runnables.kinds[run.kind].parts(run, self._parts)
            self._parts.update((part.id, part) for part in begun)
            told = self.runnables.refresh([part for part in begun if not part.log_group])  # of a history: its id alone
            self._parts.update((part.id, part) for part in told)

    def _read(self) -> list[Line]:
        """Tell what has come to the feeds since the last look, in order of time."""
        if self.on_line is None:
            return []
        for run in (*self._runs.values(), *self._parts.values()):
            for feed in self.runnables.kinds[run.kind].feeds(run, self.since, every_attempt=True):
                self._feeds.setdefault(feed.key, feed)
        open_ones = [key for key, feed in self._feeds.items() if not self._is_over(key, feed)]
        tasks = [functools.partial(read_on, self.runnables.aws, self._feeds[key]) for key in open_ones]
        read = self.runnables.aws.gather(tasks)
        self._heard.update((key, self.clock.now()) for key, found in zip(open_ones, read, strict=True) if found)
        lines = sorted((line for found in read for line in found), key=lambda line: line.at)
        for line in lines:
            self.on_line(line)
        return lines

    def _is_over(self, key: tuple[str, ...], feed: Feed) -> bool:
        """Whether nothing more comes: its run has ended, and it has been quiet since."""
        run = self._parts.get(feed.run) or self._runs[feed.run]
        if not run.ended:
            self._heard.pop(key, None)
            return False
        return self.clock.now() - self._heard.setdefault(key, self.clock.now()) > self._quiet
