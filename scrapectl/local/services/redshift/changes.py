"""ModifyCluster and ModifyClusterIamRoles: each under way for a while, during which Redshift takes no other."""

from __future__ import annotations

from typing import Any

from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.redshift.clusters import size_of
from scrapectl.local.services.redshift.state import check_idle, contradicts, find, invalid, shown
from scrapectl.local.services.warehouse_network import check_groups
from scrapectl.local.services.warehouse_passwords import drop_secret, make_secret

_RESIZES = {"NodeType", "NumberOfNodes", "ClusterType"}
_PASSWORD = {"MasterUserPassword", "ManageMasterPassword", "MasterPasswordSecretKmsKeyId"}
_KNOWN = (
    _RESIZES,
    _PASSWORD,
    {"VpcSecurityGroupIds"},
    {"PubliclyAccessible", "ElasticIp"},
    {"PreferredMaintenanceWindow"},
    {"AutomatedSnapshotRetentionPeriod"},
)
_MOST_ROLES = 50


@operation("redshift", "ModifyCluster")
def modify(call: Call) -> Params:
    """Change one thing of a cluster that is available."""
    cluster, params, cloud = find(call), call.params, call.cloud
    check_idle(cluster)
    asked = params.keys() - {"ClusterIdentifier"}
    for name in sorted(asked - set().union(*_KNOWN)):
        raise Refusal("NotImplemented", f"the embedded cloud has no ModifyCluster with {name}", 501)
    if sum(bool(asked & group) for group in _KNOWN) != 1:
        raise contradicts("Only one thing of a cluster can be changed in a request.")
    if asked & _RESIZES:
        size = size_of({"NodeType": cluster.document["NodeType"], **params})
        cluster.pending, takes = size, cloud.delays.cluster_resize
        cluster.becomes("resizing")
    else:
        cluster.pending, takes = _changed(call), cloud.delays.cluster_modify
        cluster.becomes("modifying")

    def done() -> None:
        cluster.document |= cluster.pending
        cluster.pending = {}
        cluster.becomes("available")

    cluster.time.later(cloud.clock.now() + takes, done)
    cluster.time.settle(cloud.clock.now())
    return {"Cluster": shown(cluster)}


def _changed(call: Call) -> dict[str, Any]:
    """Make what takes effect at once, and return what waits."""
    cluster, params = find(call), call.params
    document = cluster.document
    if "VpcSecurityGroupIds" in params:
        wrong = Refusal("ClusterSecurityGroupNotFound", "A security group is not there, or of another VPC.", 404)
        groups = check_groups(call, params["VpcSecurityGroupIds"], document["VpcId"], wrong)
        document["VpcSecurityGroups"] = [{"VpcSecurityGroupId": group, "Status": "active"} for group in groups]
    if params.get("ManageMasterPassword") and "MasterPasswordSecretArn" not in document:
        of = call.arn(f"cluster:{cluster.name}")
        cluster.password, document["MasterPasswordSecretArn"] = make_secret(
            call, cluster.name, document["MasterUsername"], of
        )
    elif params.get("ManageMasterPassword") is False or params.get("MasterUserPassword"):
        if not params.get("MasterUserPassword"):
            raise contradicts("MasterUserPassword is needed when AWS shall not manage the password any more.")
        drop_secret(call.cloud, call.region, document.pop("MasterPasswordSecretArn", None))
        cluster.password = params["MasterUserPassword"]
    waits = ("PubliclyAccessible", "PreferredMaintenanceWindow", "AutomatedSnapshotRetentionPeriod")
    return {name: params[name] for name in waits if name in params}


@operation("redshift", "ModifyClusterIamRoles")
def modify_roles(call: Call) -> Params:
    """Attach and detach roles: adding or removing for a while, then in sync or gone (AWS-FACTS §17)."""
    cluster, params, cloud = find(call), call.params, call.cloud
    if cluster.status != "available":
        check_idle(cluster)
    add, drop = params.get("AddIamRoles") or [], params.get("RemoveIamRoles") or []
    if len(cluster.roles.keys() | set(add)) > _MOST_ROLES:
        raise invalid("A cluster can have up to 50 IAM roles.")
    for arn in add:
        cluster.roles.setdefault(arn, "adding")
    for arn in drop:
        if arn in cluster.roles:
            cluster.roles[arn] = "removing"

    def settled() -> None:
        cluster.roles = {arn: "in-sync" for arn, state in cluster.roles.items() if state != "removing"}

    cluster.time.later(cloud.clock.now() + cloud.delays.warehouse_roles, settled)
    cluster.time.settle(cloud.clock.now())
    return {"Cluster": shown(cluster)}
