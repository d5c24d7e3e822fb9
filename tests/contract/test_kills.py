"""Every kind, killed after each of its changing calls: the same again ends where it should."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from scrapectl.kinds import KINDS
from tests.contract.bench import Bench, open_bench
from tests.contract.cases import Case, Together
from tests.contract.every_case import CASES, VARIANTS

OWNER = "shop"
READS = ("get_", "list_", "describe_", "head_", "batch_check_")


class KilledError(Exception):
    """The program ends here; the call before it was carried out."""


class Kill:
    """Ends the program once, after so many changing calls."""

    def __init__(self, bench: Bench, after: int) -> None:
        self.left = after
        self.call = bench.aws.call
        bench.aws.call = self.then_die  # type: ignore[method-assign]

    def then_die(self, service: str, operation: str, /, **more: Any) -> Any:
        answer = self.call(service, operation, **more)
        if not operation.startswith(READS):
            self.left -= 1
            if self.left == 0:
                raise KilledError
        return answer


@pytest.mark.parametrize("name", [*KINDS, *VARIANTS])
def test_the_same_again_mends_it(name: str):
    case = (CASES | VARIANTS)[name]
    fired = list(itertools.takewhile(lambda nth: killed_and_mended(case, nth), itertools.count(1)))
    assert fired, "nothing was changed"


def changed_to(field: str, value: Any) -> dict[str, Any]:
    return value if isinstance(value, Together) else {field: value}


def killed_and_mended(case: Case, nth: int) -> bool:
    """Kill a short life after its nth changing call; False when it has fewer."""
    with open_bench() as bench:
        want = case.make(bench, OWNER)
        changed = want
        for field, value in case.changes.items():
            changed = dataclasses.replace(changed, **changed_to(field, value(bench)))
        kill = Kill(bench, nth)
        for wanted in (want, changed):
            again(lambda wanted=wanted: bench.put(wanted, OWNER))
            assert bench.difference(wanted) == set()
        if case.end is None:
            again(lambda: bench.end(want))
            assert bench.read(want) is None
        return kill.left <= 0


def again(step: Callable[[], object]) -> None:
    try:
        step()
    except KilledError:
        step()
