"""Asks AWS what a network to be made depends on: whether it stands, the region's zones, the VPCs it is joined with."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scrapectl.engine.ownership import owner_of
from scrapectl.engine.resource import Aws
from scrapectl.errors import Problem, SpecError
from scrapectl.facts import NetworkFacts
from scrapectl.kinds.ec2_vpc import Ec2Vpc
from scrapectl.spec import names
from scrapectl.spec.model import MadeNetwork, Spec

WITHOUT_FARGATE = frozenset({"apne1-az3", "cnn1-az3", "usw1-az2"})
"""Zones, by their id, where Fargate starts nothing ("Amazon ECS on AWS Fargate", supported Regions)."""


def made_network_facts(aws: Aws, spec: Spec, made: MadeNetwork) -> NetworkFacts:
    """Find its VPC by its name, the zones that it goes to, and the addresses of those that it is joined with.

    Raises:
        SpecError: the region has too few zones; a VPC to be joined with is not there, or has the same addresses.
    """
    answers: list[Any] = aws.gather(
        [lambda: _standing(aws, spec), lambda: _zones(aws), lambda: _peers(aws, made) if made.peer else {}]
    )
    vpc, zones, peers = answers
    problems = [*_too_few(aws, made, zones), *_wrong_peers(aws, made, peers)]
    if problems:
        raise SpecError.of(problems)
    return NetworkFacts(vpc, (), public=made.nat == "none", zones=tuple(zones[: made.zones]), peers=peers)


def _standing(aws: Aws, spec: Spec) -> str | None:
    """The id of the VPC, when it stands and is this instance's; the plan tells when it is another's."""
    name = names.physical_name(spec.pipeline, spec.stage, names.NETWORK, limit=names.NAME_TAG_LIMIT)
    live = Ec2Vpc.read(aws, (name,))
    return live.outputs["id"] if live is not None and owner_of(live) == spec.owner else None


def _zones(aws: Aws) -> list[str]:
    """Names of the region's zones with Fargate, in their order; local zones and wavelengths are others."""
    filters = [{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
    found = aws.call("ec2", "describe_availability_zones", Filters=filters)["AvailabilityZones"]
    return sorted(str(zone["ZoneName"]) for zone in found if zone["ZoneId"] not in WITHOUT_FARGATE)


def _peers(aws: Aws, made: MadeNetwork) -> Mapping[str, tuple[str, ...]]:
    filters = [{"Name": "vpc-id", "Values": sorted(made.peer)}]
    found = aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=filters)
    return {str(vpc["VpcId"]): tuple(_blocks(vpc)) for vpc in found}


def _blocks(vpc: Mapping[str, Any]) -> list[str]:
    """Every block of addresses that it has now, the first one first."""
    more = [
        entry["CidrBlock"]
        for entry in vpc.get("CidrBlockAssociationSet") or ()
        if entry["CidrBlockState"]["State"] == "associated"
    ]
    return list(dict.fromkeys([vpc["CidrBlock"], *more]))


def _too_few(aws: Aws, made: MadeNetwork, zones: Sequence[str]) -> Iterator[Problem]:
    if len(zones) < made.zones:
        message = f"{aws.region} has no {made.zones} zones with Fargate."
        hint = f"It has {len(zones)}: {', '.join(zones)}."
        yield Problem(message, made.place_of("zones"), "network.zones", hint)


def _wrong_peers(aws: Aws, made: MadeNetwork, peers: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    ours = ipaddress.ip_network(made.cidr)
    for number, peer in enumerate(made.peer):
        path = f"peer.{number}"
        same = [block for block in peers.get(peer, ()) if ipaddress.ip_network(block).overlaps(ours)]
        if peer not in peers:
            hint = "Name a VPC of this account and region."
            yield Problem(f"{peer} is no VPC of {aws.region}.", made.place_of(path), f"network.{path}", hint)
        elif same:
            message = f"{peer} has {same[0]}, and AWS joins no networks that share addresses."
            yield Problem(message, made.place_of(path), f"network.{path}", "Write another cidr.")
