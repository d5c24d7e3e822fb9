"""What must hold for any spec: one apply is enough, any other may follow, a failure is mended, destroy ends all."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from scrapectl.spec.model import Spec
from tests.account import SEEDS, Account, assert_empty, done, spec_of, writes
from tests.faults_in_process import WAYS, Fault
from tests.properties.whole_life import assert_ends, assert_lasts
from tests.random_specs import ENV, furnished, random_spec


def made(seed: int, folder: Path) -> Spec:
    return spec_of(random_spec(seed), folder, ENV)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_spec_lasts_and_ends(account: Account, folder: Path, seed: int) -> None:
    """Of every four, one is followed by another before its end, and one lives again with a call that fails."""
    spec, turn = made(seed, folder), seed % (2 if SEEDS > 25 else 4)
    applying = len(writes(account.calls_of(lambda: assert_lasts(account, spec))))
    last = made(seed + 1000, folder) if turn == 0 else spec
    if turn == 0:
        assert_lasts(account, last)
    ending = len(writes(account.calls_of(lambda: assert_ends(account, last))))
    if turn == 1:
        assert_mended(spec, random.Random(seed), applying, ending)


def assert_mended(spec: Spec, rng: random.Random, applying: int, ending: int) -> None:
    """A changing call is refused, or lost before or after it was carried out; the same command then mends it."""
    account = furnished(Account())
    fault = Fault(rng.randrange(applying), rng.choice(WAYS))
    with fault.in_(account):
        fault.outlive(lambda: account.apply(spec))
    done(account.apply(spec))
    assert_empty(account.plan(spec))
    fault = Fault(rng.randrange(ending), rng.choice(WAYS))
    with fault.in_(account):
        fault.outlive(lambda: account.destroy(spec))
    assert_ends(account, spec)


@pytest.mark.parametrize("seed", [45] if SEEDS <= 25 else [42, 43, 44, 45, 47, 52, 53, 54, 57, 58, 59])
def test_a_stage_stands_beside_its_pipeline(account: Account, folder: Path, seed: int) -> None:
    """Both stand in one account, and neither sees the other, nor its end."""
    plain, prod = (spec_of(random_spec(seed), folder, ENV, stage=stage) for stage in (None, "prod"))
    assert_lasts(account, prod)
    assert_lasts(account, plain)
    assert_empty(account.plan(prod))
    assert_ends(account, prod)
    assert_empty(account.plan(plain))
    assert_ends(account, plain)
