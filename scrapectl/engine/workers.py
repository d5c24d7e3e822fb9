"""Threads that run calls side by side, and the clock of this machine: what runs a plan outside of tests."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Any


class MonotonicClock:
    """This machine's seconds, for waiting only: leases go by AWS's time."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()


class Threads:
    """Up to `parallel` tasks at once; results come back through one queue.

    The threads are daemons, which those of `concurrent.futures` are not: whoever leaves at once is not kept by a call
    that has no answer yet.
    """

    def __init__(self, parallel: int) -> None:
        self._parallel = parallel
        self._threads = 0
        self._tasks: queue.SimpleQueue[tuple[Any, Callable[[], Any]] | None] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[tuple[Any, Any, BaseException | None]] = queue.SimpleQueue()
        self.busy = 0

    def submit(self, token: Any, task: Callable[[], Any]) -> None:
        """Begin a task as soon as a thread is free."""
        self.busy += 1
        self._tasks.put((token, task))
        if self._threads < min(self._parallel, self.busy):
            self._threads += 1
            threading.Thread(target=self._work, name=f"worker-{self._threads}", daemon=True).start()

    def next(self, timeout: float | None) -> tuple[Any, Any, BaseException | None] | None:
        """Wait for one to end; None when `timeout` seconds passed first.

        It wakes a few times a second, so that Ctrl-C is seen while every call is slow.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = 0.2 if end is None else min(0.2, max(0.0, end - time.monotonic()))
            try:
                ended = self._ended.get(timeout=left) if left else self._ended.get_nowait()
            except queue.Empty:
                if end is not None and time.monotonic() >= end:
                    return None
                if end is None and not self.busy:
                    return None
                continue
            self.busy -= 1
            return ended

    def close(self) -> None:
        """Let the threads end; what has not begun is dropped."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._tasks.get_nowait()
        for _ in range(self._threads):
            self._tasks.put(None)

    def _work(self) -> None:
        while (given := self._tasks.get()) is not None:
            token, task = given
            try:
                self._ended.put((token, task(), None))
            except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the result
                self._ended.put((token, None, error))
