"""Jobs that run, without a process, until they are told to end: for tests of what waits for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from scrapectl.local.cloud import Cloud
from scrapectl.local.jobs.attempt import runner_of
from scrapectl.local.jobs.board import Board
from scrapectl.local.jobs.job import Attempt, Job
from scrapectl.local.jobs.process import Ended


@dataclass
class Held:
    """What stands where a job's process would."""

    board: Board
    job: Job
    attempt: Attempt

    def terminate(self) -> None:
        """Take the signal, and end."""
        self.end(143)

    def end(self, exit_code: int) -> None:
        """End of itself."""
        self.board.finished(self.job, self.attempt, Ended(exit_code))

    def kill(self) -> None:
        """The cloud closes."""


def hold_jobs(cloud: Cloud) -> list[Held]:
    """From now on jobs that start are held; they stand in the list that is returned."""
    board, held = runner_of(cloud).board, []

    def start(job: Job, attempt: Attempt) -> None:
        held.append(Held(board, job, attempt))
        job.process = cast("Any", held[-1])
        board.running(job, attempt)

    board._start = start
    return held
