"""Carries plans out on the cloud's own virtual clock: whoever waits makes its time pass, so no test waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

from scrapectl.local.clock import VirtualClock
from scrapectl.pipeline import Applied, Planned, applying
from tests.account import Account


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
