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
from scrapectl.operate.follow import Follower
from scrapectl.operate.jobs import StandingJob, find_jobs
from scrapectl.operate.logs import Line, read_lines, streams_of
from scrapectl.operate.runs import Run, children, describe_runs, last_runs
from scrapectl.units import parse_duration
from scrapectl.views.output import tell


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
    """Print the lines of a run, of a job's last runs, or of the pipeline's."""
    jobs = find_jobs(reached.aws, reached.owner)
    runs = last_runs(reached.aws, reached.owner, name, jobs, wanted.last)
    if not runs:
        tell(f"{name or reached.owner} has not run in the last seven days.")
        return
    show = show_line(settings, several=len(runs) > 1)

    shown = False

    def matching(line: Line) -> None:
        nonlocal shown
        if wanted.text in line.text:
            shown = True
            show(line)

    if follow:
        follower = Follower(reached.aws, reached.owner, jobs, matching, since=wanted.since, clock=Clock(sleep=sleep))
        follower.follow([run.id for run in runs])
        return
    streams = streams_of(_with_children(reached, runs, jobs), wanted.since, every_attempt=wanted.everything)
    for line in read_lines(reached.aws, streams):
        matching(line)
    if not shown:
        tell(f"{', '.join(run.id for run in runs)} has no such line." if wanted.narrow else "There is no line yet.")


def _with_children(reached: Reached, runs: list[Run], jobs: dict[str, StandingJob]) -> list[Run]:
    """The runs with their log streams, arrays with their children's."""
    described = describe_runs(reached.aws, reached.owner, [run.id for run in runs], jobs)
    kids = [kid for run in described for kid in children(reached.aws, reached.owner, run, jobs)]
    return [*described, *kids]
