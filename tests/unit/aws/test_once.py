"""Two parts of a plan that ask the same are answered by one call, whichever comes first, errors included."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from scrapectl.aws.once import ReadOnce
from scrapectl.errors import AwsError


class Aws:
    account, region, partition, local = "123456789012", "us-east-1", "aws", False

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.gate = threading.Event()
        self.gate.set()

    def call(self, service: str, operation: str, /, **params: Any) -> Any:
        self.calls.append((service, operation, params))
        self.gate.wait(5)
        if operation == "fail":
            raise AwsError("no")
        return {"n": len(self.calls)}

    def pages(self, service: str, operation: str, items: str, /, **params: Any) -> Any:
        return [self.call(service, operation, items=items, **params)]


def test_same_read_is_sent_once() -> None:
    aws = Aws()
    reads = ReadOnce(aws)  # type: ignore[arg-type]
    assert reads.call("iam", "get_role", RoleName="a") is reads.call("iam", "get_role", RoleName="a")
    assert reads.pages("iam", "list_roles", "Roles") is reads.pages("iam", "list_roles", "Roles")
    reads.call("iam", "get_role", RoleName="b")
    reads.call("iam", "get_role", RoleName="a", absent=("NoSuchEntity",))  # another question: it may be answered None
    assert len(aws.calls) == 4


def test_read_on_its_way_is_waited_for() -> None:
    aws = Aws()
    reads = ReadOnce(aws)  # type: ignore[arg-type]
    aws.gate.clear()
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(reads.call("iam", "get_role"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    aws.gate.set()
    for thread in threads:
        thread.join(5)
    assert answers == [{"n": 1}] * 4


def test_error_is_everyones() -> None:
    aws = Aws()
    reads = ReadOnce(aws)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(AwsError, match="no"):
            reads.call("iam", "fail")
    assert len(aws.calls) == 1
