"""Every kind, killed again and again after its changing calls: the same again ends where it should."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
from collections.abc import Callable
from typing import Any

import pytest

from scrapectl.kinds import KINDS
from tests.contract.bench import Bench, open_bench
from tests.contract.cases import Case, Together
from tests.contract.every_case import CASES, VARIANTS

OWNER = "shop"
ALL = os.environ.get("SCRAPECTL_FAULTS") == "all"
MOST = 100  # kills of one step: none has as many calls
READS = ("get_", "list_", "describe_", "head_", "batch_check_")


class KilledError(Exception):
    """The program ends here; the call before it was carried out."""


class Kill:
    """Ends the program after so many changing calls: once, or each time that it is begun anew, after one more."""

    def __init__(self, bench: Bench, after: int, *, once: bool) -> None:
        self.after, self.once = after, once
        self.made, self.times = 0, 0
        self.call = bench.aws.call
        bench.aws.call = self.then_die  # type: ignore[method-assign]

    def then_die(self, service: str, operation: str, /, **more: Any) -> Any:
        answer = self.call(service, operation, **more)
        if not operation.startswith(READS):
            self.made += 1
            if self.made == self.after:
                self.times += 1
                if not self.once:
                    self.made, self.after = 0, self.after + 1
                raise KilledError
        return answer


@pytest.mark.parametrize("name", [*KINDS, *VARIANTS])
def test_the_same_again_mends_it(name: str):
    """Lives that are killed after a call, after two more, and so on; in the long form, a life for each call too."""
    case = (CASES | VARIANTS)[name]
    assert sum(killed_and_mended(case, first, once=False) for first in (1, 2, 3)), "nothing was changed"
    if ALL:
        assert list(itertools.takewhile(lambda nth: killed_and_mended(case, nth, once=True), itertools.count(1)))


def changed_to(field: str, value: Any) -> dict[str, Any]:
    return value if isinstance(value, Together) else {field: value}


def killed_and_mended(case: Case, after: int, *, once: bool) -> int:
    """Live a short life that is killed; how often it was."""
    with open_bench() as bench:
        want = case.make(bench, OWNER)
        changed = want
        for field, value in case.changes.items():
            changed = dataclasses.replace(changed, **changed_to(field, value(bench)))
        kill = Kill(bench, after, once=once)
        for wanted in (want, changed):
            again_and_again(lambda wanted=wanted: bench.put(wanted, OWNER))
            assert bench.difference(wanted) == set()
        if case.end is None:
            again_and_again(lambda: bench.end(want))
            assert bench.read(want) is None
        return kill.times


def again_and_again(step: Callable[[], object]) -> None:
    for _ in range(MOST):
        with contextlib.suppress(KilledError):
            step()
            return
    raise AssertionError("it does not get on")
