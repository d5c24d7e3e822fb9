"""The runs that are meant → ended: what waits is cancelled, what runs is terminated."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scrapectl.errors import UsageError
from scrapectl.operate.jobs import find_jobs
from scrapectl.operate.runs import WAITING, Run, is_run_id, last_runs

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

_MOST = 100_000  # more runs than a week's listing holds


def active_runs(aws: Aws, owner: str, name: str | None, *, every: bool) -> list[Run]:
    """What `stop` means: the run of an id, a job's only active run, or with `every` all of them.

    Raises:
        UsageError: There is no such job or run, or it is not clear which run is meant.
    """
    if name is None and not every:
        raise UsageError("Name a job or a run.", "Or give --all for every active run of the pipeline.")
    found = [run for run in last_runs(aws, owner, name, find_jobs(aws, owner), _MOST) if not run.ended]
    if len(found) > 1 and not every:
        ids = ", ".join(run.id for run in found)
        raise UsageError(f"{name} has {len(found)} active runs: {ids}.", "Name one of them, or give --all.")
    if name is not None and is_run_id(name) and not found:
        raise UsageError(f"{name} has ended already.")
    return found


def stop_runs(aws: Aws, runs: Sequence[Run], reason: str) -> list[tuple[Run, str]]:
    """End runs; each comes back with what was done, "cancel" or "terminate".

    TerminateJob does both: it cancels what has not started, so that a run that starts meanwhile is ended all the same
    (CancelJob would let it run).
    """
    aws.gather([functools.partial(aws.call, "batch", "terminate_job", jobId=run.id, reason=reason) for run in runs])
    return [(run, "cancel" if run.state in WAITING and run.size is None else "terminate") for run in runs]
