"""(AWS, owner) → everything that can be run there, and what is done with it by a name or by a run's id."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.errors import UsageError
from scrapectl.operate.clock import Clock
from scrapectl.operate.functions import standing_functions
from scrapectl.operate.hosts import find_hosts
from scrapectl.operate.jobs import find_jobs
from scrapectl.operate.run import Run, is_run_id
from scrapectl.operate.runnable import Runnable, RunsOf
from scrapectl.operate.running_functions import Functions
from scrapectl.operate.running_hosts import Hosts
from scrapectl.operate.running_jobs import Jobs
from scrapectl.operate.running_workflows import Workflows
from scrapectl.operate.tagged import find_tagged
from scrapectl.operate.workflows import standing_workflows

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

_DEEPEST = 3  # a workflow's array has children; nothing goes further


@dataclass(frozen=True)
class Runnables:
    """What of an instance can be run, by kind: "job", "workflow", "function", "host"."""

    aws: Aws
    owner: str
    kinds: Mapping[str, RunsOf]
    _names: dict[str, str] = field(default_factory=dict)  # name → kind

    def __post_init__(self) -> None:
        """Note the kind of each name: jobs, functions, workflows and hosts share one set of them."""
        self._names.update((name, kind) for kind, of in self.kinds.items() for name in of.things)

    @property
    def things(self) -> dict[str, Runnable]:
        """Everything by its name."""
        return {name: self.kinds[kind].things[name] for name, kind in sorted(self._names.items())}

    def of(self, name: str) -> RunsOf:
        """The kind that a name is of.

        Raises:
            UsageError: There is nothing of this name; close names are told.
        """
        if name not in self._names:
            raise self._unknown(name)
        return self.kinds[self._names[name]]

    def last(self, name: str | None, count: int) -> list[Run]:
        """The run of an id, or the last `count` runs of a name or (None) of everything, newest first.

        Raises:
            UsageError: There is no such name or run.
        """
        if name is not None and name not in self._names:
            return [self.find(name)]
        return self.recent(name, count)[:count]

    def recent(self, name: str | None, most: int) -> list[Run]:
        """What goes on, and at least the newest `most` where there are so many; newest first."""
        meant = self._names if name is None else {name: self._names[name]}
        asks = [
            functools.partial(of.recent, [each for each, its in meant.items() if its == kind], most)
            for kind, of in self.kinds.items()
            if kind in meant.values()
        ]
        found = [run for runs in self.aws.gather(asks) for run in runs]
        return sorted(found, key=lambda run: (-run.created, run.id))

    def find(self, run_id: str) -> Run:
        """The run of an id; another instance's is not shown and not stopped.

        Raises:
            UsageError: There is no such run here.
        """
        for of in self.kinds.values():
            found = of.find(run_id)
            if found is not None:
                return found
        if not is_run_id(run_id):
            raise self._unknown(run_id)
        raise UsageError(f"{self.owner} has no run {run_id}.", _FORGOTTEN)

    def refresh(self, runs: Iterable[Run]) -> list[Run]:
        """The same runs as they are now; those that AWS does not know are left out."""
        return self._each_kind(runs, lambda of, its: of.refresh(its))

    def explain(self, runs: Iterable[Run]) -> list[Run]:
        """The same runs, those that failed with all that AWS says of why."""
        return self._each_kind(runs, lambda of, its: of.explain(its))

    def with_parts(self, runs: Sequence[Run]) -> list[Run]:
        """The runs as they are now, with all that they have begun: children of arrays, jobs of workflows."""
        known = {run.id: run for run in self.refresh(runs)}
        newest = list(known.values())
        for _ in range(_DEEPEST):
            begun = [part for run in newest for part in self.kinds[run.kind].parts(run, known)]
            newest = self.refresh(begun)
            known.update((part.id, part) for part in newest)
        return list(known.values())

    def stop(self, runs: Iterable[Run], reason: str) -> list[tuple[Run, str]]:
        """End runs; each comes back with what was done."""
        return self._each_kind(runs, lambda of, its: of.stop(its, reason))

    def _each_kind(self, runs: Iterable[Run], ask: Callable[[RunsOf, Sequence[Run]], list[Any]]) -> list[Any]:
        """Ask each kind of its runs, side by side; answers in the order of the runs."""
        order = list(runs)
        by_kind: dict[str, list[Run]] = {}
        for run in order:
            by_kind.setdefault(run.kind, []).append(run)
        asks = [functools.partial(ask, self.kinds[kind], its) for kind, its in by_kind.items()]
        found = [each for answers in self.aws.gather(asks) for each in answers]
        places = {run.id: place for place, run in enumerate(order)}
        return sorted(found, key=lambda each: places[(each[0] if isinstance(each, tuple) else each).id])

    def _unknown(self, name: str) -> UsageError:
        if not self._names:
            return UsageError(f"Nothing of {self.owner} stands here that runs.", _APPLY)
        close = difflib.get_close_matches(name, self._names, 1)
        hint = f'Did you mean "{close[0]}"?' if close else f"It has: {', '.join(sorted(self._names))}."
        return UsageError(f'{self.owner} has no job, function, workflow, host or run "{name}".', hint)


def find_runnables(aws: Aws, owner: str, clock: Clock | None = None) -> Runnables:
    """Everything of an instance that can be run, found by its tags in one round of calls, without the spec."""
    asks: list[Callable[[], Any]] = [
        functools.partial(find_jobs, aws, owner),
        functools.partial(find_tagged, aws, owner),
        functools.partial(find_hosts, aws, owner),
    ]
    jobs, (functions, machines), hosts = aws.gather(asks)
    found = standing_functions(functions)
    kinds: dict[str, RunsOf] = {
        "job": Jobs(aws, owner, jobs),
        "workflow": Workflows(aws, standing_workflows(machines), found),
        "function": Functions(aws, found, clock or Clock()),
        "host": Hosts(aws, owner, hosts, clock or Clock()),
    }
    return Runnables(aws, owner, kinds)


_APPLY = "Apply it first, or see: scrapectl pipelines"
_FORGOTTEN = (
    "Batch forgets runs after seven days, Step Functions after ninety; a function's shows when its log does, seconds "
    "after its start. See: scrapectl status"
)
