"""Where a warehouse stands: the subnets and security groups of a request, looked up as Redshift looks them up."""

from __future__ import annotations

from typing import Any

from scrapectl.local.registry import Call, Refusal


def subnets_of(call: Call, ids: list[str], wrong: Refusal) -> list[dict[str, Any]]:
    """Describe subnets of one VPC.

    Raises:
        Refusal: `wrong`, when one is not there, or in another VPC.
    """
    try:
        found = call.cloud.call("ec2", "DescribeSubnets", {"SubnetIds": ids}, call.region)["Subnets"] if ids else []
    except Refusal:
        raise wrong from None
    if not found or len({subnet["VpcId"] for subnet in found}) > 1:
        raise wrong
    return list(found)


def default_subnets(call: Call) -> list[dict[str, Any]]:
    """Describe the subnets of the default network."""
    default = {"Filters": [{"Name": "default-for-az", "Values": ["true"]}]}
    return list(call.cloud.call("ec2", "DescribeSubnets", default, call.region)["Subnets"])


def check_groups(call: Call, groups: list[str], vpc: str, wrong: Refusal) -> list[str]:
    """Return security groups that are all of a VPC; without any its own.

    Raises:
        Refusal: `wrong`, when one is not there, or of another VPC.
    """
    if not groups:
        own = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]}
        found = call.cloud.call("ec2", "DescribeSecurityGroups", own, call.region)["SecurityGroups"]
        return [group["GroupId"] for group in found]
    try:
        known = call.cloud.call("ec2", "DescribeSecurityGroups", {"GroupIds": groups}, call.region)["SecurityGroups"]
    except Refusal:
        raise wrong from None
    if any(group["VpcId"] != vpc for group in known):
        raise wrong
    return groups
