"""What any pipeline must do from its first apply to its end: one apply is enough, and a destroy leaves nothing."""

from __future__ import annotations

import re

from scrapectl.spec.model import Spec
from tests.account import REGION, Account, assert_empty, done, writes


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
