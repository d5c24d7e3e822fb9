"""plan → outcomes: each step starts the moment what it needs is done; waiting holds no worker."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from scrapectl.engine.plan import Action, Change, Event, Listener, Outcome, Phase, Plan, Result, StepId, Verb
from scrapectl.engine.resource import Aws, Key, Live, Pace, Removal, Resource
from scrapectl.engine.step import Done, EndStep, Failed, PutStep, Step, Wait
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
    """One step on its way."""

    step: Step
    change: Change
    after: set[StepId]
    state: _State = _State.BLOCKED
    due: float = 0.0
    look: bool = False  # at `due`: read it first (True), or do its next write (False)
    began: float | None = None
    ended: float = 0.0
    failure: str = ""
    skipped: bool = False
    live: Live | None = None


class Apply:
    """One apply of one plan."""

    def __init__(self, plan: Plan, means: Means) -> None:
        self.plan = plan
        self.means = means
        self.start = means.clock.now()
        self.outputs: dict[str, Mapping[str, str]] = dict(plan.outputs)
        self.slots: dict[StepId, _Slot] = {}
        for change in plan.changes:
            if change.live is not None and change.action is Action.UPDATE:
                self.outputs[change.address] = change.live.outputs
            for step_id in change.steps:
                self.slots[step_id] = _Slot(self._step(change, step_id), change, self._after(change, step_id))

    def run(self) -> tuple[Outcome, ...]:
        """Carry everything out; never raises for a step that fails, and starts nothing once it may not go on."""
        while self._unfinished():
            self._start_ready()
            if not self.means.workers.busy and not self._sleeping():
                self._skip_rest("it was interrupted")
                break
            self._take(self.means.workers.next(self._timeout()))
        return tuple(self._outcome(change) for change in self.plan.changes)

    def _step(self, change: Change, step_id: StepId) -> Step:
        kind = self.means.kinds[change.kind]
        step: Step
        if step_id[0] is Verb.END:
            step = EndStep(kind, step_id[2], change, self.means.removal)
        else:
            step = PutStep(kind, step_id[2], change, self.means.owner, self._lookup)
        step.pace = self.means.pace(kind.pace)
        return step

    def _after(self, change: Change, step_id: StepId) -> set[StepId]:
        after = set(change.put_after if step_id[0] is Verb.PUT else change.end_after)
        steps = change.steps
        if step_id != steps[0]:
            after.add(steps[0])
        return after

    def _lookup(self, ref: Ref) -> str | None:
        return self.outputs.get(ref.address, {}).get(ref.output)

    def _unfinished(self) -> bool:
        return any(slot.state is not _State.ENDED for slot in self.slots.values())

    def _sleeping(self) -> bool:
        return self.means.may_go_on() and any(slot.state is _State.WAITING for slot in self.slots.values())

    def _timeout(self) -> float | None:
        dues = [slot.due for slot in self.slots.values() if slot.state is _State.WAITING]
        if not dues:
            return None
        return max(0.0, min(dues) - self.means.clock.now())

    def _start_ready(self) -> None:
        if not self.means.may_go_on():
            return
        now = self.means.clock.now()
        looks: dict[str, list[StepId]] = {}
        for step_id, slot in self.slots.items():
            if slot.state is _State.BLOCKED:
                self._start_if_free(step_id, slot)
            elif slot.state is _State.WAITING and slot.due <= now:
                slot.state = _State.RUNNING
                if slot.look:
                    looks.setdefault(step_id[1], []).append(step_id)
                else:
                    self._write(step_id, slot)
        for kind, step_ids in looks.items():
            self._look(kind, step_ids)

    def _start_if_free(self, step_id: StepId, slot: _Slot) -> None:
        before = [self.slots[step] for step in slot.after if step in self.slots]
        failed = next((b for b in before if b.state is _State.ENDED and (b.failure or b.skipped)), None)
        if failed is not None:
            slot.state, slot.skipped = _State.ENDED, True
            slot.failure = f"skipped, for {failed.change.address} failed"
            self._emit(Phase.ENDED, slot)
        elif all(b.state is _State.ENDED for b in before):
            slot.state, slot.began = _State.RUNNING, self.means.clock.now()
            self._emit(Phase.STARTED, slot)
            self._write(step_id, slot)

    def _write(self, step_id: StepId, slot: _Slot) -> None:
        aws = self.means.aws
        self.means.workers.submit(("write", (step_id,)), lambda: slot.step.write(aws))

    def _look(self, kind: str, step_ids: list[StepId]) -> None:
        """One bulk read for all waiting things of a kind."""
        keys: list[Key] = [step[2] for step in step_ids]
        aws = self.means.aws
        self.means.workers.submit(("look", tuple(step_ids)), lambda: self.means.kinds[kind].read_many(aws, keys))

    def _take(self, ended: tuple[Any, Any, BaseException | None] | None) -> None:
        if ended is None:
            return
        (what, step_ids), result, error = ended
        for step_id in step_ids:
            slot = self.slots[step_id]
            now = self.means.clock.now()
            if error is not None:
                self._settle(slot, slot.step.failed(error, now, self.means.retry_after))
            elif what == "write":
                self._settle(slot, slot.step.wrote(result, now))
            else:
                self._settle(slot, slot.step.saw(result.get(step_id[2]), now))

    def _settle(self, slot: _Slot, verdict: Done | Wait | Failed) -> None:
        now = self.means.clock.now()
        if isinstance(verdict, Wait):
            slot.state, slot.due, slot.look = _State.WAITING, now + verdict.seconds, verdict.look
            if verdict.text:
                self._emit(Phase.RETRYING if verdict.retry else Phase.WAITING, slot, verdict.text)
            return
        slot.state, slot.ended = _State.ENDED, now
        if isinstance(verdict, Failed):
            slot.failure = verdict.why
        else:
            slot.live = verdict.live
            if slot.live is not None:
                self.outputs[slot.change.address] = slot.live.outputs
        self._emit(Phase.ENDED, slot)

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
