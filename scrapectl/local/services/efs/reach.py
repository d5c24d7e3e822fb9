"""Why something cannot mount a file system: no mount target in its zone, a closed security group, no leave."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.local.policy import allows, as_list, matches
from scrapectl.local.registry import Refusal
from scrapectl.local.services import iam
from scrapectl.local.services.efs.state import AVAILABLE, state_in

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

PORT = 2049
MOUNT, WRITE, AS_ROOT = (f"elasticfilesystem:Client{word}" for word in ("Mount", "Write", "RootAccess"))


def closed_way(
    cloud: Cloud, region: str, file_system: str, subnets: Sequence[str], groups: Sequence[str]
) -> tuple[str, str]:
    """Say why a file system is out of reach, as the one who mounts it sees it; two empty texts when it is not.

    Args:
        cloud: Where all stand.
        region: Of the file system.
        file_system: `fs-…`.
        subnets: Where the one who mounts may be: each needs a mount target in its zone.
        groups: Security groups of who mounts.

    Returns:
        What mount.nfs4 says ("" when the name is not even found), and why, in plain words.
    """
    state = state_in(cloud, region)
    if file_system not in state.file_systems:
        return "", f"there is no file system {file_system}"
    by_zone = {one.document["AvailabilityZoneName"]: one for one in state.mount_targets_of(file_system)}
    for subnet in cloud.call("ec2", "DescribeSubnets", {"SubnetIds": list(subnets)}, region)["Subnets"]:
        zone = subnet["AvailabilityZone"]
        target = by_zone.get(zone)
        if target is None or target.document["VpcId"] != subnet["VpcId"] or target.state != AVAILABLE:
            return "", f"{file_system} has no mount target that is available in {zone} of {subnet['VpcId']}"
        if not _open(cloud, region, target.groups, set(groups), subnet["CidrBlock"]):
            why = f"no security group of the mount target in {zone} lets port {PORT} in from {', '.join(groups)}"
            return "mount.nfs4: Connection timed out", why
    return "", ""


def _open(cloud: Cloud, region: str, own: list[str], groups: set[str], block: str) -> bool:
    try:
        found = cloud.call("ec2", "DescribeSecurityGroups", {"GroupIds": own}, region)["SecurityGroups"]
    except Refusal:
        return False
    rules = [rule for group in found for rule in group["IpPermissions"] if _covers(rule)]
    return any(_lets_in(rule, groups, ipaddress.ip_network(block)) for rule in rules)


def _covers(rule: dict[str, Any]) -> bool:
    if rule["IpProtocol"] == "-1":
        return True
    return rule["IpProtocol"] == "tcp" and bool(rule["FromPort"] <= PORT <= rule["ToPort"])


def _lets_in(rule: dict[str, Any], groups: set[str], block: Any) -> bool:
    if any(pair.get("GroupId") in groups for pair in rule.get("UserIdGroupPairs") or []):
        return True
    ranges = [ipaddress.ip_network(entry["CidrIp"], strict=False) for entry in rule.get("IpRanges") or []]
    return any(block.subnet_of(wide) for wide in ranges)


@dataclass(frozen=True)
class Client:
    """Who mounts a file system.

    Attributes:
        region: Of the file system.
        file_system: `fs-…`.
        access_point: ARN of the one it comes through.
        role: ARN of the role that it mounts as; None for one who does not say who it is.
    """

    region: str
    file_system: str
    access_point: str | None
    role: str | None


def may(cloud: Cloud, client: Client, action: str) -> bool:
    """Whether a client may do something with a file system (EFS User Guide, "Using IAM to control access").

    Without a policy everybody may do everything; with one, it or the role's own policies must allow it.

    Args:
        cloud: Where all stand.
        client: Who asks.
        action: MOUNT, WRITE or AS_ROOT.
    """
    found = state_in(cloud, client.region).file_systems[client.file_system]
    if found.policy is None:
        return True
    arn = found.document["FileSystemArn"]
    context = {"aws:SecureTransport": "true", "elasticfilesystem:AccessedViaMountTarget": "true"}
    if client.access_point:
        context["elasticfilesystem:AccessPointArn"] = client.access_point
    statements = as_list(json.loads(found.policy)["Statement"])
    about_it = [{"Resource": arn, **one} for one in statements if _is_meant(one, client.role, cloud.account)]
    own = iam.policies_of(cloud, client.role) if client.role else []
    return allows([{"Statement": about_it}, *own], action, arn, context)


def _is_meant(statement: dict[str, Any], role: str | None, account: str) -> bool:
    """Whether a statement speaks of this role; one that lets an account in leaves it to that account's policies."""
    principal = statement["Principal"]
    named = as_list(principal) if not isinstance(principal, dict) else as_list(principal.get("AWS"))
    if "*" in named or (role is not None and any(matches(one, role) for one in named if "*" not in one)):
        return True
    return statement["Effect"] == "Deny" and bool({account, f"arn:aws:iam::{account}:root"} & set(named))
