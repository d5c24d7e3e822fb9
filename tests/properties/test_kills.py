"""A kill between any two writes does no harm: the same command again goes on at once, and ends as it would have."""

from __future__ import annotations

import contextlib
import itertools
import math
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from scrapectl.errors import EnvironmentProblem
from scrapectl.spec.model import Spec
from tests.account import REGION, SEEDS, SPECS, Account, assert_empty, done, example, spec_of, writes
from tests.faults_in_process import Fault
from tests.properties.whole_life import assert_ends, assert_lasts
from tests.random_specs import ENV, furnished, random_spec


def chains(count: int, seed: str) -> list[list[int]]:
    """Three seeded places of so many, at which one life is killed in turn; in the long form lives that meet all."""
    if SEEDS <= 25:
        return [sorted(random.Random(seed).sample(range(count), min(3, count)))]
    apart = math.ceil(count / 3)
    return [list(range(first, count, apart)) for first in range(apart)]


def killed(account: Account, place: int, task: Callable[[], Any]) -> None:
    """Nothing gets through any more from one changing call on: what came before stands, as after a kill."""
    fault = Fault(place, "signed out")
    with fault.in_(account), contextlib.suppress(EnvironmentProblem):
        task()


# What AWS itself chose of an ARN, in another account or at another time, otherwise.
CHOSEN = re.compile(
    r"(:ec2:.+?/|:elasticfilesystem:.+?/|:datasync:.+?/|:event-source-mapping:|:redshift-serverless:.+?/"
    r"|:secret:.+-(?=\w{6}$)).*"
)


def names(account: Account, spec: Spec) -> list[str]:
    """Everything that stands, without the parts that AWS chose."""
    return sorted(CHOSEN.sub(r"\1…", arn) for arn in account.owned(spec.owner, spec.region or REGION))


@pytest.mark.parametrize(("name", "stage"), SPECS)
def test_kill_at_any_write(name: str, stage: str | None) -> None:
    assert_survives(example(name, stage=stage), name)


@pytest.mark.parametrize("seed", [82] if SEEDS <= 25 else range(SEEDS // 10))
def test_kill_of_any_spec(folder: Path, seed: int) -> None:
    assert_survives(spec_of(random_spec(seed), folder, ENV), str(seed))


def assert_survives(spec: Spec, name: str) -> None:
    """Live undisturbed; then kill an apply and its repetitions at several places, and a destroy: each ends as well."""
    account = furnished(Account())
    applies = len(writes(account.calls_of(lambda: assert_lasts(account, spec))))
    wanted = names(account, spec)
    destroys = len(writes(account.calls_of(lambda: assert_ends(account, spec))))
    for ups, downs in itertools.zip_longest(chains(applies, name), chains(destroys, name), fillvalue=()):
        account = furnished(Account())
        kill_in_turn(account, ups, lambda _, account=account: account.apply(spec))
        done(account.apply(spec))
        assert names(account, spec) == wanted, ups
        assert_empty(account.plan(spec))
        kill_in_turn(account, downs, lambda place, account=account: account.destroy(spec, by_name=bool(place % 2)))
        done(account.destroy(spec, by_name=bool(destroys % 2)))
        assert account.owned(spec.owner, spec.region or REGION) == [], downs


def kill_in_turn(account: Account, places: Sequence[int], task: Callable[[int], Any]) -> None:
    """Do the same again and again; each time it gets on to the next place."""
    for before, place in itertools.pairwise((0, *places)):
        killed(account, place - before, lambda place=place: task(place))  # type: ignore[misc]
