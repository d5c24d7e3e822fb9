"""Jobs behind the verbs that everything shares which can be run."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scrapectl.operate.jobs import StandingJob
from scrapectl.operate.logs import Stream, streams_of
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.run import WAITING, Run, is_made_by_aws
from scrapectl.operate.runs import children, describe_runs, find_run, list_runs, with_failed
from scrapectl.operate.submit import submission, submit, terminate

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws


@dataclass(frozen=True)
class Jobs:
    """The jobs of an instance; implements `RunsOf`."""

    aws: Aws
    owner: str
    things: Mapping[str, StandingJob]

    def request(self, name: str, overrides: Overrides) -> dict[str, Any]:
        """A SubmitJob request."""
        return submission(self.things[name], overrides)

    def start(self, name: str, request: Mapping[str, Any], *, stay: bool) -> Run:
        """Submit it; who waits looks again."""
        del stay
        return Run(submit(self.aws, request), name, "SUBMITTED", time.time())

    def recent(self, names: Collection[str], most: int) -> list[Run]:
        """Every run that Batch remembers: one listing for each queue, however many runs."""
        del most
        return list_runs(self.aws, {name: self.things[name] for name in names})

    def find(self, run_id: str) -> Run | None:
        """Ask Batch for it; who has no jobs may not even be allowed to."""
        asks = bool(self.things) and is_made_by_aws(run_id)
        return find_run(self.aws, self.owner, run_id, self.things) if asks else None

    def refresh(self, runs: Sequence[Run]) -> list[Run]:
        """Describe them, a hundred at a time."""
        parts = {run.id: run.part_of for run in runs}
        found = describe_runs(self.aws, self.owner, list(parts), self.things)
        return [replace(run, part_of=parts[run.id]) for run in found]

    def explain(self, runs: Sequence[Run]) -> list[Run]:
        """Arrays that failed get their failed children."""
        return with_failed(self.aws, runs)

    def parts(self, run: Run, known: Collection[str]) -> list[Run]:
        """The children of an array, all at once."""
        if not run.size or all(f"{run.id}:{index}" in known for index in range(run.size)):
            return []
        return [replace(kid, part_of=run.part_of) for kid in children(self.aws, self.owner, run, self.things)]

    def feeds(self, run: Run, since: float, *, every_attempt: bool) -> list[Stream]:
        """The log streams of its attempts."""
        return streams_of([run], since, every_attempt=every_attempt)

    def stop(self, runs: Sequence[Run], reason: str) -> list[tuple[Run, str]]:
        """Cancel what waits, terminate what runs."""
        terminate(self.aws, [run.id for run in runs], reason)
        return [(run, "cancel" if run.state in WAITING and run.size is None else "terminate") for run in runs]

    def stoppable(self, name: str) -> None:
        """Batch ends any."""
