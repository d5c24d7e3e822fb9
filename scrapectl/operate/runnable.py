"""What of an instance can be run: jobs, functions and workflows, each kind behind the same verbs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from scrapectl.operate.logs import Feed
    from scrapectl.operate.overrides import Overrides
    from scrapectl.operate.run import Run


class Runnable(Protocol):
    """One thing that can be run, as AWS has it: `name` is its name in the spec, `physical` AWS's."""

    @property
    def kind(self) -> str:
        """Either "job", "function", "workflow" or "host"."""

    @property
    def name(self) -> str:
        """Its name in the spec."""

    @property
    def physical(self) -> str:
        """What AWS calls it."""


class RunsOf(Protocol):
    """Everything of one kind that an instance has, and what is done with its runs."""

    @property
    def things(self) -> Mapping[str, Runnable]:
        """What can be run by its name."""

    def request(self, name: str, overrides: Overrides) -> dict[str, Any]:
        """The request that begins a run, as AWS takes it.

        Raises:
            UsageError: An override that this kind cannot take, or that AWS would refuse.
        """

    def start(self, name: str, request: Mapping[str, Any], *, stay: bool) -> Run:
        """Begin a run; with `stay` somebody waits for its end, and it may come back ended."""

    def recent(self, names: Collection[str], most: int) -> list[Run]:
        """All runs of these names that go on, and at least the newest `most` of any state, as far as AWS can tell."""

    def find(self, run_id: str) -> Run | None:
        """The run of an id, when it is one of this instance's and of this kind."""

    def refresh(self, runs: Sequence[Run]) -> list[Run]:
        """The same runs as they are now, in that order; those that AWS does not know are left out."""

    def explain(self, runs: Sequence[Run]) -> list[Run]:
        """The same runs, those that failed with all that AWS says of why."""

    def parts(self, run: Run, known: Collection[str]) -> list[Run]:
        """What a run has begun and is not yet `known` by its id: an array's children, a workflow's jobs."""

    def feeds(self, run: Run, since: float, *, every_attempt: bool) -> Sequence[Feed]:
        """Where the lines of a run's log come from."""

    def stop(self, runs: Sequence[Run], reason: str) -> list[tuple[Run, str]]:
        """End runs; each comes back with what was done: "cancel", "terminate" or "stop"."""

    def stoppable(self, name: str) -> None:
        """Nothing, where runs of this kind can be ended.

        Raises:
            UsageError: AWS lets nobody end them.
        """
