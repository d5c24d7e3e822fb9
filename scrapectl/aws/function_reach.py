"""Asks AWS whether functions in a network that is not ours reach what they need; where they do not is a problem.

Of a network that is made here the spec alone tells (`spec.checks.reach`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scrapectl.engine.resource import Aws
from scrapectl.errors import Problem
from scrapectl.facts import NetworkFacts
from scrapectl.spec.checks.reach import in_network, needs_of, told, unreachable
from scrapectl.spec.model import Function, Spec

_BY_ROUTES = frozenset({"s3", "dynamodb"})
_EVERYWHERE = "0.0.0.0/0"
_HINT = "Name subnets with a route to a NAT gateway under network, or add an endpoint for {endpoint} to the VPC."


def asks(spec: Spec) -> list[Function]:
    """The functions for which AWS must be asked: they stand in a network that is not made here, and call AWS."""
    if spec.network.made is not None:
        return []
    return [each for each in spec.functions.values() if in_network(each) and any(needs_of(spec, each))]


def out_of_reach(spec: Spec, aws: Aws, network: NetworkFacts) -> list[Problem]:
    """List what functions need and cannot reach, each at its line."""
    functions = asks(spec)
    if not functions:
        return []
    of_vpc = [{"Name": "vpc-id", "Values": [network.vpc]}]
    tables = aws.pages("ec2", "describe_route_tables", "RouteTables", Filters=of_vpc)
    own = [_table_of(subnet, tables) for subnet in network.subnets]
    if all(_leads_out(table) for table in own):
        return []
    endpoints = _endpoints(aws, of_vpc, own)
    return [
        Problem(
            told(function, need)[0],
            function.place_of(need.path),
            f"{function.origin}.{need.path}",
            _HINT.format(endpoint=need.endpoint),
        )
        for function in functions
        for need in unreachable(spec, function, way_out=False, endpoints=endpoints)
    ]


def _table_of(subnet: str, tables: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """A subnet's own route table, or the VPC's main one."""
    main: Mapping[str, Any] = {}
    for table in tables:
        for association in table.get("Associations", []):
            if association.get("SubnetId") == subnet:
                return table
            if association.get("Main"):
                main = table
    return main


def _leads_out(table: Mapping[str, Any]) -> bool:
    """Whether everything has a route that is no internet gateway, for which a function has no address of its own."""
    routes = [route for route in table.get("Routes", []) if route.get("DestinationCidrBlock") == _EVERYWHERE]
    return any(not str(route.get("GatewayId", "")).startswith("igw-") for route in routes)


def _endpoints(aws: Aws, of_vpc: list[dict[str, Any]], own: Sequence[Mapping[str, Any]]) -> set[str]:
    """Names of the services with an endpoint; those by routes count when every table has such a route."""
    wanted = {table.get("RouteTableId") for table in own}
    found = set()
    for endpoint in aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=of_vpc):
        name = str(endpoint["ServiceName"]).removeprefix(f"com.amazonaws.{aws.region}.")
        if name not in _BY_ROUTES or wanted <= set(endpoint.get("RouteTableIds") or ()):
            found.add(name)
    return found
