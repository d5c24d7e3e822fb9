"""Subnet groups of clusters: in one VPC, and kept while a cluster stands in them."""

from __future__ import annotations

import re
from typing import Any

from scrapectl.local.paging import page, tag_list
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.redshift.state import invalid, state_of
from scrapectl.local.services.redshift.tags import check_tags
from scrapectl.local.services.warehouse_network import subnets_of

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,254}\Z")


@operation("redshift", "CreateClusterSubnetGroup")
def create(call: Call) -> Params:
    """Create a group; its name is stored in small letters, and "default" is AWS's own."""
    params, state = call.params, state_of(call)
    name = params["ClusterSubnetGroupName"].lower()
    if not _NAME.match(name) or name == "default":
        raise invalid(f"Invalid subnet group name: {name}")
    if name in state.subnet_groups:
        raise Refusal("ClusterSubnetGroupAlreadyExists", f"The cluster subnet group '{name}' already exists.", 400)
    tags = check_tags(params.get("Tags"))
    state.subnet_groups[name] = {
        "ClusterSubnetGroupName": name,
        "Description": params["Description"],
        "SubnetGroupStatus": "Complete",
        **_network(call),
    }
    state.group_tags[name] = tags
    return {"ClusterSubnetGroup": _shown(call, name)}


def _network(call: Call) -> dict[str, Any]:
    wrong = Refusal("InvalidSubnet", f"Some input subnets in: {call.params['SubnetIds']} are invalid.", 400)
    found = subnets_of(call, call.params["SubnetIds"], wrong)
    subnets = [
        {
            "SubnetIdentifier": subnet["SubnetId"],
            "SubnetAvailabilityZone": {"Name": subnet["AvailabilityZone"]},
            "SubnetStatus": "Active",
        }
        for subnet in found
    ]
    return {"VpcId": found[0]["VpcId"], "Subnets": subnets}


@operation("redshift", "ModifyClusterSubnetGroup")
def modify(call: Call) -> Params:
    """Give a group other subnets of its VPC."""
    group = find_group(call, call.params["ClusterSubnetGroupName"])
    network = _network(call)
    if network["VpcId"] != group["VpcId"]:
        raise Refusal("InvalidSubnet", "The subnets are not in the VPC of the subnet group.", 400)
    group |= network
    group["Description"] = call.params.get("Description", group["Description"])
    return {"ClusterSubnetGroup": _shown(call, group["ClusterSubnetGroupName"])}


@operation("redshift", "DeleteClusterSubnetGroup")
def delete(call: Call) -> Params:
    """Delete a group in which no cluster stands, one that is being deleted neither."""
    name, state = find_group(call, call.params["ClusterSubnetGroupName"])["ClusterSubnetGroupName"], state_of(call)
    used = [each.name for each in state.clusters.values() if each.document["ClusterSubnetGroupName"] == name]
    if used:
        text = f"Cannot delete the subnet group '{name}' because the cluster {used[0]} is still using it."
        raise Refusal("InvalidClusterSubnetGroupStateFault", text, 400)
    del state.subnet_groups[name]
    state.group_tags.pop(name, None)
    return {}


@operation("redshift", "DescribeClusterSubnetGroups")
def describe(call: Call) -> Params:
    """Answer the named group, or all."""
    params = call.params
    name = params.get("ClusterSubnetGroupName")
    names = [find_group(call, name)["ClusterSubnetGroupName"]] if name else list(state_of(call).subnet_groups)
    some, marker = page([_shown(call, each) for each in names], params.get("MaxRecords"), params.get("Marker"))
    return {"ClusterSubnetGroups": some, "Marker": marker}


def find_group(call: Call, name: str) -> dict[str, Any]:
    """Return a group.

    Raises:
        Refusal: There is none.
    """
    found = state_of(call).subnet_groups.get(name.lower())
    if found is None:
        text = f"The cluster subnet group '{name}' does not exist."
        raise Refusal("ClusterSubnetGroupNotFoundFault", text, 400)
    return found


def _shown(call: Call, name: str) -> Params:
    state = state_of(call)
    return {**state.subnet_groups[name], "Tags": tag_list(state.group_tags.get(name, {}))}
