"""NAT gateways of EC2 over moto's: they take minutes to come and to go, fail as AWS's do, and hold their address."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services.ec2_filters import filtered, member
from scrapectl.local.services.ec2_tokens import once

_SHOWN = 3600.0
"""How long AWS shows what failed or was deleted ("Troubleshoot NAT gateways", Amazon VPC User Guide)."""
_READERS = {
    "nat-gateway-id": member("NatGatewayId"),
    "subnet-id": member("SubnetId"),
    "vpc-id": member("VpcId"),
    "state": member("State"),
}


@dataclass
class Life:
    """When one is there, its address, why it failed, and when its end is over (seconds since 1970)."""

    ready: float
    address: str
    failure: str = ""
    ends: float | None = None


@dataclass
class Lives:
    """Those of a region, by id."""

    of: dict[str, Life] = field(default_factory=dict)


@operation("ec2", "CreateNatGateway")
def create(call: Call) -> Params:
    """Make one; what is wrong with it shows in its state, as in AWS."""
    return once(call, lambda: _create(call))


def _create(call: Call) -> Params:
    address = call.params.get("AllocationId")
    if not address:
        raise Refusal("MissingParameter", "The request must include the AllocationId parameter.", 400)
    failure = _failure(call, address)
    given = {name: value for name, value in call.params.items() if not (failure and name == "AllocationId")}
    made = call.moto(given)["NatGateway"]
    ready = call.cloud.clock.now() + call.cloud.delays.nat_gateway_create
    call.cloud.store(Lives, call.region).of[made["NatGatewayId"]] = Life(ready, address, failure)
    return {"NatGateway": _as_now(call, made)}


def _failure(call: Call, address: str) -> str:
    """Say what AWS finds wrong once it has begun."""
    subnet = call.moto({"SubnetIds": [call.params["SubnetId"]]}, "DescribeSubnets")["Subnets"][0]
    held = call.moto({"AllocationIds": [address]}, "DescribeAddresses")["Addresses"][0]
    if held.get("AssociationId"):
        return f"Elastic IP address [{address}] is already associated"
    attached = [{"Name": "attachment.vpc-id", "Values": [subnet["VpcId"]]}]
    if not call.moto({"Filters": attached}, "DescribeInternetGateways")["InternetGateways"]:
        return f"Network {subnet['VpcId']} has no Internet gateway attached"
    return ""


@operation("ec2", "DescribeNatGateways")
def describe(call: Call) -> Params:
    """Describe them, in the states of now."""
    ids = call.params.get("NatGatewayIds")
    found = filtered(standing(call), call.params.get("Filter"), _READERS)
    return {"NatGateways": [each for each in found if not ids or each["NatGatewayId"] in ids]}


def standing(call: Call) -> list[dict[str, Any]]:
    """All that AWS would show."""
    lives, now = call.cloud.store(Lives, call.region).of, call.cloud.clock.now()
    if not lives:
        return []
    settle(call)
    found = [_as_now(call, each) for each in call.moto({}, "DescribeNatGateways")["NatGateways"]]
    ends = {each["NatGatewayId"]: lives[each["NatGatewayId"]].ends for each in found}
    return [each for each in found if (ends[each["NatGatewayId"]] or now) > now - _SHOWN]


def _as_now(call: Call, document: dict[str, Any]) -> dict[str, Any]:
    life, now = call.cloud.store(Lives, call.region).of[document["NatGatewayId"]], call.cloud.clock.now()
    if life.failure:
        document = {**document, "NatGatewayAddresses": [{"AllocationId": life.address}]}
    if life.ends is not None:
        state = "deleted" if life.ends <= now else "deleting"
    elif life.ready > now:
        state = "pending"
    else:
        state = "failed" if life.failure else "available"
    why = {"FailureCode": "Failed", "FailureMessage": life.failure} if state == "failed" else {}
    return {**document, "State": state, **why}


@operation("ec2", "DeleteNatGateway")
def delete(call: Call) -> Params:
    """Begin its end."""
    settle(call)
    nat_id = call.params["NatGatewayId"]
    life = call.cloud.store(Lives, call.region).of.get(nat_id)
    if life is None:
        raise Refusal("NatGatewayNotFound", f"The Nat Gateway {nat_id} was not found", 400)
    if life.ends is None:
        life.ends = call.cloud.clock.now() + call.cloud.delays.nat_gateway_delete
    settle(call)
    return {"NatGatewayId": nat_id}


def settle(call: Call) -> None:
    """Let those whose end is over leave their address and their interface."""
    lives, now = call.cloud.store(Lives, call.region).of, call.cloud.clock.now()
    for each in call.moto({}, "DescribeNatGateways")["NatGateways"] if lives else ():
        life = lives[each["NatGatewayId"]]
        if life.ends is None or life.ends > now or each["State"] == "deleted":
            continue
        for held in each["NatGatewayAddresses"]:
            if held.get("AssociationId"):
                call.moto({"AssociationId": held["AssociationId"]}, "DisassociateAddress")
            call.moto({"NetworkInterfaceId": held["NetworkInterfaceId"]}, "DeleteNetworkInterface")
        call.moto({"NatGatewayId": each["NatGatewayId"]}, "DeleteNatGateway")


@check("ec2", "ReleaseAddress")
def check_release(call: Call) -> None:
    """Refuse to release an address that something holds; to one that a NAT gateway holds AWS denies the access."""
    settle(call)
    address = call.params.get("AllocationId")
    held = [each for each in call.moto({}, "DescribeAddresses")["Addresses"] if each.get("AllocationId") == address]
    if not held or not held[0].get("AssociationId"):
        return
    holders = [each for each in standing(call) if each["State"] != "deleted"]
    if any(address == one.get("AllocationId") for each in holders for one in each["NatGatewayAddresses"]):
        raise Refusal("AuthFailure", "You do not have permission to access the specified resource.", 400)
    raise Refusal("InvalidIPAddress.InUse", f"Address {held[0]['PublicIp']} is in use.", 400)


@check("ec2", "CreateRoute")
@check("ec2", "ReplaceRoute")
def check_route(call: Call) -> None:
    """Refuse a route to a NAT gateway that is not there; moto makes one to nowhere."""
    nat_id = call.params.get("NatGatewayId")
    alive = {each["NatGatewayId"] for each in standing(call) if each["State"] in {"pending", "available"}}
    if nat_id and nat_id not in alive:
        raise Refusal("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat_id}' does not exist", 400)
