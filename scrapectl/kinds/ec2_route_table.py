"""Turns where the traffic of subnets goes into a route table of EC2, with its subnets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from scrapectl.engine.marks import Fixed
from scrapectl.engine.resource import Aws, Live, Needs, Pace, Removal, Scopes, Update
from scrapectl.kinds.ec2_named import Ec2Named, Shape

ABSENT = ("InvalidRouteTableID.NotFound",)
_MEMBERS = {"gateway": "GatewayId", "nat": "NatGatewayId", "peering": "VpcPeeringConnectionId"}
_OTHERS = ("NetworkInterfaceId", "TransitGatewayId", "EgressOnlyInternetGatewayId", "CarrierGatewayId")


@dataclass(frozen=True)
class Route:
    """Where traffic to a block of addresses goes.

    Attributes:
        destination: A CIDR, "0.0.0.0/0".
        via: "gateway", "nat" or "peering"; "other" for what somebody else added.
        target: Id of that.
    """

    destination: str
    via: str
    target: Any


@dataclass(frozen=True)
class Ec2RouteTable(Ec2Named):
    """A route table; the VPC's own route and those that endpoints add are not shown.

    Attributes:
        vpc: Id of its VPC.
        routes: Where traffic goes, beyond the VPC.
        subnets: Ids of the subnets that go by it.
    """

    vpc: Fixed[Any]
    routes: frozenset[Route] = frozenset()
    subnets: frozenset[Any] = frozenset()

    kind: ClassVar[str] = "ec2_route_table"
    shape: ClassVar[Shape] = Shape("route-table", "rtb-", "describe_route_tables", "RouteTables", "RouteTableId")
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=120.0)
    needs: ClassVar[Needs] = Needs(
        read=("ec2:DescribeRouteTables",),
        create=("ec2:AssociateRouteTable", "ec2:CreateRoute", "ec2:CreateRouteTable", "ec2:CreateTags"),
        update=(
            "ec2:AssociateRouteTable",
            "ec2:CreateRoute",
            "ec2:CreateTags",
            "ec2:DeleteRoute",
            "ec2:DeleteTags",
            "ec2:DisassociateRouteTable",
            "ec2:ReplaceRoute",
        ),
        delete=("ec2:DeleteRouteTable", "ec2:DisassociateRouteTable"),
        owned=("ec2:DescribeTags",),
    )
    scopes: ClassVar[Scopes] = Scopes({"ec2:route-table": ("ec2:{region}:{account}:route-table/{tagged}",)})

    @classmethod
    def of_document(cls, aws: Aws, name: str, document: Mapping[str, Any]) -> Self | None:
        """Read its routes and its subnets."""
        del aws
        routes = frozenset(_routes(document.get("Routes") or ()))
        return cls(name, document["VpcId"], routes, frozenset(_associations(document)))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; then its routes, then its subnets: none goes by a table that leads nowhere."""
        answer = aws.call("ec2", "create_route_table", VpcId=self.vpc, TagSpecifications=self.tagged(tags))
        table_id = answer["RouteTable"]["RouteTableId"]
        self._route(aws, table_id, frozenset())
        self._associate(aws, table_id, self.subnets)
        return None

    def change(self, aws: Aws, update: Update) -> None:
        """Lead traffic where it shall go, then take subnets in and let them go."""
        live, table_id = cast("Self", update.live.resource), update.live.outputs["id"]
        self._route(aws, table_id, live.routes)
        self._associate(aws, table_id, self.subnets - live.subnets)
        _dissociate(aws, update.live, live.subnets - self.subnets)

    def _route(self, aws: Aws, table_id: str, live: frozenset[Route]) -> None:
        """A route to the same addresses is replaced in one call, so that they are reached all the while."""
        standing = {route.destination for route in live}
        wanted = {route.destination for route in self.routes}
        for route in sorted(self.routes - live, key=repr):
            operation = "replace_route" if route.destination in standing else "create_route"
            target: dict[str, Any] = {_MEMBERS[route.via]: route.target}
            aws.call("ec2", operation, RouteTableId=table_id, DestinationCidrBlock=route.destination, **target)
        for destination in sorted(standing - wanted):
            member = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
            named: dict[str, Any] = {"RouteTableId": table_id, member: destination}
            aws.call("ec2", "delete_route", absent=("InvalidRoute.NotFound",), **named)

    def _associate(self, aws: Aws, table_id: str, subnets: Iterable[Any]) -> None:
        for subnet in sorted(subnets, key=str):
            aws.call("ec2", "associate_route_table", RouteTableId=table_id, SubnetId=subnet)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Let its subnets go, then delete it."""
        del removal
        _dissociate(aws, live, cast("Ec2RouteTable", live.resource).subnets)
        aws.call("ec2", "delete_route_table", absent=ABSENT, RouteTableId=live.outputs["id"])


def _routes(entries: Iterable[Mapping[str, Any]]) -> Iterator[Route]:
    for entry in entries:
        destination = entry.get("DestinationCidrBlock") or entry.get("DestinationIpv6CidrBlock")
        if entry.get("Origin") != "CreateRoute" or not destination:  # endpoints name a prefix list
            continue
        ways = [(via, entry[member]) for via, member in _MEMBERS.items() if entry.get(member)]
        ways += [("other", entry[member]) for member in _OTHERS if entry.get(member)]
        via, target = ways[0] if ways else ("other", "")
        if not target.startswith("vpce-"):
            yield Route(destination, via, target)


def _associations(document: Mapping[str, Any]) -> dict[str, str]:
    """Subnet → the id of its association; those that are just ending are left out."""
    return {
        entry["SubnetId"]: entry["RouteTableAssociationId"]
        for entry in document.get("Associations") or ()
        if "SubnetId" in entry and (entry.get("AssociationState") or {}).get("State") not in _ENDED
    }


_ENDED = frozenset({"disassociating", "disassociated", "failed"})


def _dissociate(aws: Aws, live: Live, subnets: Iterable[Any]) -> None:
    associations = _associations(live.detail.document)
    for subnet in sorted(subnets):
        absent = ("InvalidAssociationID.NotFound",)
        aws.call("ec2", "disassociate_route_table", absent=absent, AssociationId=associations[subnet])
