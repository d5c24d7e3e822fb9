"""CreateCluster and DescribeClusters: checked as AWS checks, creating for a while, then available with an endpoint."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.redshift.state import Cluster, contradicts, find, invalid, shown, state_of
from scrapectl.local.services.redshift.subnet_groups import find_group
from scrapectl.local.services.redshift.tags import check_tags
from scrapectl.local.services.warehouse_network import check_groups, default_subnets
from scrapectl.local.services.warehouse_passwords import make_secret
from scrapectl.spec.checks.reserved import is_reserved

_IDENTIFIER = re.compile(r"[a-z](-?[a-z0-9])*\Z")
_LONGEST = 63
_NODES = re.compile(r"(ra3|rg|dc2)\.[a-z0-9]+\Z")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_USER = re.compile(r"[a-z][a-z0-9_+.@-]{0,127}\Z")
_PASSWORD = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[^\x00-\x20\"'/@\\\x7f]{8,64}\Z")
_PORT = 5439
_PORTS = (range(5431, 5456), range(8191, 8216))
_MOST_NODES, _MOST_ROLES = 100, 50


@operation("redshift", "CreateCluster")
def create(call: Call) -> Params:
    """Create a cluster."""
    params, state = call.params, state_of(call)
    name = params["ClusterIdentifier"].lower()
    if not _IDENTIFIER.match(name) or len(name) > _LONGEST:
        raise invalid(f"The parameter ClusterIdentifier is not a valid identifier: {name}")
    if name in state.clusters:
        raise Refusal("ClusterAlreadyExists", "Cluster already exists", 400)
    _check_names(params)
    tags = check_tags(params.get("Tags"))
    document: dict[str, Any] = {
        "ClusterIdentifier": name,
        "DBName": params.get("DBName", "dev"),
        "MasterUsername": params["MasterUsername"],
        "AutomatedSnapshotRetentionPeriod": params.get("AutomatedSnapshotRetentionPeriod", 1),
        "ClusterVersion": "1.0",
        "AllowVersionUpgrade": True,
        "Encrypted": params.get("Encrypted", True),
        "PreferredMaintenanceWindow": params.get("PreferredMaintenanceWindow", "sun:08:30-sun:09:00"),
        "ClusterNamespaceArn": call.arn(f"namespace:{uuid.uuid4()}"),
        "PubliclyAccessible": params.get("PubliclyAccessible", False),
        **size_of(params),
        **_network(call),
    }
    cluster = Cluster(document, params.get("MasterUserPassword", ""), tags=tags)
    if params.get("ManageMasterPassword"):
        of = call.arn(f"cluster:{name}")
        cluster.password, document["MasterPasswordSecretArn"] = make_secret(call, name, params["MasterUsername"], of)
    state.clusters[name] = cluster
    _plan(call, cluster)
    return {"Cluster": shown(cluster)}


def _check_names(params: Params) -> None:
    database, user = params.get("DBName", "dev"), params["MasterUsername"]
    if not _NAME.match(database) or is_reserved("redshift", database):
        raise invalid(f"DBName {database} is no name for a database, or a reserved word.")
    if not _USER.match(user) or is_reserved("redshift", user):
        raise invalid(f"MasterUsername {user} is no name for a user, or a reserved word.")
    password, managed = params.get("MasterUserPassword"), params.get("ManageMasterPassword")
    if bool(password) == bool(managed):
        raise contradicts("Specify either MasterUserPassword or ManageMasterPassword, and not both.")
    if password and not _PASSWORD.match(password):
        raise invalid("The parameter MasterUserPassword is not a valid password.")
    if len(params.get("IamRoles") or ()) > _MOST_ROLES:
        raise invalid("A cluster can have up to 50 IAM roles.")
    port = params.get("Port", _PORT)
    if not any(port in ports for ports in _PORTS):
        raise invalid("The port must be within the range 5431-5455 or 8191-8215.")


def size_of(params: Params) -> dict[str, Any]:
    """Return node type and number, as far as Redshift has such clusters.

    Raises:
        Refusal: It has none.
    """
    kind, nodes = params.get("ClusterType", "multi-node"), params.get("NumberOfNodes")
    if not _NODES.match(params["NodeType"]):
        raise invalid(f"Invalid node type: {params['NodeType']}")
    if kind == "single-node":
        if nodes not in (None, 1):
            raise contradicts("Number of nodes for cluster type single-node must be equal to 1.")
        return {"NodeType": params["NodeType"], "NumberOfNodes": 1}
    if nodes is None or not 2 <= nodes <= _MOST_NODES:  # noqa: PLR2004 - a multi-node cluster's fewest
        raise contradicts("Number of nodes for cluster type multi-node must be greater than or equal to 2.")
    return {"NodeType": params["NodeType"], "NumberOfNodes": nodes}


def _network(call: Call) -> dict[str, Any]:
    params = call.params
    name = params.get("ClusterSubnetGroupName", "default")
    vpc = default_subnets(call)[0]["VpcId"] if name == "default" else find_group(call, name)["VpcId"]
    wrong = Refusal("InvalidVPCNetworkStateFault", "A security group is not in the VPC of the subnet group.", 400)
    groups = check_groups(call, params.get("VpcSecurityGroupIds") or [], vpc, wrong)
    return {
        "ClusterSubnetGroupName": name,
        "VpcId": vpc,
        "VpcSecurityGroups": [{"VpcSecurityGroupId": group, "Status": "active"} for group in groups],
        "ClusterSecurityGroups": [],
    }


def _plan(call: Call, cluster: Cluster) -> None:
    cloud, document = call.cloud, cluster.document
    port = call.params.get("Port", _PORT)
    host = f"{cluster.name}.{secrets.token_hex(6)}.{call.region}.redshift.amazonaws.com"
    cluster.roles = dict.fromkeys(call.params.get("IamRoles") or (), "adding")
    cluster.becomes("creating")

    def be_there() -> None:
        document["Endpoint"] = {"Address": host, "Port": port}
        document["ClusterCreateTime"] = datetime.fromtimestamp(cloud.clock.now(), UTC)
        cluster.becomes("available")

    def in_sync() -> None:
        cluster.roles = dict.fromkeys(cluster.roles, "in-sync")

    cluster.time.later(cloud.clock.now() + cloud.delays.cluster_create, be_there)
    cluster.time.later(cloud.clock.now() + cloud.delays.cluster_create + cloud.delays.warehouse_roles, in_sync)
    cluster.time.settle(cloud.clock.now())


@operation("redshift", "DescribeClusters")
def describe(call: Call) -> Params:
    """Answer the named cluster, or all."""
    params = call.params
    name = params.get("ClusterIdentifier")
    found = [find(call, name)] if name else list(state_of(call).clusters.values())
    some, marker = page([shown(each) for each in found], params.get("MaxRecords"), params.get("Marker"))
    return {"Clusters": some, "Marker": marker}
