"""VPC peering connections of EC2 over moto's: refused or failed where AWS refuses or fails, found by their tags."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any

from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services.ec2_filters import filtered, member

_ALIVE = frozenset({"initiating-request", "pending-acceptance", "provisioning", "active"})
_READERS = {
    "vpc-peering-connection-id": member("VpcPeeringConnectionId"),
    "status-code": lambda document: [document["Status"]["Code"]],
    "requester-vpc-info.vpc-id": lambda document: [document["RequesterVpcInfo"]["VpcId"]],
    "accepter-vpc-info.vpc-id": lambda document: [document["AccepterVpcInfo"]["VpcId"]],
}


@dataclass
class Failures:
    """Why those failed that failed, by id."""

    of: dict[str, str] = field(default_factory=dict)


@operation("ec2", "CreateVpcPeeringConnection")
def create(call: Call) -> Params:
    """Ask for one; of networks whose addresses overlap it fails at once."""
    ends = (call.params["VpcId"], call.params["PeerVpcId"])
    for each in _all(call):
        if each["Status"]["Code"] in _ALIVE and set(ends) == _ends(each):
            message = f"A VPC peering connection already exists between {ends[0]} and {ends[1]}"
            raise Refusal("VpcPeeringConnectionAlreadyExists", message, 400)
    found = call.moto({"VpcIds": list(dict.fromkeys(ends))}, "DescribeVpcs")["Vpcs"]
    blocks = [ipaddress.ip_network(vpc["CidrBlock"]) for vpc in found]
    made: dict[str, Any] = call.moto()
    if len(blocks) == 1 or blocks[0].overlaps(blocks[1]):
        peering_id = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        call.cloud.store(Failures, call.region).of[peering_id] = (
            "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"
        )
    return made


def _ends(document: dict[str, Any]) -> set[str]:
    return {document["RequesterVpcInfo"]["VpcId"], document["AccepterVpcInfo"]["VpcId"]}


def _all(call: Call) -> list[dict[str, Any]]:
    failures = call.cloud.store(Failures, call.region).of
    found = call.moto({}, "DescribeVpcPeeringConnections")["VpcPeeringConnections"]
    for each in found:
        if each["VpcPeeringConnectionId"] in failures:
            each["Status"] = {"Code": "failed", "Message": failures[each["VpcPeeringConnectionId"]]}
    return list(found)


@operation("ec2", "DescribeVpcPeeringConnections")
def describe(call: Call) -> Params:
    """Describe them, those that are dead too."""
    ids = call.params.get("VpcPeeringConnectionIds")
    found = filtered(_all(call), call.params.get("Filters"), _READERS)
    return {"VpcPeeringConnections": [each for each in found if not ids or each["VpcPeeringConnectionId"] in ids]}


@check("ec2", "AcceptVpcPeeringConnection")
@check("ec2", "DeleteVpcPeeringConnection")
def check_alive(call: Call) -> None:
    """Refuse to do anything with what failed."""
    peering_id = call.params["VpcPeeringConnectionId"]
    if peering_id in call.cloud.store(Failures, call.region).of:
        message = f"Invalid state transition for {peering_id}, attempted to transition from failed"
        raise Refusal("InvalidStateTransition", message, 400)


@check("ec2", "CreateRoute")
@check("ec2", "ReplaceRoute")
def check_route(call: Call) -> None:
    """Refuse a route to what carries nothing."""
    wanted = call.params.get("VpcPeeringConnectionId")
    active = {each["VpcPeeringConnectionId"] for each in _all(call) if each["Status"]["Code"] == "active"}
    if wanted and wanted not in active:
        raise Refusal("InvalidParameterValue", f"VpcPeeringConnection {wanted} is not active", 400)
