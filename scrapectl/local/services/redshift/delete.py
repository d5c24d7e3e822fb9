"""DeleteCluster with its last snapshot or without, and the snapshots that stay."""

from __future__ import annotations

from datetime import UTC, datetime

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.redshift.state import Cluster, contradicts, find, shown, state_of
from scrapectl.local.services.warehouse_passwords import drop_secret
from scrapectl.local.warehouses.store import store_of


@operation("redshift", "DeleteCluster")
def delete(call: Call) -> Params:
    """Delete a cluster; its name is free when it is gone."""
    cluster, params, cloud, region = find(call), call.params, call.cloud, call.region
    skip, final = params.get("SkipFinalClusterSnapshot", False), params.get("FinalClusterSnapshotIdentifier")
    if cluster.status == "deleting":
        raise Refusal("InvalidClusterState", f"Cluster {cluster.name} is being deleted.", 400)
    if bool(skip) == bool(final):
        raise contradicts("FinalClusterSnapshotIdentifier is required unless SkipFinalClusterSnapshot is specified.")
    if final:
        if cluster.status != "available":
            raise Refusal("InvalidClusterState", f"Cluster {cluster.name} is {cluster.status}.", 400)
        _take(call, cluster, final)
    cluster.becomes("deleting")
    cluster.time.steps.clear()
    clusters = state_of(call).clusters

    def be_gone() -> None:
        drop_secret(cloud, region, cluster.document.get("MasterPasswordSecretArn"))
        store_of(cloud).forget(call.arn(f"cluster:{cluster.name}"))
        del clusters[cluster.name]

    answer = {"Cluster": shown(cluster)}
    cluster.time.later(cloud.clock.now() + cloud.delays.cluster_delete, be_gone)
    cluster.time.settle(cloud.clock.now())
    return answer


def _take(call: Call, cluster: Cluster, name: str) -> None:
    snapshots = state_of(call).snapshots
    if name in snapshots:
        raise Refusal("ClusterSnapshotAlreadyExists", f"Snapshot {name} already exists.", 400)
    snapshots[name] = {
        "SnapshotIdentifier": name,
        "ClusterIdentifier": cluster.name,
        "SnapshotCreateTime": datetime.fromtimestamp(call.cloud.clock.now(), UTC),
        "Status": "available",
        "SnapshotType": "manual",
        "NodeType": cluster.document["NodeType"],
        "NumberOfNodes": cluster.document["NumberOfNodes"],
        "DBName": cluster.document["DBName"],
        "MasterUsername": cluster.document["MasterUsername"],
        "VpcId": cluster.document["VpcId"],
        "Encrypted": cluster.document["Encrypted"],
        "SnapshotArn": call.arn(f"snapshot:{cluster.name}/{name}"),
    }


@operation("redshift", "DescribeClusterSnapshots")
def describe_snapshots(call: Call) -> Params:
    """Answer the snapshots, or those of a cluster, or one."""
    params = call.params
    wanted = {
        "ClusterIdentifier": params.get("ClusterIdentifier"),
        "SnapshotIdentifier": params.get("SnapshotIdentifier"),
    }
    known = state_of(call).snapshots.values()
    found = [each for each in known if all(value in (None, each[name]) for name, value in wanted.items())]
    if wanted["SnapshotIdentifier"] and not found:
        raise Refusal("ClusterSnapshotNotFound", f"Snapshot {wanted['SnapshotIdentifier']} not found.", 404)
    some, marker = page(found, params.get("MaxRecords"), params.get("Marker"))
    return {"Snapshots": some, "Marker": marker}


@operation("redshift", "DeleteClusterSnapshot")
def delete_snapshot(call: Call) -> Params:
    """Delete a snapshot."""
    name = call.params["SnapshotIdentifier"]
    found = state_of(call).snapshots.pop(name, None)
    if found is None:
        raise Refusal("ClusterSnapshotNotFound", f"Snapshot {name} not found.", 404)
    return {"Snapshot": found}
