"""plan → outcomes: each step starts the moment what it needs is done; waiting holds no worker."""

from __future__ import annotations

import enum
import functools
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from scrapectl.engine.plan import Action, Change, Event, Listener, Outcome, Phase, Plan, Result, StepId, Verb
from scrapectl.engine.resource import Aws, Key, Live, Pace, Removal, Resource
from scrapectl.engine.step import EndStep, Failed, PutStep, Step, Verdict, Wait
from scrapectl.engine.values import Ref
from scrapectl.errors import ScrapectlError


class Clock(Protocol):
    """Seconds that only go forward."""

    def now(self) -> float:
        """Seconds since some moment."""


class Workers(Protocol):
    """Runs calls side by side and hands their results back one at a time."""

    def submit(self, token: Any, task: Callable[[], Any]) -> None:
        """Begin a task."""

    def next(self, timeout: float | None) -> tuple[Any, Any, BaseException | None] | None:
        """Wait for one to end: its token, result and error; None when `timeout` seconds passed first."""

    @property
    def busy(self) -> int:
        """How many tasks run."""

    def close(self) -> None:
        """No more tasks come."""


@dataclass(frozen=True)
class Means:
    """What an apply works with: AWS, the kinds, who owns, how to wait, and what may be lost."""

    aws: Aws
    kinds: Mapping[str, type[Resource]]
    owner: str
    clock: Clock
    workers: Workers
    retry_after: Callable[[ScrapectlError, int], float | None]  # (error, tries so far) → seconds, or None: give up
    removal: Removal = field(default_factory=Removal)
    pace: Callable[[Pace], Pace] = lambda pace: pace  # the embedded cloud is looked at sooner
    may_go_on: Callable[[], bool] = lambda: True  # the lease holds, and nobody pressed Ctrl-C
    listener: Listener = lambda _event: None


class _State(enum.Enum):
    BLOCKED = "blocked"
    RUNNING = "running"
    WAITING = "waiting"
    ENDED = "ended"


@dataclass
class _Slot:
    """One step on its way; `blocked_by` are the steps that must end first."""

    step: Step
    change: Change
    blocked_by: set[StepId]
    state: _State = _State.BLOCKED
    look: bool = False  # when its time comes: read it first (True), or do its next write (False)
    began: float | None = None
    ended: float = 0.0
    told: str = ""  # what it waits for, as it was told last
    failure: str = ""
    skipped: bool = False
    live: Live | None = None


