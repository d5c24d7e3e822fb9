"""What must hold for any spec: one apply is enough, any other may follow, a failure is mended, destroy ends all."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from scrapectl.spec.model import Spec
from tests.account import REGION, SEEDS, SPECS, Account, assert_empty, done, example, spec_of, writes
from tests.faults_in_process import WAYS, Fault
from tests.random_specs import ENV, furnished, random_spec


def made(seed: int, folder: Path) -> Spec:
    return spec_of(random_spec(seed), folder, ENV)


def assert_lasts(account: Account, spec: Spec) -> None:
    """One apply is enough: the next plan is empty, and carrying it out changes nothing."""
    done(account.apply(spec, takeover=True))
    planned = account.plan(spec)
    assert_empty(planned)
    assert writes(account.calls_of(lambda: account.carry_out(planned, account.aws_of(spec)))) == []


def assert_ends(account: Account, spec: Spec) -> None:
    """Destroy leaves nothing but what `on_destroy: keep` keeps and the snapshots that it tells of."""
    taken = snapshots(account, spec)
    planned = account.plan_destroy(spec)
    kept = {change.address for change in planned.plan.changes if change.keep}
    done(account.carry_out(planned, account.aws_of(spec)))
    assert account.owned(spec.owner, spec.region or REGION) == []
    assert all(any(address in line for line in planned.plan.remains) for address in kept)
    told = {name for line in planned.plan.remains for name in re.findall(r"as the snapshot ([\w-]+)", line)}
    assert snapshots(account, spec) - taken == told
    assert_empty(account.plan_destroy(spec))
    assert_empty(account.plan_destroy(spec, by_name=True))


def snapshots(account: Account, spec: Spec) -> set[str]:
    """The snapshots of databases and warehouses that cost until somebody deletes them."""
    rds, redshift, serverless = (
        account.client(service, spec.region or REGION) for service in ("rds", "redshift", "redshift-serverless")
    )
    return {
        *(snapshot["DBSnapshotIdentifier"] for snapshot in rds.describe_db_snapshots()["DBSnapshots"]),
        *(snapshot["SnapshotIdentifier"] for snapshot in redshift.describe_cluster_snapshots()["Snapshots"]),
        *(snapshot["snapshotName"] for snapshot in serverless.list_snapshots()["snapshots"]),
    }


@pytest.mark.parametrize(("name", "stage"), SPECS)
def test_an_example_lasts_and_ends(account: Account, name: str, stage: str | None) -> None:
    spec = example(name, stage=stage)
    assert_lasts(account, spec)
    assert_ends(account, spec)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_spec_lasts_follows_any_other_and_ends(account: Account, folder: Path, seed: int) -> None:
    first, second = made(seed, folder), made(seed + 1000, folder)
    assert_lasts(account, first)
    assert_lasts(account, second)
    assert_ends(account, second)


@pytest.mark.parametrize("seed", range(SEEDS if SEEDS > 25 else SEEDS // 4))
def test_one_failing_call_then_the_same_again_ends_well(account: Account, folder: Path, seed: int) -> None:
    """A changing call is refused, or lost before or after it was carried out; the same command then mends it."""
    spec, rng = made(seed, folder), random.Random(seed)
    planned = account.plan(spec)
    rehearsed = len(writes(account.calls_of(lambda: account.carry_out(planned, account.aws_of(spec)))))
    ending = len(writes(account.calls_of(lambda: account.destroy(spec))))
    account = furnished(Account())
    fault = Fault(rng.randrange(rehearsed), rng.choice(WAYS))
    with fault.in_(account):
        fault.outlive(lambda: account.apply(spec))
    done(account.apply(spec))
    assert_empty(account.plan(spec))
    fault = Fault(rng.randrange(ending), rng.choice(WAYS))
    with fault.in_(account):
        fault.outlive(lambda: account.destroy(spec))
    assert_ends(account, spec)


@pytest.mark.parametrize("seed", [42, 45] if SEEDS <= 25 else [42, 43, 44, 45, 47, 52, 53, 54, 57, 58, 59])
def test_a_stage_stands_beside_its_pipeline(account: Account, folder: Path, seed: int) -> None:
    """Both stand in one account, and neither sees the other, nor its end."""
    plain, prod = (spec_of(random_spec(seed), folder, ENV, stage=stage) for stage in (None, "prod"))
    assert_lasts(account, prod)
    assert_lasts(account, plain)
    assert_empty(account.plan(prod))
    assert_ends(account, prod)
    assert_empty(account.plan(plain))
    assert_ends(account, plain)
