"""Carries plans out on the cloud's own virtual clock: whoever waits makes its time pass, so no test waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

from scrapectl import pipeline
from scrapectl.aws.session import Session
from scrapectl.engine.plan import Phase
from scrapectl.local.clock import VirtualClock
from scrapectl.pipeline import Applied, Instance, Options, Planned, applying
from scrapectl.spec.model import Spec
from tests.account import Account, assert_empty, done, shown


class OnTheCloudsClock:
    """Runs tasks one after the other; waiting moves the cloud's clock."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.tasks: list[tuple[Any, Callable[[], Any]]] = []

    @property
    def busy(self) -> int:
        return len(self.tasks)

    def submit(self, token: Any, task: Callable[[], Any]) -> None:
        self.tasks.append((token, task))

    def next(self, timeout: float | None) -> tuple[Any, Any, BaseException | None] | None:
        if not self.tasks:
            self.clock.advance(timeout or 0.01)
            return None
        token, task = self.tasks.pop(0)
        try:
            return token, task(), None
        except Exception as error:  # noqa: BLE001 - handed on, as Threads does
            return token, None, error

    def close(self) -> None:
        assert not self.tasks


FRESH = ("assume", "access test", "managed-rule")
"""What AWS says while it does not know a role, or what it may do, everywhere: nothing else may come too early."""


class SlowAccount(Account):
    """An account of a cloud that takes its time as AWS does, at AWS's pace: not at that of the embedded cloud."""

    def __init__(self, **cloud: Any) -> None:
        self.clock = VirtualClock()
        super().__init__(clock=self.clock, **{"delays": True, **cloud})

    def carry_out(self, planned: Planned, *given: Any, **options: Any) -> Applied:
        """Carry a plan out, keeping its events."""
        on_its_clock = {"timing": lambda _parallel: (self.clock, OnTheCloudsClock(self.clock))}
        with mock.patch.object(applying, "_quick", lambda pace: pace):
            return super().carry_out(planned, *given, **on_its_clock, **options)

    def changed(self, spec: Spec) -> list[str]:
        """Apply a spec in one pass, after which a plan is empty; what the first plan showed."""
        planned = self.plan(spec)
        self._in_one_pass(planned, self.aws_of(spec))
        assert_empty(self.plan(spec))
        return shown(planned.plan)

    def end(self, owner: str = "shop") -> None:
        """Destroy what stands, without its spec."""
        aws = self.session()
        self._in_one_pass(pipeline.plan_destroy(Instance(owner), aws, Options(), self.told.append), aws)

    def _in_one_pass(self, planned: Planned, aws: Session) -> None:
        assert planned.plan.refusals == ()
        done(self.carry_out(planned, aws))
        retried = [event.text for event in self.events if event.phase is Phase.RETRYING]
        assert [text for text in retried if not any(word in text for word in FRESH)] == [], "AWS refused it"

    @property
    def waited(self) -> list[str]:
        """What was waited for: its address, and why."""
        return [f"{event.change.address}: {event.text}" for event in self.events if event.phase is Phase.WAITING]
