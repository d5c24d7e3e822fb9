"""Makes one chosen changing call of an account go wrong, in each way that a call can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scrapectl.errors import ScrapectlError
from scrapectl.local.inprocess import Sent
from scrapectl.local.registry import Call, LostAnswer, Refusal
from tests.account import Account, is_read

WAYS = ("refused", "lost before", "lost after", "signed out")


@dataclass
class Fault:
    """The changing call at `place` (counted from 0) goes wrong.

    Attributes:
        way: "refused" by AWS once; its answer "lost before" or "lost after" it was carried out; or "signed out":
            it and every later call is refused, so that nothing more can be done, as after a kill.
    """

    place: int
    way: str
    writes: int = 0

    def __call__(self, call: Call) -> None:
        """Let the call go wrong when it is the one."""
        changes = not is_read(Sent(call.service, call.operation, call.params, call.region))
        self.writes += changes
        if self.way == "signed out" and self.writes > self.place:
            raise Refusal("ExpiredTokenException", "The security token included in the request is expired", 403)
        if not changes or self.writes != self.place + 1:
            return
        if self.way == "refused":
            raise Refusal("ValidationException", "not now", 400)
        if self.way == "lost before":
            raise LostAnswer
        call.lose_answer = self.way == "lost after"

    @contextmanager
    def in_(self, account: Account) -> Iterator[None]:
        """Put the fault into an account, and take it out again."""
        account.cloud.hooks.append(self)
        try:
            yield
        finally:
            account.cloud.hooks.remove(self)
        assert self.writes > self.place, "the fault never struck"

    def outlive(self, task: Callable[[], Any]) -> None:
        """Run what may fail; a failure must be one of ours."""
        try:
            task()
        except ScrapectlError:
            assert self.way in {"signed out", "refused"}
