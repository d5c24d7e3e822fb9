"""`network` → the VPC that is made with all that is in it, and where things stand in it, or in one that stands already.

Other sections ask here where jobs, databases, functions and mount targets go; for a network that is made the answers
are references, for any other the ids that were found.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.ec2_elastic_ip import Ec2ElasticIp
from scrapectl.kinds.ec2_internet_gateway import Ec2InternetGateway
from scrapectl.kinds.ec2_named import Ec2Named
from scrapectl.kinds.ec2_nat_gateway import Ec2NatGateway
from scrapectl.kinds.ec2_route_table import Ec2RouteTable, Route
from scrapectl.kinds.ec2_subnet import Ec2Subnet
from scrapectl.kinds.ec2_vpc import Ec2Vpc
from scrapectl.kinds.ec2_vpc_endpoint import Ec2VpcEndpoint
from scrapectl.kinds.ec2_vpc_peering import Ec2VpcPeering
from scrapectl.kinds.security_group import Rule, SecurityGroup
from scrapectl.spec import names
from scrapectl.spec.model import MadeNetwork

BY_ROUTES = frozenset({"s3", "dynamodb"})
"""Services with gateway endpoints, which cost nothing ("Gateway endpoints", AWS PrivateLink)."""
_EVERYWHERE = "0.0.0.0/0"
_HTTPS = 443
_NETWORK = names.NETWORK
_PUBLIC = "public"
_ENDPOINTS = "endpoints"


@dataclass(frozen=True)
class Part:
    """What a made network has in one zone: the zone's name and last letter, and two blocks of addresses."""

    zone: str
    letter: str
    public: str
    private: str


def vpc(scope: Scope) -> Any:
    """The VPC's id."""
    if scope.spec.network.made is None:
        return scope.facts.network.vpc
    return Ref(_address(scope, Ec2Vpc, _NETWORK), "id", scope.facts.network.vpc)


def job_subnets(scope: Scope) -> tuple[Any, ...]:
    """Ids of the subnets that jobs run in: of a made network the private ones, when they have a way out."""
    return public_subnets(scope) if is_public(scope) else private_subnets(scope)


def private_subnets(scope: Scope) -> tuple[Any, ...]:
    """Ids of the subnets for what need not be reached: databases, mount targets, functions."""
    return _subnets(scope, "private")


def public_subnets(scope: Scope) -> tuple[Any, ...]:
    """Ids of the subnets for what must be reached from outside."""
    return _subnets(scope, _PUBLIC)


def one_in_each_zone(scope: Scope) -> tuple[Any, ...]:
    """Ids of private subnets, one for each zone: a zone has one mount target of a file system."""
    if scope.spec.network.made is not None:
        return private_subnets(scope)
    zone_of = scope.facts.network.zone_of
    first = {zone_of.get(subnet, subnet): subnet for subnet in reversed(scope.facts.network.subnets)}
    return tuple(sorted(first.values()))


def zones(scope: Scope) -> tuple[str, ...]:
    """Names of the zones that the subnets are in; of a made network in the order of its subnets."""
    return scope.facts.network.zones


def is_public(scope: Scope) -> bool:
    """Whether jobs reach the internet by a public address of their own."""
    made = scope.spec.network.made
    return made.nat == "none" if made is not None else scope.facts.network.public


def ways(scope: Scope) -> tuple[str, ...]:
    """Addresses of what must stand before jobs reach anything: the routes of their subnets, and the endpoints."""
    made = scope.spec.network.made
    if made is None:
        return ()
    tables = [_PUBLIC] if is_public(scope) else [f"private-{part.letter}" for part in parts(scope, made)]
    endpoints = [f"endpoint-{service}" for service in made.endpoints]
    return (
        *(_address(scope, Ec2RouteTable, table) for table in tables),
        *(_address(scope, Ec2VpcEndpoint, endpoint) for endpoint in endpoints),
    )


def way_out(scope: Scope) -> tuple[str, ...]:
    """Addresses of what must stand before anything in the public subnets is reached from outside."""
    made = scope.spec.network.made
    return () if made is None else (_address(scope, Ec2RouteTable, _PUBLIC),)


def parts(scope: Scope, made: MadeNetwork) -> tuple[Part, ...]:
    """Cut the network's addresses: the first half is public, the second private, each evenly.

    Each half has a place for two or four zones, so that a zone that comes later moves none that stands.
    """
    places = 1 << (made.zones - 1).bit_length()
    blocks = list(ipaddress.ip_network(made.cidr).subnets(places.bit_length()))
    found = zip(zones(scope), blocks[:places], blocks[places:], strict=False)
    return tuple(Part(zone, zone[-1], str(public), str(private)) for zone, public, private in found)


def desired(scope: Scope) -> Iterator[Desired]:
    """A network of our own, when the spec makes one."""
    made = scope.spec.network.made
    if made is None:
        return
    yield _named(scope, Ec2Vpc, _NETWORK, cidr=made.cidr)
    yield _named(scope, Ec2InternetGateway, _NETWORK, vpc=vpc(scope))
    for part in parts(scope, made):
        at = {"vpc": vpc(scope), "zone": part.zone}
        yield _named(scope, Ec2Subnet, f"public-{part.letter}", **at, cidr=part.public, public=True)
        yield _named(scope, Ec2Subnet, f"private-{part.letter}", **at, cidr=part.private)
    yield from _nat(scope, made)
    yield from _peerings(scope, made)
    yield from _tables(scope, made)
    yield from _endpoints(scope, made)


