"""Runs → ended: what waits is cancelled, what runs is terminated."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scrapectl.operate.runs import WAITING, Run

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws


def stop_runs(aws: Aws, runs: Sequence[Run], reason: str) -> list[tuple[Run, str]]:
    """End runs; each comes back with what was done, "cancel" or "terminate".

    TerminateJob does both: it cancels what has not started, so that a run that starts meanwhile is ended all the same
    (CancelJob would let it run).
    """
    aws.gather([functools.partial(aws.call, "batch", "terminate_job", jobId=run.id, reason=reason) for run in runs])
    return [(run, "cancel" if run.state in WAITING and run.size is None else "terminate") for run in runs]