class Apply:
    """One apply of one plan: steps that are free, steps that sleep until their time, steps that run."""

    def __init__(self, plan: Plan, means: Means) -> None:
        self.plan = plan
        self.means = means
        self.start = means.clock.now()
        self.outputs: dict[str, Mapping[str, str]] = dict(plan.outputs)
        self.slots: dict[StepId, _Slot] = {}
        self.free: deque[StepId] = deque()
        self.sleeping: list[tuple[float, int, StepId]] = []  # a heap: due, number, step
        self.left = 0
        self.parting = False  # told to stop: nothing more is written, and all was looked at once more
        self._number = itertools.count()
        for change in plan.changes:
            if change.live is not None and change.action is Action.UPDATE:
                self.outputs[change.address] = change.live.outputs
            for step_id in change.steps:
                self.slots[step_id] = _Slot(self._step(change, step_id), change, _after(change, step_id))
        self.blocks = self._who_waits()

    def run(self) -> tuple[Outcome, ...]:
        """Carry everything out; never raises for a step that fails, and starts nothing once it may not go on."""
        while self.left:
            self._start_free()
            stands_still = not self.means.workers.busy and not (self.sleeping and self.means.may_go_on())
            if stands_still and (self.parting or not self._look_once_more()):
                self._skip_rest("it was interrupted")
                break
            self._take(self.means.workers.next(self._timeout()))
        return tuple(self._outcome(change) for change in self.plan.changes)

    def _who_waits(self) -> dict[StepId, list[StepId]]:
        """For each step those that wait for it; steps that wait for none are free."""
        blocks: dict[StepId, list[StepId]] = {}
        for step_id, slot in self.slots.items():
            slot.blocked_by &= self.slots.keys()
            for before in slot.blocked_by:
                blocks.setdefault(before, []).append(step_id)
            if not slot.blocked_by:
                self.free.append(step_id)
        self.left = len(self.slots)
        return blocks

    def _step(self, change: Change, step_id: StepId) -> Step:
        kind = self.means.kinds[change.kind]
        step: Step
        if step_id[0] is Verb.END:
            step = EndStep(kind, step_id[2], change, self.means.removal)
        else:
            step = PutStep(kind, step_id[2], change, self.means.owner, self._lookup)
        step.pace = self.means.pace(kind.pace)
        return step

    def _lookup(self, ref: Ref) -> str | None:
        return self.outputs.get(ref.address, {}).get(ref.output)

    def _timeout(self) -> float | None:
        if not self.sleeping or not self.means.may_go_on():
            return None
        return max(0.0, self.sleeping[0][0] - self.means.clock.now())

    def _start_free(self) -> None:
        """Begin what is free, and go on with what has slept long enough; reads of one kind go together."""
        if not self.means.may_go_on():
            return
        while self.free:
            slot = self.slots[self.free[0]]
            slot.state, slot.began = _State.RUNNING, self.means.clock.now()
            self._emit(Phase.STARTED, slot)
            self._write(self.free.popleft(), slot)
        looks: list[StepId] = []
        while self.sleeping and self.sleeping[0][0] <= self.means.clock.now():
            step_id = heapq.heappop(self.sleeping)[2]
            slot = self.slots[step_id]
            if slot.look:
                looks.append(step_id)
            else:
                slot.state = _State.RUNNING
                self._write(step_id, slot)
        self._look(looks)

    def _look_once_more(self) -> bool:
        """Before leaving, tell what is done from what AWS is still making; whether there is anything to look at."""
        looks = [step_id for _, _, step_id in self.sleeping if self.slots[step_id].look]
        self.sleeping, self.parting = [], True
        self._look(looks)
        return bool(looks)

    def _write(self, step_id: StepId, slot: _Slot) -> None:
        aws = self.means.aws
        self.means.workers.submit(("write", (step_id,)), lambda: slot.step.write(aws))

    def _look(self, step_ids: Iterable[StepId]) -> None:
        """Read things that wait: those of one kind in one bulk read."""
        by_kind: dict[str, list[StepId]] = {}
        for step_id in step_ids:
            self.slots[step_id].state = _State.RUNNING
            by_kind.setdefault(step_id[1], []).append(step_id)
        for kind, looks in by_kind.items():
            keys = [self.slots[step_id].step.key for step_id in looks]
            self.means.workers.submit(("look", tuple(looks)), functools.partial(self._read, kind, keys))

    def _read(self, kind: str, keys: list[Key]) -> Mapping[Key, Live]:
        return self.means.kinds[kind].read_many(self.means.aws, keys)

    def _take(self, ended: tuple[Any, Any, BaseException | None] | None) -> None:
        if ended is None:
            return
        (what, step_ids), result, error = ended
        for step_id in step_ids:
            self._settle(step_id, self._verdict(step_id, what, result, error))

    def _verdict(self, step_id: StepId, what: str, result: Any, error: BaseException | None) -> Verdict:
        step, now = self.slots[step_id].step, self.means.clock.now()
        try:
            if error is not None:
                return step.failed(error, now, self.means.retry_after)
            return step.wrote(result, now) if what == "write" else step.saw(result.get(step.key), now)
        except ScrapectlError as late:  # a comparison may have to ask AWS (a secret's value)
            return step.failed(late, now, self.means.retry_after)

    def _settle(self, step_id: StepId, verdict: Verdict) -> None:
        slot, now = self.slots[step_id], self.means.clock.now()
        if isinstance(verdict, Wait):
            slot.state, slot.look = _State.WAITING, verdict.look
            heapq.heappush(self.sleeping, (now + verdict.seconds, next(self._number), step_id))
            if verdict.text and (verdict.retry or verdict.text != slot.told):  # the same wait is told once
                self._emit(Phase.RETRYING if verdict.retry else Phase.WAITING, slot, verdict.text)
            slot.told = verdict.text
            return
        if isinstance(verdict, Failed):
            slot.failure = verdict.why
        else:
            slot.live = verdict.live
            if slot.live is not None:
                self.outputs[slot.change.address] = slot.live.outputs
        self._end(step_id, now)

    def _end(self, step_id: StepId, now: float) -> None:
        """A step is over: those that waited for it alone are free, or skipped with it when it failed."""
        slot = self.slots[step_id]
        slot.state, slot.ended = _State.ENDED, now
        self.left -= 1
        self._emit(Phase.ENDED, slot)
        for waiting in self.blocks.get(step_id, ()):
            other = self.slots[waiting]
            if other.state is not _State.BLOCKED:
                continue
            other.blocked_by.discard(step_id)
            if slot.failure:
                other.skipped, other.failure = True, f"skipped, for {slot.change.address} failed"
                self._end(waiting, now)
            elif not other.blocked_by:
                self.free.append(waiting)

    def _skip_rest(self, why: str) -> None:
        for slot in self.slots.values():
            if slot.state is _State.BLOCKED:
                slot.state, slot.skipped, slot.failure = _State.ENDED, True, f"skipped, for {why}"
            elif slot.state is _State.WAITING:
                slot.state, slot.failure = _State.ENDED, f"{why}; {slot.step.unfinished}"

    def _emit(self, phase: Phase, slot: _Slot, text: str = "") -> None:
        at = self.means.clock.now() - self.start
        ended = phase is Phase.ENDED and all(self.slots[s].state is _State.ENDED for s in slot.change.steps)
        outcome = self._outcome(slot.change) if ended else None
        if phase is not Phase.ENDED or ended:
            self.means.listener(Event(phase, slot.change, at, text, outcome))

    def _outcome(self, change: Change) -> Outcome:
        slots = [self.slots[step_id] for step_id in change.steps]
        begins = [slot.began for slot in slots if slot.began is not None]
        seconds = max((slot.ended for slot in slots), default=0.0) - min(begins) if begins else 0.0
        bad = next((slot for slot in slots if slot.failure), None)
        live = next((slot.live for slot in slots if slot.live is not None), None)
        if bad is None:
            return Outcome(change, Result.DONE, max(seconds, 0.0), "", live)
        result = Result.SKIPPED if bad.skipped and not begins else Result.FAILED
        return Outcome(change, result, max(seconds, 0.0), bad.failure, live)


def _after(change: Change, step_id: StepId) -> set[StepId]:
    """The steps that come before one: those of the plan, and the first of a replacement before its second."""
    after = set(change.put_after if step_id[0] is Verb.PUT else change.end_after)
    return after | ({change.steps[0]} - {step_id})