def _nat(scope: Scope, made: MadeNetwork) -> Iterator[Desired]:
    for letter in _nat_letters(scope, made):
        name = f"nat-{letter}"
        yield _named(scope, Ec2ElasticIp, name)
        # Without the VPC's way out AWS makes a NAT gateway that fails ("Troubleshoot NAT gateways").
        yield _named(
            scope,
            Ec2NatGateway,
            name,
            (_address(scope, Ec2InternetGateway, _NETWORK),),
            subnet=_id(scope, Ec2Subnet, f"public-{letter}"),
            address=_id(scope, Ec2ElasticIp, name),
        )


def _nat_letters(scope: Scope, made: MadeNetwork) -> list[str]:
    """The zones with a NAT gateway; the single one is the first of several, and keeps its address."""
    letters = [part.letter for part in parts(scope, made)]
    return {"none": [], "single": letters[:1], "per-zone": letters}[made.nat]


def _peerings(scope: Scope, made: MadeNetwork) -> Iterator[Desired]:
    for peer in made.peer:
        name = f"peer-{peer}"
        back = (
            f"the way back is {peer}'s own, for each of its route tables: aws ec2 create-route --route-table-id rtb-… "
            f"--destination-cidr-block {made.cidr} --vpc-peering-connection-id pcx-…"
        )
        yield _named(scope, Ec2VpcPeering, name, notes=(back,), vpc=vpc(scope), peer=peer)


def _tables(scope: Scope, made: MadeNetwork) -> Iterator[Desired]:
    """One table for the public subnets, one for each private one: another kind of NAT is another route, no more."""
    found = parts(scope, made)
    joined = [
        Route(block, "peering", _id(scope, Ec2VpcPeering, f"peer-{peer}"))
        for peer in made.peer
        for block in scope.facts.network.peers.get(peer, ())
    ]
    out = Route(_EVERYWHERE, "gateway", _id(scope, Ec2InternetGateway, _NETWORK))
    yield _table(scope, _PUBLIC, [out, *joined], [f"public-{part.letter}" for part in found])
    letters = _nat_letters(scope, made)
    for part in found:
        nat = part.letter if part.letter in letters else next(iter(letters), None)
        by_nat = [Route(_EVERYWHERE, "nat", _id(scope, Ec2NatGateway, f"nat-{nat}"))] if nat else []
        yield _table(scope, f"private-{part.letter}", [*by_nat, *joined], [f"private-{part.letter}"])


def _table(scope: Scope, name: str, routes: list[Route], subnets: list[str]) -> Desired:
    ids = frozenset(_id(scope, Ec2Subnet, subnet) for subnet in subnets)
    return _named(scope, Ec2RouteTable, name, vpc=vpc(scope), routes=frozenset(routes), subnets=ids)


def _endpoints(scope: Scope, made: MadeNetwork) -> Iterator[Desired]:
    if any(service not in BY_ROUTES for service in made.endpoints):
        within = SecurityGroup(
            name=scope.name(names.SECURITY_GROUP_LIMIT, None, _ENDPOINTS),
            vpc=vpc(scope),
            description=f"AWS services inside the network of {scope.owner}",
            ingress=frozenset({Rule("tcp", _HTTPS, _HTTPS, made.cidr)}),
            egress=frozenset(),
        )
        yield scope.desire(_group_address(scope), within, scope.spec.network, common=True)
    for service in made.endpoints:
        yield _endpoint(scope, made, service)


def _endpoint(scope: Scope, made: MadeNetwork, service: str) -> Desired:
    tables = [_PUBLIC, *(f"private-{part.letter}" for part in parts(scope, made))]
    by_routes: Mapping[str, Any] = {
        "interface": False,
        "route_tables": frozenset(_id(scope, Ec2RouteTable, table) for table in tables),
    }
    by_interfaces: Mapping[str, Any] = {
        "interface": True,
        "subnets": frozenset(private_subnets(scope)),
        "security_groups": frozenset({Ref(_group_address(scope), "id")}),
        "private_dns": True,
    }
    how = by_routes if service in BY_ROUTES else by_interfaces
    name = f"com.amazonaws.{scope.facts.region}.{service}"
    return _named(scope, Ec2VpcEndpoint, f"endpoint-{service}", vpc=vpc(scope), service=name, **how)


def _subnets(scope: Scope, which: str) -> tuple[Any, ...]:
    made = scope.spec.network.made
    if made is None:
        return scope.facts.network.subnets
    return tuple(_id(scope, Ec2Subnet, f"{which}-{part.letter}") for part in parts(scope, made))


def _named(
    scope: Scope,
    kind: type[Ec2Named],
    what: str,
    after: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    **fields: Any,
) -> Desired:
    """Want a thing that is known by its tag Name; any network of this pipeline's name would have it."""
    resource = kind(scope.name(names.NAME_TAG_LIMIT, what), **fields)
    address = _address(scope, kind, what)
    return scope.desire(address, resource, scope.spec.network, common=True, after=after, notes=notes)


def _id(scope: Scope, kind: type[Ec2Named], what: str) -> Ref:
    return Ref(_address(scope, kind, what), "id")


def _address(scope: Scope, kind: type[Ec2Named], what: str) -> str:
    return f"{kind.kind}.{scope.base(what)}"


def _group_address(scope: Scope) -> str:
    return f"{SecurityGroup.kind}.{scope.base(None, _ENDPOINTS)}"
