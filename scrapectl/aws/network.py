"""Asks AWS about the network that jobs run in, and which of its subnets are public, read from their routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scrapectl.aws.made_network import WITHOUT_FARGATE, made_network_facts
from scrapectl.engine.resource import Aws
from scrapectl.errors import EnvironmentProblem, Problem, SpecError
from scrapectl.facts import NetworkFacts
from scrapectl.spec.model import Network, Spec


def network_facts(aws: Aws, spec: Spec) -> NetworkFacts:
    """Find the default VPC and its subnets, check the ids that the spec gives, or look where one is to be made.

    Raises:
        EnvironmentProblem: the account has no default VPC in this region.
        SpecError: a subnet that the spec names is not in the VPC that it names; the region lacks the zones that a made
            network wants; a VPC to be joined with is not there, or has the same addresses.
    """
    network = spec.network
    if network.made is not None:
        return made_network_facts(aws, spec, network.made)
    vpc = network.vpc or _default_vpc(aws)
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets, tables = aws.gather(
        [
            lambda: aws.pages("ec2", "describe_subnets", "Subnets", Filters=of_vpc),
            lambda: aws.pages("ec2", "describe_route_tables", "RouteTables", Filters=of_vpc),
        ]
    )
    chosen = _chosen(network, vpc, subnets)
    public = any(_is_public(subnet, tables) for subnet in chosen)
    ids = tuple(sorted(subnet["SubnetId"] for subnet in chosen))
    zones = tuple(sorted({str(subnet.get("AvailabilityZone", "")) for subnet in chosen}))
    zone_of = {str(subnet["SubnetId"]): str(subnet.get("AvailabilityZone", "")) for subnet in chosen}
    return NetworkFacts(vpc, ids, tuple(network.security_groups), public, zones, zone_of)


def _default_vpc(aws: Aws) -> str:
    found = aws.call("ec2", "describe_vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    if not found:
        raise EnvironmentProblem(
            f"Account {aws.account} has no default VPC in {aws.region}.",
            "Name one (network: {vpc: …, subnets: […]}), or make it: aws ec2 create-default-vpc.",
        )
    return str(found[0]["VpcId"])


def _chosen(network: Network, vpc: str, subnets: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    known = {subnet["SubnetId"]: subnet for subnet in subnets}
    unknown = [name for name in network.subnets if name not in known]
    if unknown:
        raise SpecError.of(
            [
                Problem(
                    f"{name} is no subnet of {vpc}.",
                    network.place_of(f"subnets.{network.subnets.index(name)}"),
                    "network.subnets",
                    f"It has {', '.join(sorted(known)) or 'none'}.",
                )
                for name in unknown
            ]
        )
    if network.subnets:
        return [known[name] for name in network.subnets]
    # Batch takes up to 16 subnets; an account's own default ones are one for each zone.
    defaults = [s for s in subnets if s.get("DefaultForAz")] if network.vpc is None else list(subnets)
    usable = [s for s in defaults or subnets if s.get("AvailabilityZoneId") not in WITHOUT_FARGATE]
    chosen = sorted(usable or subnets, key=lambda s: str(s["SubnetId"]))[:16]
    if not chosen:
        raise EnvironmentProblem(f"VPC {vpc} has no subnet.", "Make one, or name another VPC under network:.")
    return chosen


def _is_public(subnet: Mapping[str, Any], tables: Sequence[Mapping[str, Any]]) -> bool:
    """A route to an internet gateway, in the subnet's own table or in the VPC's main one."""
    own = [t for t in tables if any(a.get("SubnetId") == subnet["SubnetId"] for a in t.get("Associations", []))]
    main = [t for t in tables if any(a.get("Main") for a in t.get("Associations", []))]
    routes = [route for table in own or main for route in table.get("Routes", [])]
    return any(str(route.get("GatewayId", "")).startswith("igw-") for route in routes)
