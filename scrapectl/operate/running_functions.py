"""Functions behind the verbs that everything shares which can be run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scrapectl.errors import UsageError
from scrapectl.operate.call_log import CallLog, Said
from scrapectl.operate.clock import Clock
from scrapectl.operate.functions import StandingFunction, call, invocation, send
from scrapectl.operate.invocations import find_call, recent_calls
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.run import Run, is_made_by_aws

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws


@dataclass(frozen=True)
class Functions:
    """The functions of an instance; implements `RunsOf`. Their runs are known by their logs alone."""

    aws: Aws
    things: Mapping[str, StandingFunction]
    clock: Clock

    def request(self, name: str, overrides: Overrides) -> dict[str, Any]:
        """An Invoke request."""
        return invocation(self.things[name], overrides)

    def start(self, name: str, request: Mapping[str, Any], *, stay: bool) -> Run:
        """Call it and wait for the answer, or hand the event over."""
        return (call if stay else send)(self.aws, self.things[name], request, self.clock)

    def recent(self, names: Collection[str], most: int) -> list[Run]:
        """Calls of the last 24 hours, as far as `most` asks."""
        functions = [self.things[name] for name in names]
        return recent_calls(self.aws, functions, most, self.clock.now()) if functions else []

    def find(self, run_id: str) -> Run | None:
        """Look for it in the logs."""
        if not is_made_by_aws(run_id):
            return None
        return find_call(self.aws, self.things.values(), run_id, self.clock.now())

    def refresh(self, runs: Sequence[Run]) -> list[Run]:
        """What has not ended is looked for anew; what no log shows yet stays as it is."""
        return [run if run.ended else self._looked_up(run) for run in runs]

    def _looked_up(self, run: Run) -> Run:
        found = self.find(run.id)
        return run if found is None else replace(found, created=run.created, part_of=run.part_of)

    def explain(self, runs: Sequence[Run]) -> list[Run]:
        """The log has told all."""
        return list(runs)

    def parts(self, run: Run, known: Collection[str]) -> list[Run]:
        """A call begins nothing that AWS knows of."""
        del run, known
        return []

    def feeds(self, run: Run, since: float, *, every_attempt: bool) -> list[Said] | list[CallLog]:
        """What its answer brought, else its part of its stream."""
        del every_attempt
        if run.said:
            return [Said(run.id, run.stopped or run.created, run.said)]
        function = next((each for each in self.things.values() if each.physical == run.of), None)
        if function is None:
            return []
        return [CallLog(run.id, function, run.created, since, run.name if run.part_of else "")]

    def stop(self, runs: Sequence[Run], reason: str) -> list[tuple[Run, str]]:
        """Lambda ends no call before its time."""
        del runs, reason
        return []

    def stoppable(self, name: str) -> None:
        """Say that Lambda has no way to."""
        timeout = self.things[name].timeout if name in self.things else 900
        raise UsageError(
            f"{name} is of a function: Lambda lets nobody end a call.", f"It ends by itself, after {timeout} s at most."
        )
