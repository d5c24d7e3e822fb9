"""A kill between any two writes does no harm: the same command again goes on at once, and ends as it would have."""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scrapectl.errors import EnvironmentProblem
from scrapectl.spec.model import Spec
from tests.account import REGION, SEEDS, SPECS, Account, assert_empty, done, example, spec_of, writes
from tests.faults_in_process import Fault
from tests.random_specs import ENV, furnished, random_spec


def places(count: int, seed: str) -> list[int]:
    """Three seeded places, or every one in the long form."""
    return list(range(count)) if SEEDS > 25 else sorted(random.Random(seed).sample(range(count), min(3, count)))


def killed(account: Account, place: int, task: Callable[[], Any]) -> None:
    """Nothing gets through any more from one changing call on: what came before stands, as after a kill."""
    fault = Fault(place, "signed out")
    with fault.in_(account), contextlib.suppress(EnvironmentProblem):
        task()


def counted(spec: Spec) -> tuple[int, int]:
    """How many changing calls an apply and a destroy send."""
    account = furnished(Account())
    apply = len(writes(account.calls_of(lambda: account.put(spec))))
    return apply, len(writes(account.calls_of(lambda: account.destroy(spec))))


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
    """Kill an apply and a destroy at several places each, and do the same again."""
    applies, destroys = counted(spec)
    whole = furnished(Account())
    whole.put(spec)
    wanted = names(whole, spec)
    for place in places(applies, f"apply {name}"):
        account = furnished(Account())
        killed(account, place, lambda account=account: account.apply(spec))  # type: ignore[misc]
        done(account.apply(spec))
        assert names(account, spec) == wanted, place
        assert_empty(account.plan(spec))
    for place in places(destroys, f"destroy {name}"):
        account = furnished(Account())
        account.put(spec)
        killed(account, place, lambda account=account: account.destroy(spec))  # type: ignore[misc]
        done(account.destroy(spec, by_name=bool(place % 2)))
        assert account.owned(spec.owner, spec.region or REGION) == [], place
