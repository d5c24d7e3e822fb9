"""One line of a run, from state to state: a generator that yields what it waits for, resumed when that has come.

Steps are short and hold the cloud's lock; what takes time is done by a worker between two of them, without it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.workflows.failure import RUNTIME, StateFailure, Timeout
from scrapectl.local.workflows.history import MOST_EVENTS

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.workflows.execution import Execution


NEVER = float("inf")


@dataclass(frozen=True)
class Until:
    """Wait for a time, in seconds since 1970."""

    at: float


@dataclass(frozen=True)
class Work:
    """Wait for a call, done without the lock; its result, or the `StateFailure` that it raises, comes back.

    Attributes:
        deadline: When to stop waiting, with a `Timeout`; what the call does goes on.
        undo: Takes a result that came too late, to end what was begun.
    """

    call: Callable[[], Any]
    deadline: float
    undo: Callable[[Any], None] = lambda _result: None


@dataclass(frozen=True)
class Watch:
    """Wait until `look` returns something else than None; it is asked whenever time has passed, under the lock."""

    look: Callable[[], Any]
    deadline: float


@dataclass(frozen=True)
class Join:
    """Wait for branches, so many at once; their results in order, or the first failure, which ends the others."""

    branches: list[Branch]
    at_once: int


Wait = Until | Work | Watch | Join
Steps = Generator[Wait, Any, Any]


@dataclass
class Watches:
    """What is watched for in a cloud: the branch, which of its waits, and how to look."""

    waiting: list[tuple[Branch, int, Callable[[], Any]]] = field(default_factory=list)


def watch(cloud: Cloud) -> None:
    """Look at everything that is watched for; a worker of the cloud."""
    kept = cloud.store(Watches, "global")
    with cloud.lock:
        kept.waiting = [entry for entry in kept.waiting if entry[0].waits(entry[1])]
        for branch, turn, look in list(kept.waiting):
            try:
                found = look()
            except Exception as error:  # noqa: BLE001 - one that cannot be looked at must not keep the others
                branch.resume(turn, cloud.clock.now(), failure=_broken(error))
            else:
                if found is not None:
                    branch.resume(turn, cloud.clock.now(), found)


class Branch:
    """A branch of a run.

    Args:
        run: Whose it is.
        make: Makes its generator.
        parent: The branch that waits for it; None for the run's own.
        previous: Id of the event that led to it.

    Attributes:
        at: Its time: on a virtual clock when what it waited for was due, however far the clock went on at once.
        state: The type of the state it is in; "" between states.
        iteration: The name of the map and the number of the item that it is for.
        context: What it adds to the context object (a map's item).
    """

    def __init__(
        self, run: Execution, make: Callable[[Branch], Steps], parent: Branch | None = None, previous: int = 0
    ) -> None:
        self.run = run
        self.at: float = parent.at if parent else run.started_at
        self.previous = previous
        self.state = ""
        self.iteration: dict[str, Any] | None = None
        self.variables: dict[str, Any] = dict(parent.variables) if parent else {}
        self.context: dict[str, Any] = dict(parent.context) if parent else {}
        self.children: list[Branch] = []
        self.on_end: Callable[[Any, StateFailure | None], None] = lambda _result, _failure: None
        self._steps = make(self)
        self._turn = 0
        self._over = False

    def begin(self) -> None:
        """Take the first step, in a worker."""
        self.later(self.at, lambda turn: self.resume(turn, self.at))

    def waits(self, turn: int) -> bool:
        """Whether it still waits as it did in a turn."""
        return not self._over and self._turn == turn

    def note(self, kind: str, details: dict[str, Any] | None = None) -> int:
        """Add an event to the history.

        Raises:
            StateFailure: The history is full, which ends the run.
        """
        if self.run.history.full:
            text = f"The execution reached the maximum number of history events ({MOST_EVENTS})."
            raise StateFailure(RUNTIME, text)
        self.previous = self.run.tell(self.at, kind, self.previous, details)
        return self.previous

    def resume(self, turn: int, at: float, value: Any = None, failure: StateFailure | None = None) -> bool:
        """Go on with what was waited for; False, and nothing else, when it no longer waits for that."""
        with self.run.cloud.lock:
            if not self.waits(turn):
                return False
            self._turn += 1
            self.at = max(self.at, self._now_or(at))
            try:
                wait = self._steps.throw(failure) if failure else self._steps.send(value)
            except StopIteration as stop:
                self._end(stop.value, None)
            except StateFailure as failed:
                self._end(None, failed)
            except Exception as error:  # noqa: BLE001 - a run must end, whatever is wrong here
                traceback.print_exc()
                self._end(None, _broken(error))
            else:
                self._wait(wait)
            return True

    def abort(self, *, told: bool) -> None:
        """End it where it is, and what it started; `told` in the history, as when another branch failed."""
        if self._over:
            return
        self._over = True
        for child in self.children:
            child.abort(told=told)
        if told and self.state:
            self.run.tell(self.at, f"{self.state}StateAborted", self.previous, None)
        if told and self.iteration is not None:
            self.run.tell(self.at, "MapIterationAborted", self.previous, self.iteration)
        self._steps.close()

    def _end(self, result: Any, failure: StateFailure | None) -> None:
        self._over = True
        self.on_end(result, failure)

    def _wait(self, wait: Wait) -> None:
        turn = self._turn
        if isinstance(wait, Until):
            now = self.run.cloud.clock.now()
            sooner = now + (wait.at - now) / self.run.cloud.hurry
            self.later(sooner, lambda turn: self.resume(turn, wait.at))
        elif isinstance(wait, Join):
            _Joined(self, turn, wait).begin()
        else:
            if wait.deadline < NEVER:
                end = wait.deadline
                self.later(end, lambda turn: self.resume(turn, end, failure=Timeout()))
            if isinstance(wait, Work):
                self.later(self.at, lambda turn: self._work(turn, wait))
            else:
                self.run.cloud.store(Watches, "global").waiting.append((self, turn, wait.look))

    def _work(self, turn: int, work: Work) -> None:
        if not self.waits(turn):
            return
        try:
            result = work.call()
        except StateFailure as failure:
            self.resume(turn, self.at, failure=failure)
        except Exception as error:  # noqa: BLE001 - as above
            traceback.print_exc()
            self.resume(turn, self.at, failure=_broken(error))
        else:
            if not self.resume(turn, self.at, result):
                work.undo(result)

    def later(self, at: float, act: Callable[[int], Any]) -> None:
        """Have something done at a time, for the wait that begins now."""
        turn = self._turn
        outbox_of(self.run.cloud).add(lambda: act(turn), at - self.run.cloud.clock.now())

    def _now_or(self, due: float) -> float:
        """The time: on a virtual clock the one that was due, so that what follows is in order however far it leapt."""
        clock = self.run.cloud.clock
        return clock.now() if clock.jumps else due


def _broken(error: Exception) -> StateFailure:
    return StateFailure(RUNTIME, f"The embedded cloud cannot go on: {error}")


class _Joined:
    """Branches that run side by side, and the one that waits for all of them."""

    def __init__(self, waiting: Branch, turn: int, join: Join) -> None:
        self._waiting, self._turn, self._join = waiting, turn, join
        self._results: dict[int, Any] = {}
        self._left = list(enumerate(join.branches))

    def begin(self) -> None:
        """Start as many as may run at once."""
        self._waiting.children = self._join.branches
        if not self._left:
            at = self._waiting.at
            self._waiting.later(at, lambda turn: self._waiting.resume(turn, at, []))
        for _ in range(min(self._join.at_once or len(self._left), len(self._left))):
            self._start_next()

    def _start_next(self) -> None:
        number, branch = self._left.pop(0)
        branch.at = max(branch.at, self._waiting.at)
        branch.on_end = lambda result, failure: self._ended(number, branch, result, failure)
        branch.begin()

    def _ended(self, number: int, branch: Branch, result: Any, failure: StateFailure | None) -> None:
        self._waiting.at = max(self._waiting.at, branch.at)
        if failure is not None:
            for other in self._join.branches:
                other.abort(told=True)
            self._waiting.previous = branch.previous
            self._waiting.resume(self._turn, branch.at, failure=failure)
            return
        self._results[number] = result
        if self._left:
            self._start_next()
        elif len(self._results) == len(self._join.branches):
            self._waiting.previous = branch.previous
            results = [self._results[at] for at in range(len(self._results))]
            self._waiting.resume(self._turn, branch.at, results)
