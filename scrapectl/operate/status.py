"""(AWS, owner) → the whole status of an instance: resources, runs and schedules, read side by side."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.aws.inventory import owned_keys
from scrapectl.engine.ownership import ADDRESS, owner_of
from scrapectl.engine.resource import Key, Status
from scrapectl.kinds import KINDS
from scrapectl.operate.jobs import StandingJob, find_jobs, pick_job
from scrapectl.operate.runs import Run, list_runs, with_failed
from scrapectl.operate.schedules import Timing, standing_timings

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

SHOWN = 10  # ended runs that a status tells, besides all that go on


@dataclass(frozen=True)
class ResourceState:
    """A resource: READY, BUSY or BROKEN, and AWS's own reason when it is not READY."""

    address: str
    status: Status
    reason: str = ""


@dataclass(frozen=True)
class Standing:
    """What `status` tells of an instance, or of one of its jobs."""

    resources: Sequence[ResourceState]
    runs: Sequence[Run]
    timings: Sequence[Timing]

    @property
    def empty(self) -> bool:
        """Whether nothing of this owner stands."""
        return not (self.resources or self.runs or self.timings)


def read_status(aws: Aws, owner: str, name: str | None) -> Standing:
    """Read an instance's status; with a name that of one job alone.

    Raises:
        UsageError: There is no such job.
    """
    jobs = find_jobs(aws, owner)
    meant = jobs if name is None else {name: pick_job(jobs, name, owner)}
    tasks: list[Any] = [
        functools.partial(_resources, aws, owner, meant, every=name is None),
        functools.partial(_runs, aws, meant),
        functools.partial(standing_timings, aws, owner, jobs),
    ]
    resources, runs, timings = aws.gather(tasks)
    return Standing(resources, runs, [timing for timing in timings if timing.job in meant or name is None])


def _runs(aws: Aws, jobs: Mapping[str, StandingJob]) -> list[Run]:
    """What goes on, and the newest of what has ended."""
    found = list_runs(aws, jobs)
    ended = [run for run in found if run.ended][:SHOWN]
    return [run for run in found if not run.ended] + with_failed(aws, ended)


def _resources(aws: Aws, owner: str, jobs: Mapping[str, StandingJob], *, every: bool) -> list[ResourceState]:
    """Every owned resource as a read of its kind shows it; else only the definitions of these jobs.

    Definitions and queues are read by name: the sweep by tags is late to know what was just made.
    """
    keys: dict[str, list[Key]] = {"batch_job_definition": [(job.definition,) for job in jobs.values()]}
    if every:
        keys["batch_job_queue"] = [(job.queue,) for job in jobs.values() if job.queue]
        for kind, found in owned_keys(aws, KINDS, owner).items():
            keys.setdefault(kind, []).extend(found)
    unique = [(KINDS[kind], list(dict.fromkeys(found))) for kind, found in keys.items() if found]
    read = aws.gather([functools.partial(kind.read_many, aws, found) for kind, found in unique])
    lives = [live for found in read for live in found.values() if owner_of(live) == owner]
    states = [ResourceState(live.tags.get(ADDRESS, ""), live.status, live.reason) for live in lives]
    return sorted((state for state in states if state.status is not Status.RECOVERABLE), key=lambda s: s.address)
