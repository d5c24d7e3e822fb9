"""A plan → what an apply of it would send, without sending it: what AWS would come to is imagined, time jumps."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scrapectl.engine.apply import Apply, Means
from scrapectl.engine.ownership import tag_difference, wanted_tags
from scrapectl.engine.plan import Outcome, Plan, StepId
from scrapectl.engine.resource import Desired, Key, Live, Resource
from scrapectl.engine.step import EndStep, PutStep, Step
from scrapectl.engine.values import refs
from scrapectl.engine.world import Thing

Written = Sequence[str]
"""The operations that one step of a resource has sent, in order."""
Imagined = Callable[[Resource, Live | None, Written], Live | None]
"""(what is wanted or ends, what stood before the step, what it sent) → what stands once AWS has settled."""
Imagine = Callable[[str, str], str]
"""(kind, output) → a text in place of an output that AWS chooses."""


class OneByOne:
    """Workers that do each task when its result is asked for, and a clock that jumps to when it is waited for."""

    def __init__(self) -> None:
        self._tasks: deque[tuple[Any, Callable[[], Any]]] = deque()
        self._now = 0.0

    @property
    def busy(self) -> int:
        """How many tasks wait to be done."""
        return len(self._tasks)

    def now(self) -> float:
        """The imagined seconds."""
        return self._now

    def submit(self, token: Any, task: Callable[[], Any]) -> None:
        """Put a task behind the others."""
        self._tasks.append((token, task))

    def next(self, timeout: float | None) -> tuple[Any, Any, BaseException | None] | None:
        """Do the first one; without any, let the time pass."""
        if not self._tasks:
            self._now += timeout or 0.0
            return None
        token, task = self._tasks.popleft()
        try:
            return token, task(), None
        except Exception as error:  # noqa: BLE001 - handed to whoever asks for the result
            return token, None, error

    def close(self) -> None:
        """Nothing runs."""


class Rehearsal(Apply):
    """An apply whose looks are answered by what would stand.

    Args:
        plan: What would be carried out.
        means: With an AWS that only writes down, and `OneByOne` as clock and workers.
        sent: Tells the operations that were written down so far.
        imagined: Tells what stands after a step.
        imagine: Makes up outputs that AWS chooses.
    """

    def __init__(
        self, plan: Plan, means: Means, sent: Callable[[], Written], imagined: Imagined, imagine: Imagine
    ) -> None:
        super().__init__(plan, means)
        self._sent, self._imagined = sent, imagined
        self._known = _outputs(plan, imagine)
        self._after: dict[Thing, Live | None] = {}
        self.addresses: list[str] = []  # of each request, in order
        self.wanted: dict[str, Resource] = {}  # address → with what its references came to
        self.notes: list[str] = []

    def rehearse(self) -> tuple[Outcome, ...]:
        """Go through the whole plan; what cannot be imagined is noted."""
        outcomes = self.run()
        failed = [outcome for outcome in outcomes if outcome.error]
        self.notes.extend(f"{outcome.change.address}: what follows is not known: {outcome.error}" for outcome in failed)
        return outcomes

    def _write(self, step_id: StepId, slot: Any) -> None:
        self.means.workers.submit(("write", (step_id,)), lambda: self._rehearsed(step_id, slot.step))

    def _read(self, kind: str, keys: list[Key]) -> Mapping[Key, Live]:
        found = {key: self._after[kind, key] for key in keys}
        return {key: live for key, live in found.items() if live is not None}

    def _rehearsed(self, step_id: StepId, step: Step) -> Live | None:
        """Let a step write down what it would send, and imagine what stands then."""
        before = len(self._sent())
        try:
            answer = step.write(self.means.aws)
        finally:  # what was written down before a failure is told, too
            written = self._sent()[before:]
            self.addresses.extend([step.change.address] * len(written))
        thing = step_id[1], step.key
        if isinstance(step, EndStep):
            if isinstance(answer, str):
                self.notes.append(f"{step.change.address}: {answer}; then it is deleted.")
                answer = None
            self._after[thing] = None if not written else self._imagined(step.live.resource, step.live, written)
        elif isinstance(step, PutStep):
            after = self._put(step, written)
            answer = answer and self._named(step, answer)
            self._after[thing] = answer or after
        return answer if isinstance(answer, Live) else None

    def _put(self, step: PutStep, written: Written) -> Live | None:
        want, before = step.wanted(), step.live
        self.wanted[step.change.address] = want.resource
        after = self._imagined(want.resource, before, written)
        if after is None:
            return None
        tagged = before is None or want.resource.tags_in_update
        return self._named(step, dataclasses.replace(after, tags=self._tags(want, after) if tagged else after.tags))

    def _tags(self, want: Desired, live: Live) -> dict[str, str]:
        wanted = wanted_tags(want, self.means.owner)
        dropped = tag_difference(wanted, live.tags).drop
        return {key: value for key, value in live.tags.items() if key not in dropped} | wanted

    def _named(self, step: PutStep, live: Live) -> Live:
        """Give it the outputs that others ask for: what names determine; else what stood, else made up."""
        known, stood = self._known.get(step.change.address, {}), step.live.outputs if step.live else {}
        return dataclasses.replace(live, outputs={**live.outputs, **known, **stood})


def _outputs(plan: Plan, imagine: Imagine) -> dict[str, dict[str, str]]:
    """Every output that something in the plan asks for."""
    found: dict[str, dict[str, str]] = {}
    for change in plan.changes:
        for ref in refs(change.desired.resource) if change.desired else ():
            value = ref.value if ref.value is not None else imagine(ref.address.partition(".")[0], ref.output)
            found.setdefault(ref.address, {})[ref.output] = value
    return found
