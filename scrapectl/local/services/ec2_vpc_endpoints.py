"""VPC endpoints of EC2: gateways as routes, interfaces that take their time and stand in subnets and groups."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local.paging import tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.ec2_filters import filtered, forget_tags, member, put_tags, tags_of
from scrapectl.local.services.ec2_interfaces import Interfaces, attach, regroup, release
from scrapectl.local.services.ec2_tokens import once
from scrapectl.local.services.tagging import Tagged, tag_source

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

GATEWAYS = frozenset({"s3", "dynamodb"})
_SETS = ("RouteTableIds", "SubnetIds", "SecurityGroupIds")
_READERS = {
    "vpc-id": member("VpcId"),
    "service-name": member("ServiceName"),
    "vpc-endpoint-id": member("VpcEndpointId"),
    "vpc-endpoint-state": member("State"),
    "vpc-endpoint-type": member("VpcEndpointType"),
}


@dataclass
class Endpoint:
    """One endpoint: as it was asked for, when it is there, and when its end is over (seconds since 1970)."""

    id: str
    vpc: str
    service: str
    type: str
    sets: dict[str, set[str]]
    private_dns: bool
    made: float
    ready: float
    ends: float | None = None


@dataclass
class Endpoints:
    """Those of a region, by id."""

    of: dict[str, Endpoint] = field(default_factory=dict)


@operation("ec2", "CreateVpcEndpoint")
def create(call: Call) -> Params:
    """Make one."""
    return once(call, lambda: _create(call))


def _create(call: Call) -> Params:
    params, now = call.params, call.cloud.clock.now()
    kind = params.get("VpcEndpointType", "Gateway")
    interface = kind == "Interface"
    _check_service(params["ServiceName"], kind, call.region)
    call.moto({"VpcIds": [params["VpcId"]]}, "DescribeVpcs")
    made = Endpoint(
        f"vpce-{secrets.token_hex(8)}0",
        params["VpcId"],
        params["ServiceName"],
        kind,
        {name: set(params.get(name) or ()) for name in _SETS},
        interface and params.get("PrivateDnsEnabled", True),
        now,
        now + (call.cloud.delays.vpc_endpoint_create if interface else 0.0),
    )
    _check(call, made)
    call.cloud.store(Endpoints, call.region).of[made.id] = made
    put_tags(call, made.id)
    _stand_in(call, made, made.sets["SubnetIds"])
    return {"VpcEndpoint": _document(call, made)}


def _check_service(name: str, kind: str, region: str) -> None:
    service = name.removeprefix(f"com.amazonaws.{region}.")
    if service == name or not service:
        raise Refusal("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist", 400)
    if kind == "Gateway" and service not in GATEWAYS:
        message = "Endpoint type (Gateway) does not match available service types ([Interface])."
        raise Refusal("InvalidParameter", message, 400)


def _check(call: Call, wanted: Endpoint) -> None:
    """Refuse what AWS refuses in an endpoint's wishes, new or changed."""
    others = [each for each in _alive(call) if each.vpc == wanted.vpc and each.id != wanted.id]
    same = [each for each in others if each.service == wanted.service]
    for table in wanted.sets["RouteTableIds"]:
        if any(table in each.sets["RouteTableIds"] for each in same):
            message = f"route table {table} already has a route with destination-prefix-list-id"
            raise Refusal("RouteAlreadyExists", message, 400)
    ids = sorted(wanted.sets["SubnetIds"])
    subnets = call.moto({"SubnetIds": ids}, "DescribeSubnets")["Subnets"] if ids else []
    if len({subnet["AvailabilityZone"] for subnet in subnets}) < len(subnets):
        raise Refusal("DuplicateSubnetsInSameZone", f"Found another VPC endpoint subnet in the zone of {ids}", 400)
    if wanted.private_dns:
        _check_dns(call, wanted, same)


def _check_dns(call: Call, wanted: Endpoint, same: list[Endpoint]) -> None:
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        answer = call.moto({"VpcId": wanted.vpc, "Attribute": name}, "DescribeVpcAttribute")
        if not answer[name[0].upper() + name[1:]]["Value"]:
            message = f"Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {wanted.vpc}"  # noqa: E501 - AWS's words
            raise Refusal("InvalidParameter", message, 400)
    if any(each.private_dns for each in same):
        message = f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for {wanted.service} in the VPC {wanted.vpc}"  # noqa: E501 - AWS's words
        raise Refusal("InvalidParameter", message, 400)


def _stand_in(call: Call, endpoint: Endpoint, subnets: set[str]) -> None:
    for subnet in sorted(subnets):
        words = f"VPC Endpoint Interface {endpoint.id}"
        groups = endpoint.sets["SecurityGroupIds"]
        attach(call.cloud, call.region, endpoint.id, subnet, groups, description=words, kind="vpc_endpoint")


