"""Runs → their log lines as they come, and how they ended: the log is read on until it has been quiet."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrapectl.operate.clock import Clock
from scrapectl.operate.logs import Line, Stream, read_on
from scrapectl.operate.runs import Run, children, describe_runs

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws
    from scrapectl.operate.jobs import StandingJob

QUIET = 5.0  # seconds without a line after the end: CloudWatch shows the last lines late
INTERVAL = 1.0


@dataclass
class Follower:
    """Stays with runs to their end; `on_line` is told every line, `on_state` every new state of a run itself.

    Without `on_line` no log is read, and the end is the end of the runs.
    """

    aws: Aws
    owner: str
    jobs: Mapping[str, StandingJob]
    on_line: Callable[[Line], None] | None = None
    on_state: Callable[[Run], None] = lambda _: None
    clock: Clock = field(default_factory=Clock)
    since: float = 0.0
    _runs: dict[str, Run] = field(default_factory=dict)
    _children: dict[str, Run] = field(default_factory=dict)
    _streams: dict[tuple[str, str], Stream] = field(default_factory=dict)
    _heard: dict[tuple[str, str], float] = field(default_factory=dict)  # of ended runs: the last line, or the end

    def follow(self, ids: Sequence[str]) -> list[Run]:
        """Stay until every run has ended and no line came for `QUIET` seconds; the runs as they ended."""
        quiet_since = self.clock.now()
        while True:
            self._look(ids)
            lines = self._read()
            now = self.clock.now()
            if lines or not self._all_ended(ids):
                quiet_since = now
            elif self.on_line is None or now - quiet_since >= QUIET:
                return [self._runs[run_id] for run_id in ids]
            self.clock.sleep(INTERVAL)

    def _all_ended(self, ids: Sequence[str]) -> bool:
        return all(run_id in self._runs and self._runs[run_id].ended for run_id in ids)

    def _look(self, ids: Sequence[str]) -> None:
        """Read anew what had not ended; of arrays their children, too, when their logs are wanted."""
        going = [run_id for run_id in ids if run_id not in self._runs or not self._runs[run_id].ended]
        for run in describe_runs(self.aws, self.owner, going, self.jobs):
            if run.id not in self._runs or self._runs[run.id].state != run.state:
                self.on_state(run)
            self._runs[run.id] = run
        for run in self._runs.values() if self.on_line else ():
            self._children.update((child.id, child) for child in self._moving_children(run))

    def _moving_children(self, run: Run) -> list[Run]:
        known = [self._children.get(f"{run.id}:{index}") for index in range(run.size or 0)]
        if None in known:
            return children(self.aws, self.owner, run, self.jobs)
        moving = [child.id for child in known if child and not child.ended]
        return describe_runs(self.aws, self.owner, moving, self.jobs)

    def _read(self) -> list[Line]:
        """Tell what has come to the streams since the last look, in order of time."""
        if self.on_line is None:
            return []
        for run in (*self._runs.values(), *self._children.values()):
            for name in run.streams:
                found = Stream(run.id, run.log_group, name, self.since, index=run.index)
                self._streams.setdefault((run.log_group, name), found)
        open_ones = [key for key, stream in self._streams.items() if not self._is_over(key, stream)]
        tasks = [functools.partial(read_on, self.aws, self._streams[key]) for key in open_ones]
        read = self.aws.gather(tasks)
        self._heard.update((key, self.clock.now()) for key, found in zip(open_ones, read, strict=True) if found)
        lines = sorted((line for found in read for line in found), key=lambda line: line.at)
        for line in lines:
            self.on_line(line)
        return lines

    def _is_over(self, key: tuple[str, str], stream: Stream) -> bool:
        """Whether nothing more comes: its run has ended, and it has been quiet since."""
        run = self._children.get(stream.run) or self._runs[stream.run]
        if not run.ended:
            self._heard.pop(key, None)
            return False
        return self.clock.now() - self._heard.setdefault(key, self.clock.now()) > QUIET
