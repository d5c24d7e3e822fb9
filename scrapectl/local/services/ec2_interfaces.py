"""Network interfaces that services of the cloud put into subnets, and that linger for a while after their owner.

Other services call `attach` when something of theirs begins to stand in a subnet, and `release` when it ends. While an
interface is there, AWS deletes neither its subnet nor its security groups.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services.ec2_filters import Reader, filtered, member

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


@dataclass(frozen=True)
class Interface:
    """One interface; `until` is when it goes, in seconds since 1970, None while its owner stands."""

    id: str
    owner: str
    description: str
    kind: str
    subnet: str
    vpc: str
    zone: str
    groups: tuple[str, ...]
    address: str
    public: bool
    until: float | None = None


@dataclass
class Interfaces:
    """Those of a region, by id."""

    standing: dict[str, Interface] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))


def attach(
    cloud: Cloud,
    region: str,
    owner: str,
    subnet: str,
    groups: Iterable[str] = (),
    *,
    description: str = "",
    kind: str = "interface",
    public: bool = False,
) -> str:
    """Put an interface into a subnet and say its id.

    Args:
        cloud: The cloud.
        region: Its region.
        owner: Whose it is, by whatever `release` will name: an ARN, an id.
        subnet: Id of the subnet, which must stand.
        groups: Ids of its security groups.
        description: What DescribeNetworkInterfaces says of it, "AWS Lambda VPC ENI-publish".
        kind: Its InterfaceType: interface, lambda, efs, nat_gateway, vpc_endpoint.
        public: Whether it has a public address: the VPC's internet gateway then stays.

    Raises:
        Refusal: There is no such subnet.
    """
    found = cloud.call("ec2", "DescribeSubnets", {"SubnetIds": [subnet]}, region)["Subnets"][0]
    store = cloud.store(Interfaces, region)
    number = next(store.numbers)
    made = Interface(
        f"eni-{number:017x}",
        owner,
        description or owner,
        kind,
        subnet,
        found["VpcId"],
        found["AvailabilityZone"],
        tuple(groups),
        f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        public,
    )
    store.standing[made.id] = made
    return made.id


def release(cloud: Cloud, region: str, owner: str, after: float = 0.0) -> None:
    """Let an owner's interfaces go in `after` seconds of the cloud's clock; nothing happens when it has none."""
    store, end = cloud.store(Interfaces, region), cloud.clock.now() + after
    for each in list(store.standing.values()):
        if each.owner == owner and each.until is None:
            store.standing[each.id] = replace(each, until=end)


def regroup(cloud: Cloud, region: str, owner: str, groups: Iterable[str]) -> None:
    """Put an owner's interfaces into other security groups."""
    store = cloud.store(Interfaces, region)
    for each in list(store.standing.values()):
        if each.owner == owner:
            store.standing[each.id] = replace(each, groups=tuple(groups))


def standing(cloud: Cloud, region: str) -> list[Interface]:
    """Those that are there now."""
    store, now = cloud.store(Interfaces, region), cloud.clock.now()
    for each in list(store.standing.values()):
        if each.until is not None and each.until <= now:
            del store.standing[each.id]
    return list(store.standing.values())


def _document(each: Interface) -> dict[str, Any]:
    association = {"Association": {"PublicIp": "203.0.113.1", "IpOwnerId": "amazon"}} if each.public else {}
    return {
        "NetworkInterfaceId": each.id,
        "Description": each.description,
        "InterfaceType": each.kind,
        "SubnetId": each.subnet,
        "VpcId": each.vpc,
        "AvailabilityZone": each.zone,
        "Groups": [{"GroupId": group, "GroupName": group} for group in each.groups],
        "PrivateIpAddress": each.address,
        "RequesterManaged": True,
        "Status": "in-use",
        **association,
    }


def _public_address(document: Mapping[str, Any]) -> list[str]:
    return [(document.get("Association") or {}).get("PublicIp") or ""]


_READERS: Mapping[str, Reader] = {
    "network-interface-id": member("NetworkInterfaceId"),
    "subnet-id": member("SubnetId"),
    "vpc-id": member("VpcId"),
    "availability-zone": member("AvailabilityZone"),
    "description": member("Description"),
    "interface-type": member("InterfaceType"),
    "status": member("Status"),
    "group-id": lambda document: [group["GroupId"] for group in document.get("Groups") or ()],
    "association.public-ip": _public_address,
    "private-ip-address": member("PrivateIpAddress"),
}


def described(call: Call, filters: Iterable[Mapping[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Every interface of the region that passes the filters: moto's own (of NAT gateways, of users) and ours."""
    found = call.moto({}, "DescribeNetworkInterfaces")["NetworkInterfaces"]
    return filtered([*found, *map(_document, standing(call.cloud, call.region))], filters, _READERS)


@operation("ec2", "DescribeNetworkInterfaces")
def describe(call: Call) -> Params:
    """Describe them all."""
    ids = call.params.get("NetworkInterfaceIds")
    found = described(call, call.params.get("Filters"))
    return {"NetworkInterfaces": [each for each in found if not ids or each["NetworkInterfaceId"] in ids]}


@check("ec2", "DeleteNetworkInterface")
def check_delete(call: Call) -> None:
    """Refuse to delete what a service asked for."""
    wanted = call.params.get("NetworkInterfaceId")
    for each in described(call):
        if each["NetworkInterfaceId"] == wanted and each.get("RequesterManaged"):
            message = "You are not allowed to manage 'ela-attach' attachments."
            raise Refusal("OperationNotPermitted", message, 400)