@operation("ec2", "ModifyVpcEndpoint")
def modify(call: Call) -> Params:
    """Add and take away, when AWS would have it so."""
    found = next((each for each in _alive(call) if each.id == call.params["VpcEndpointId"]), None)
    if found is None:
        raise _absent(call.params["VpcEndpointId"])
    if _state(call, found) != "available":
        message = f"The vpc endpoint {found.id} is not in a state that allows this operation"
        raise Refusal("IncorrectState", message, 400)
    sets = {
        name: (found.sets[name] | set(call.params.get(f"Add{name}") or ()))
        - set(call.params.get(f"Remove{name}") or ())
        for name in _SETS
    }
    dns = call.params.get("PrivateDnsEnabled", found.private_dns)
    wanted = Endpoint(found.id, found.vpc, found.service, found.type, sets, dns, found.made, found.ready)
    _check(call, wanted)
    left = found.sets["SubnetIds"] - sets["SubnetIds"]
    come = sets["SubnetIds"] - found.sets["SubnetIds"]
    call.cloud.store(Endpoints, call.region).of[found.id] = wanted
    _leave(call, found.id, left)
    regroup(call.cloud, call.region, found.id, sets["SecurityGroupIds"])
    _stand_in(call, wanted, come)
    return {"Return": True}


def _leave(call: Call, endpoint_id: str, subnets: set[str]) -> None:
    standing = call.cloud.store(Interfaces, call.region).standing
    for each in [each for each in standing.values() if each.owner == endpoint_id and each.subnet in subnets]:
        del standing[each.id]


@operation("ec2", "DeleteVpcEndpoints")
def delete(call: Call) -> Params:
    """Begin their end; what cannot be deleted is told inside the answer."""
    failed = []
    for wanted in call.params["VpcEndpointIds"]:
        found = next((each for each in _alive(call) if each.id == wanted), None)
        if found is None:
            refusal = _absent(wanted)
            failed.append({"ResourceId": wanted, "Error": {"Code": refusal.code, "Message": refusal.message}})
        elif found.ends is None:
            after = call.cloud.delays.vpc_endpoint_delete if found.type == "Interface" else 0.0
            found.ends = call.cloud.clock.now() + after
            release(call.cloud, call.region, found.id, after)
    return {"Unsuccessful": failed}


def _absent(endpoint_id: str) -> Refusal:
    return Refusal("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{endpoint_id}' does not exist", 400)


@operation("ec2", "DescribeVpcEndpoints")
def describe(call: Call) -> Params:
    """Describe them."""
    ids = call.params.get("VpcEndpointIds")
    found = filtered(standing(call), call.params.get("Filters"), _READERS)
    return {"VpcEndpoints": [each for each in found if not ids or each["VpcEndpointId"] in ids]}


def standing(call: Call) -> list[dict[str, Any]]:
    """All that stand, as EC2 describes them."""
    return [_document(call, each) for each in _alive(call)]


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the index endpoints, and what else of EC2 moto does not: addresses and peerings."""
    if ("ec2", region) not in cloud.used:
        return
    for operation_name, items, member_name, kind in (
        ("DescribeVpcEndpoints", "VpcEndpoints", "VpcEndpointId", "vpc-endpoint"),
        ("DescribeAddresses", "Addresses", "AllocationId", "elastic-ip"),
        ("DescribeVpcPeeringConnections", "VpcPeeringConnections", "VpcPeeringConnectionId", "vpc-peering-connection"),
    ):
        for each in cloud.call("ec2", operation_name, {}, region)[items]:
            arn = f"arn:aws:ec2:{region}:{cloud.account}:{kind}/{each[member_name]}"
            yield Tagged(arn, f"ec2:{kind}", tag_map(each.get("Tags") or []))


def routes_of(call: Call, table: str) -> list[dict[str, Any]]:
    """The routes that gateway endpoints add to a table."""
    return [
        {
            "DestinationPrefixListId": f"pl-{each.id[-8:]}",
            "GatewayId": each.id,
            "Origin": "CreateRoute",
            "State": "active",
        }
        for each in _alive(call)
        if table in each.sets["RouteTableIds"]
    ]


def _alive(call: Call) -> list[Endpoint]:
    store, now = call.cloud.store(Endpoints, call.region).of, call.cloud.clock.now()
    for each in list(store.values()):
        if each.ends is not None and each.ends <= now:
            del store[each.id]
            forget_tags(call, each.id)
    return list(store.values())


def _state(call: Call, endpoint: Endpoint) -> str:
    if endpoint.ends is not None:
        return "deleting"
    return "available" if endpoint.ready <= call.cloud.clock.now() else "pending"


def _document(call: Call, endpoint: Endpoint) -> dict[str, Any]:
    owned = call.cloud.store(Interfaces, call.region).standing.values()
    return {
        "VpcEndpointId": endpoint.id,
        "VpcEndpointType": endpoint.type,
        "VpcId": endpoint.vpc,
        "ServiceName": endpoint.service,
        "State": _state(call, endpoint),
        "RouteTableIds": sorted(endpoint.sets["RouteTableIds"]),
        "SubnetIds": sorted(endpoint.sets["SubnetIds"]),
        "Groups": [{"GroupId": group, "GroupName": group} for group in sorted(endpoint.sets["SecurityGroupIds"])],
        "PrivateDnsEnabled": endpoint.private_dns,
        "NetworkInterfaceIds": [each.id for each in owned if each.owner == endpoint.id],
        "CreationTimestamp": dt.datetime.fromtimestamp(endpoint.made, dt.UTC),
        "OwnerId": call.account,
        "Tags": tags_of(call, endpoint.id),
    }
