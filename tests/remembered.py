"""Many plans of one account in which nothing is written between them: each read is sent once for all of them."""

from __future__ import annotations

from typing import Any

import pytest

from scrapectl.aws.session import Session
from scrapectl.pipeline import Planned
from scrapectl.spec.model import Spec
from tests.account import Account, done


class Remembered:
    """An account whose answers are kept until it is told that something was written.

    Attributes:
        account: What is asked.
        unkept: Operations whose calls are sent each time, as boto3 spells them.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.unkept: set[str] = set()
        self._answers: dict[str, Any] = {}

    def plan(self, spec: Spec) -> Planned:
        """Plan a spec from what is known already, and from what must still be asked."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Session, "call", self._call(Session.call))
            return self.account.plan(spec)

    def put(self, spec: Spec) -> None:
        """Carry out the plan of a spec, and know nothing of the account any more."""
        planned = self.plan(spec)
        self._answers.clear()
        done(self.account.carry_out(planned, self.account.aws_of(spec)))

    def _call(self, send: Any) -> Any:
        def call(aws: Session, service: str, operation: str, /, **given: Any) -> Any:
            if operation in self.unkept:
                return send(aws, service, operation, **given)
            asked = repr((aws.region, service, operation, sorted(given.items())))
            if asked not in self._answers:
                self._answers[asked] = send(aws, service, operation, **given)
            return self._answers[asked]

        return call
