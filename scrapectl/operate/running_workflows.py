"""Workflows behind the verbs that everything shares which can be run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scrapectl.operate.functions import StandingFunction
from scrapectl.operate.history import History
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.run import Run
from scrapectl.operate.workflows import (
    StandingWorkflow,
    describe_executions,
    execution_of,
    execution_request,
    find_execution,
    list_executions,
    start_execution,
    stop_executions,
)

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws


@dataclass(frozen=True)
class Workflows:
    """The workflows of an instance; implements `RunsOf`.

    `machines` are all of its state machines, those too that triggers have around a job or a function: their runs are
    found by their ids, which messages of failures name, and are not listed, for what they start is.
    """

    aws: Aws
    machines: Sequence[StandingWorkflow]
    functions: Mapping[str, StandingFunction]
    histories: dict[str, History] = field(default_factory=dict)

    @property
    def things(self) -> Mapping[str, StandingWorkflow]:
        """The workflows of the spec, by their names."""
        return {each.name: each for each in self.machines if not each.around}

    def request(self, name: str, overrides: Overrides) -> dict[str, Any]:
        """A StartExecution request."""
        return execution_request(self.things[name], overrides)

    def start(self, name: str, request: Mapping[str, Any], *, stay: bool) -> Run:
        """Start it; who waits looks again."""
        del stay
        return start_execution(self.aws, self.things[name], request)

    def recent(self, names: Collection[str], most: int) -> list[Run]:
        """All that go on, and the newest."""
        return list_executions(self.aws, [self.things[name] for name in names], most)

    def find(self, run_id: str) -> Run | None:
        """Ask every machine for it."""
        return find_execution(self.aws, self.machines, run_id)

    def refresh(self, runs: Sequence[Run]) -> list[Run]:
        """Describe them, side by side."""
        return describe_executions(self.aws, runs, self.machines)

    def explain(self, runs: Sequence[Run]) -> list[Run]:
        """Those that failed and do not say why are described."""
        silent = [run for run in runs if run.state == "FAILED"]
        told = {(run.of, run.id): run for run in self.refresh(silent)}
        return [told.get((run.of, run.id), run) for run in runs]

    def parts(self, run: Run, known: Collection[str]) -> list[Run]:
        """The jobs and the calls that its history names."""
        history = self._history(run)
        history.load(self.aws)
        return [self._of_function(part) for part in history.began if part.id not in known]

    def feeds(self, run: Run, since: float, *, every_attempt: bool) -> list[History]:
        """Its history."""
        del every_attempt
        history = self._history(run)
        history.since = since
        return [history]

    def stop(self, runs: Sequence[Run], reason: str) -> list[tuple[Run, str]]:
        """End them, with what they wait for."""
        stop_executions(self.aws, runs, reason)
        return [(run, "stop") for run in runs]

    def stoppable(self, name: str) -> None:
        """Step Functions ends any."""

    def _history(self, run: Run) -> History:
        return self.histories.setdefault(execution_of(run), History(run.id, execution_of(run)))

    def _of_function(self, part: Run) -> Run:
        """A call with the function it is of, which the history names by its ARN."""
        physical = part.of.rpartition(":function:")[2].partition(":")[0]
        found = next((each for each in self.functions.values() if each.physical == physical), None)
        return part if found is None else replace(part, of=found.physical, log_group=found.log_group)
