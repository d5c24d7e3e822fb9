"""A run → its log lines as they come and, in the end, how it ended: the log is read on until it has been quiet."""

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
    """Follows runs to their end; `on_line` is told every line, `on_state` every new state of a run itself."""

    aws: Aws
    owner: str
    on_line: Callable[[Line], None]
    on_state: Callable[[Run], None] = lambda _: None
    jobs: Mapping[str, StandingJob] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    since: float = 0.0

    def follow(self, ids: Sequence[str]) -> list[Run]:
        """Read until every run has ended and its log has been quiet for `QUIET` seconds; the runs as they ended."""
        runs: dict[str, Run] = {}
        kids: dict[str, Run] = {}
        streams: dict[tuple[str, str], Stream] = {}
        quiet_since = self.clock.now()
        while True:
            self._look(ids, runs, kids)
            self._open(streams, [*runs.values(), *kids.values()])
            lines = self._read(streams)
            for line in lines:
                self.on_line(line)
            now = self.clock.now()
            going = len(runs) < len(ids) or any(not run.ended for run in runs.values())
            if lines or going:
                quiet_since = now
            elif now - quiet_since >= QUIET:
                return list(runs.values())
            self.clock.sleep(INTERVAL)

    def _look(self, ids: Sequence[str], runs: dict[str, Run], kids: dict[str, Run]) -> None:
        """Read anew what had not ended; of arrays their children, too."""
        going = [run_id for run_id in ids if run_id not in runs or not runs[run_id].ended]
        arrays = [runs[run_id] for run_id in going if run_id in runs and runs[run_id].size]
        for run in describe_runs(self.aws, self.owner, going, self.jobs):
            if run.id not in runs or runs[run.id].state != run.state:
                self.on_state(run)
            if run.size and run.id not in runs:
                arrays.append(run)
            runs[run.id] = run
        for array in arrays:
            known = [kids.get(f"{array.id}:{index}") for index in range(array.size or 0)]
            if any(kid is None for kid in known):
                found = children(self.aws, self.owner, array, self.jobs)
            else:
                pending = [kid.id for kid in known if kid is not None and not kid.ended]
                found = describe_runs(self.aws, self.owner, pending, self.jobs) if pending else []
            kids.update((kid.id, kid) for kid in found)

    def _open(self, streams: dict[tuple[str, str], Stream], runs: Sequence[Run]) -> None:
        for run in runs:
            for name in run.streams:
                key = (run.log_group, name)
                streams.setdefault(key, Stream(run.id, run.log_group, name, self.since, index=run.index))

    def _read(self, streams: Mapping[tuple[str, str], Stream]) -> list[Line]:
        tasks = [functools.partial(read_on, self.aws, stream) for stream in streams.values()]
        lines = [line for found in self.aws.gather(tasks) for line in found]
        return sorted(lines, key=lambda line: line.at)
