"""Everything that is on its way in a cloud: acts that are due at a time, carried out by workers and in no request."""

from __future__ import annotations

import contextlib
import heapq
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

AT_ONCE = 32
"""Acts that run side by side; most of them wait for a function."""


class Outbox:
    """Acts by the time they are due. On a virtual clock they run one after the other when it is advanced.

    Args:
        cloud: Whose clock counts, and which has `deliver_due` called as it passes.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self._workers = ThreadPoolExecutor(AT_ONCE, "flow") if cloud.clock.jumps else None
        cloud.on_close(self.close)

    def add(self, act: Callable[[], None], after: float = 0.0) -> None:
        """Have `act` carried out in `after` seconds, without the cloud's lock; at once by a worker, on a real clock."""
        if after <= 0 and self._workers is not None:
            with contextlib.suppress(RuntimeError):  # it is closed: what waits is dropped
                self._workers.submit(_carry_out, act)
            return
        with self._lock:
            self._number += 1
            heapq.heappush(self._waiting, (self._cloud.clock.now() + after, self._number, act))

    def deliver_due(self) -> None:
        """Carry out what is due, and what comes of it at once, in order."""
        while act := self._next_due():
            if self._workers is None:
                _carry_out(act)
            else:
                self._workers.submit(_carry_out, act)

    def close(self) -> None:
        """Drop what waits; what runs is ended by who runs it."""
        with self._lock:
            self._waiting.clear()
        if self._workers is not None:
            self._workers.shutdown(wait=False, cancel_futures=True)

    def _next_due(self) -> Callable[[], None] | None:
        with self._lock:
            if self._waiting and self._waiting[0][0] <= self._cloud.clock.now():
                return heapq.heappop(self._waiting)[2]
        return None


def _carry_out(act: Callable[[], None]) -> None:
    try:
        act()
    except Exception:  # noqa: BLE001 - one that fails must not keep the others
        traceback.print_exc()


class _Kept:
    outbox: Outbox | None = None


def outbox_of(cloud: Cloud) -> Outbox:
    """Return the cloud's one outbox, made when first asked for."""
    with cloud.lock:
        kept = cloud.store(_Kept, "global")
        if kept.outbox is None:
            kept.outbox = Outbox(cloud)
        return kept.outbox
