"""Turns reads that several parts of one plan ask for into one call each: nothing is read twice without a write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from scrapectl.engine.resource import Aws

T = TypeVar("T")


class ReadOnce:
    """AWS for the making of one plan, which only reads; an answer is kept, and one on its way is waited for."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.account, self.region, self.partition = aws.account, aws.region, aws.partition
        self._lock = threading.Lock()
        self._answers: dict[str, Future[Any]] = {}

    @property
    def local(self) -> bool:
        """Whether the endpoint is the embedded cloud."""
        return self._aws.local

    def call(
        self, service: str, operation: str, /, *, absent: Sequence[str] = (), blind_retry: bool = True, **params: Any
    ) -> Any:
        """Send a read, or give the answer that it had."""
        read = ("call", service, operation, tuple(absent), sorted(params.items()))
        return self._once(
            repr(read),
            lambda: self._aws.call(service, operation, absent=absent, blind_retry=blind_retry, **params),
        )

    def pages(self, service: str, operation: str, items: str, /, *, absent: Sequence[str] = (), **params: Any) -> Any:
        """Read a listing, or give the one that was read."""
        read = ("pages", service, operation, items, tuple(absent), sorted(params.items()))
        return self._once(repr(read), lambda: self._aws.pages(service, operation, items, absent=absent, **params))

    def gather(self, tasks: Iterable[Callable[[], T]]) -> list[T]:
        """Run independent reads side by side."""
        return self._aws.gather(tasks)

    def tag(self, arn: str, put: Mapping[str, str], drop: Sequence[str]) -> None:
        """Pass it on: a plan never tags."""
        self._aws.tag(arn, put, drop)

    def _once(self, read: str, send: Callable[[], Any]) -> Any:
        with self._lock:
            answer = self._answers.get(read)
            mine = answer is None
            if answer is None:
                answer = self._answers[read] = Future()
        if mine:
            try:
                answer.set_result(send())
            except BaseException as error:  # noqa: BLE001 - whoever waits for the answer hears of it, this thread too
                answer.set_exception(error)
        return answer.result()
