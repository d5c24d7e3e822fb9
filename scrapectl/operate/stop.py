"""The runs that are meant → ended: what waits is cancelled, what runs is terminated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.errors import UsageError
from scrapectl.operate.run import Run

if TYPE_CHECKING:
    from scrapectl.operate.runnables import Runnables

_SOME = 1  # of what has ended; all that goes on is told in any case


def active_runs(runnables: Runnables, name: str | None, *, every: bool) -> list[Run]:
    """What `stop` means: the run of an id, the only active run of a name, or with `every` all of them.

    Raises:
        UsageError: There is no such name or run, it is not clear which run is meant, or it is one that AWS lets
            nobody end.
    """
    if name is None and not every:
        raise UsageError("Name a job, a workflow or a run.", "Or give --all for every active run of the pipeline.")
    if name is not None and name not in runnables.things:
        return _the_run(runnables, name)
    if name is not None:
        runnables.of(name).stoppable(name)
    found = [run for run in runnables.recent(name, _SOME) if not run.ended and run.kind != "function"]
    if not every:  # beside one that was told to end already the other is meant
        found = [run for run in found if not run.ending] or found
    if len(found) > 1 and not every:
        ids = ", ".join(run.id for run in found)
        raise UsageError(f"{name} has {len(found)} active runs: {ids}.", "Name one of them, or give --all.")
    return found


def _the_run(runnables: Runnables, run_id: str) -> list[Run]:
    run = runnables.find(run_id)
    if run.ended:
        raise UsageError(f"{run_id} has ended already.")
    runnables.kinds[run.kind].stoppable(run_id)
    return [run]
