"""DB subnet groups: in two zones at least, and kept while an instance uses them."""

from __future__ import annotations

import re
from typing import Any

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.rds.state import invalid, state_of
from scrapectl.local.services.rds.tags import check_tags

_NAME = re.compile(r"[A-Za-z0-9 ._-]{1,255}\Z")
_FEWEST_ZONES = 2
DEFAULT = "default"


@operation("rds", "CreateDBSubnetGroup")
def create(call: Call) -> Params:
    """Create a group; its name is stored in lower case."""
    params, state = call.params, state_of(call)
    name = params["DBSubnetGroupName"].lower()
    if not _NAME.match(name) or name == DEFAULT:
        raise invalid(f"Invalid DB subnet group name: {name}")
    if not params.get("DBSubnetGroupDescription"):
        raise invalid("The parameter DBSubnetGroupDescription must be provided and must not be blank.")
    if name in state.subnet_groups:
        raise Refusal("DBSubnetGroupAlreadyExists", f"The DB subnet group '{name}' already exists.", 400)
    tags = check_tags(params.get("Tags"))
    arn = call.arn(f"subgrp:{name}")
    state.subnet_groups[name] = {
        "DBSubnetGroupName": name,
        "DBSubnetGroupDescription": params["DBSubnetGroupDescription"],
        "DBSubnetGroupArn": arn,
        "SubnetGroupStatus": "Complete",
        "SupportedNetworkTypes": ["IPV4"],
        **_network(call, params["SubnetIds"]),
    }
    state.tags[arn] = tags
    return {"DBSubnetGroup": state.subnet_groups[name]}


def _network(call: Call, ids: list[str]) -> dict[str, Any]:
    try:
        subnets = call.cloud.call("ec2", "DescribeSubnets", {"SubnetIds": ids}, call.region)["Subnets"] if ids else []
    except Refusal:
        raise Refusal("InvalidSubnet", f"Some input subnets in :{ids} are invalid.", 400) from None
    if len({subnet["VpcId"] for subnet in subnets}) > 1:
        raise Refusal("InvalidSubnet", "The specified subnets are not in the same VPC.", 400)
    zones = {subnet["AvailabilityZone"] for subnet in subnets}
    if len(zones) < _FEWEST_ZONES:
        raise Refusal(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{', '.join(sorted(zones))}. Add subnets to cover at least 2 AZs.",
            400,
        )
    shown = [
        {
            "SubnetIdentifier": subnet["SubnetId"],
            "SubnetAvailabilityZone": {"Name": subnet["AvailabilityZone"]},
            "SubnetOutpost": {},
            "SubnetStatus": "Active",
        }
        for subnet in subnets
    ]
    return {"VpcId": subnets[0]["VpcId"], "Subnets": shown}


@operation("rds", "ModifyDBSubnetGroup")
def modify(call: Call) -> Params:
    """Give a group other subnets, of the same VPC; those that an instance is in must stay."""
    group = find_group(call, call.params["DBSubnetGroupName"])
    network = _network(call, call.params["SubnetIds"])
    used = _users(call, group["DBSubnetGroupName"])
    if network["VpcId"] != group["VpcId"]:
        raise Refusal("InvalidSubnet", "The specified subnets are not in the VPC of the DB subnet group.", 400)
    zones = {subnet["SubnetAvailabilityZone"]["Name"] for subnet in network["Subnets"]}
    if used and not zones >= {instance["AvailabilityZone"] for instance in used}:
        raise Refusal("SubnetAlreadyInUse", "Some of the subnets to be deleted are currently in use.", 400)
    group |= network
    if call.params.get("DBSubnetGroupDescription"):
        group["DBSubnetGroupDescription"] = call.params["DBSubnetGroupDescription"]
    return {"DBSubnetGroup": group}


@operation("rds", "DeleteDBSubnetGroup")
def delete(call: Call) -> Params:
    """Delete a group that no instance uses, a deleting one neither."""
    group = find_group(call, call.params["DBSubnetGroupName"])
    name = group["DBSubnetGroupName"]
    used = _users(call, name)
    if used or name == DEFAULT:
        by = used[0]["DBInstanceIdentifier"] if used else "AWS"
        text = (
            f"Cannot delete the subnet group '{name}' because at least one database instance: {by} is still using it."
        )
        raise Refusal("InvalidDBSubnetGroupStateFault", text, 400)
    state = state_of(call)
    del state.subnet_groups[name]
    state.tags.pop(group["DBSubnetGroupArn"], None)
    return {}


@operation("rds", "DescribeDBSubnetGroups")
def describe(call: Call) -> Params:
    """Answer the named group, or all."""
    params, state = call.params, state_of(call)
    name = params.get("DBSubnetGroupName")
    found = [find_group(call, name)] if name else list(state.subnet_groups.values())
    shown, marker = page(found, params.get("MaxRecords"), params.get("Marker"), code="InvalidParameterValue")
    return {"DBSubnetGroups": shown, "Marker": marker}


def find_group(call: Call, name: str) -> Params:
    """Return a group as Describe answers it; `default` is made over the default VPC when first asked for.

    Raises:
        Refusal: There is none.
    """
    groups = state_of(call).subnet_groups
    name = name.lower()
    if name == DEFAULT and name not in groups:
        default = {"Filters": [{"Name": "default-for-az", "Values": ["true"]}]}
        subnets = call.cloud.call("ec2", "DescribeSubnets", default, call.region)["Subnets"]
        groups[name] = {
            "DBSubnetGroupName": name,
            "DBSubnetGroupDescription": "default",
            "DBSubnetGroupArn": call.arn(f"subgrp:{name}"),
            "SubnetGroupStatus": "Complete",
            "SupportedNetworkTypes": ["IPV4"],
            **_network(call, [subnet["SubnetId"] for subnet in subnets]),
        }
    if name not in groups:
        raise Refusal("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.", 404)
    return groups[name]


def _users(call: Call, name: str) -> list[Params]:
    found = [instance.document for instance in state_of(call).instances.values()]
    return [document for document in found if document["DBSubnetGroup"]["DBSubnetGroupName"] == name]
