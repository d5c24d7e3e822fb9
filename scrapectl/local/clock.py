"""The cloud's time: the machine's own, or a virtual one that only moves when told to."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock(Protocol):
    """Seconds since 1970 in UTC, and a way to let time pass.

    Attributes:
        jumps: Whether time may pass without anyone at work, as when the machine slept: what was due then is too late.
    """

    jumps: bool

    def now(self) -> float:
        """Return seconds since 1970."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class RealClock:
    """The machine's clock."""

    jumps = True

    def now(self) -> float:
        """Return the machine's time in seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`."""
        time.sleep(seconds)


class VirtualClock:
    """A clock for tests: it stands still until advanced, and tells its listeners what passes.

    Args:
        start: Seconds since 1970; by default 2026-03-02T09:00:00Z, a Monday without daylight-saving change.
    """

    jumps = False

    def __init__(self, start: float = 1_772_442_000.0) -> None:
        self._now = start
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> float:
        """Return the virtual time in seconds since 1970."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Advance by `seconds` at once, so that code that waits needs no real time."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`, then tell every listener once."""
        with self._lock:
            self._now += max(seconds, 0.0)
        for listener in list(self._listeners):
            listener()

    def on_advance(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every advance; the cloud fires its schedules from it."""
        self._listeners.append(listener)
