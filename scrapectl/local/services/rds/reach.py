"""Whether an instance's security groups let someone of the network in."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.services.rds.state import Instance


def lets_in(cloud: Cloud, region: str, instance: Instance, groups: list[str], subnets: list[str]) -> bool:
    """Whether a rule of the instance's groups opens its port to who has these groups, in one of these subnets.

    Args:
        cloud: Where all stand.
        region: Where the instance is.
        instance: The instance; the port is the one it was created with, not where its stand-in listens.
        groups: Security groups of who wants in.
        subnets: Where they may be; a rule for addresses must cover one of them whole.
    """
    port = instance.document["ListenerPort"]
    own = [group["VpcSecurityGroupId"] for group in instance.document["VpcSecurityGroups"]]
    try:
        found = cloud.call("ec2", "DescribeSecurityGroups", {"GroupIds": own}, region)["SecurityGroups"]
        where = cloud.call("ec2", "DescribeSubnets", {"SubnetIds": subnets}, region)["Subnets"] if subnets else []
    except Refusal:
        return False
    blocks = [ipaddress.ip_network(subnet["CidrBlock"]) for subnet in where]
    rules = [rule for group in found for rule in group["IpPermissions"] if _covers(rule, port)]
    return any(_names(rule, set(groups)) or _spans(rule, blocks) for rule in rules)


def _covers(rule: dict[str, Any], port: int) -> bool:
    if rule["IpProtocol"] == "-1":
        return True
    return rule["IpProtocol"] == "tcp" and bool(rule["FromPort"] <= port <= rule["ToPort"])


def _names(rule: dict[str, Any], groups: set[str]) -> bool:
    return any(pair.get("GroupId") in groups for pair in rule.get("UserIdGroupPairs") or [])


def _spans(rule: dict[str, Any], blocks: list[Any]) -> bool:
    ranges = [ipaddress.ip_network(entry["CidrIp"], strict=False) for entry in rule.get("IpRanges") or []]
    return any(block.subnet_of(wide) for block in blocks for wide in ranges)
