"""What a made network is made of, and where other sections stand in it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from scrapectl.blueprint import network
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.values import Ref, refs
from scrapectl.facts import NetworkFacts
from scrapectl.kinds.ec2_route_table import Route
from scrapectl.kinds.security_group import Rule
from tests.unit.blueprint.world import facts_for, resources, spec_of, wanted

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d")
THEIRS = "vpc-0123456789abcdef0"
JOBS = "jobs: {collect: {image: busybox}}\n"


def made(words: str = "", more: str = JOBS, zones: int = 2, **facts: Any) -> dict[str, Any]:
    """The spec, and facts of a region with so many zones, as keywords of `wanted`."""
    spec = spec_of(f"network: {{cidr: 10.0.0.0/25, zones: {zones}{words}}}\n{more}")
    network = NetworkFacts(None, (), public=True, zones=ZONES[:zones])
    return {"spec": spec, "network": dataclasses.replace(network, **facts)}


def ref(kind: str, name: str) -> Ref:
    return Ref(f"{kind}.shop-{name}", "id")


@pytest.mark.parametrize(
    ("zones", "public", "private"),
    [
        (1, ["10.0.0.0/26"], ["10.0.0.64/26"]),
        (2, ["10.0.0.0/27", "10.0.0.32/27"], ["10.0.0.64/27", "10.0.0.96/27"]),
        (3, ["10.0.0.0/28", "10.0.0.16/28", "10.0.0.32/28"], ["10.0.0.64/28", "10.0.0.80/28", "10.0.0.96/28"]),
    ],
)
def test_addresses_are_cut_evenly_public_first(zones: int, public: list[str], private: list[str]) -> None:
    found = resources(**made(zones=zones), kind="ec2_subnet")
    assert [found[f"ec2_subnet.shop-public-{letter}"].cidr for letter in "abcd"[:zones]] == public
    assert [found[f"ec2_subnet.shop-private-{letter}"].cidr for letter in "abcd"[:zones]] == private
    assert {subnet.public for address, subnet in found.items() if "public" in address} == {True}
    assert {subnet.public for address, subnet in found.items() if "private" in address} == {False}


def test_a_fourth_zone_moves_none_of_three() -> None:
    three, four = (resources(**made(zones=zones), kind="ec2_subnet") for zones in (3, 4))
    assert three.items() <= four.items()
    assert len(four) == 8


@pytest.mark.parametrize(
    ("nat", "gateways", "ways"),
    [("none", [], [None, None]), ("single", ["a"], ["a", "a"]), ("per-zone", ["a", "b"], ["a", "b"])],
)
def test_private_subnets_go_by_their_nat(nat: str, gateways: list[str], ways: list[str | None]) -> None:
    world = made(f", nat: {nat}")
    assert list(resources(**world, kind="ec2_nat_gateway")) == [f"ec2_nat_gateway.shop-nat-{each}" for each in gateways]
    assert list(resources(**world, kind="ec2_elastic_ip")) == [f"ec2_elastic_ip.shop-nat-{each}" for each in gateways]
    tables = resources(**world, kind="ec2_route_table")
    for letter, way in zip("ab", ways, strict=True):
        table = tables[f"ec2_route_table.shop-private-{letter}"]
        out = {Route("0.0.0.0/0", "nat", ref("ec2_nat_gateway", f"nat-{way}"))} if way else set()
        assert table.routes == out
        assert table.subnets == {ref("ec2_subnet", f"private-{letter}")}
    public = tables["ec2_route_table.shop-public"]
    assert public.routes == {Route("0.0.0.0/0", "gateway", ref("ec2_internet_gateway", "network"))}
    assert public.subnets == {ref("ec2_subnet", "public-a"), ref("ec2_subnet", "public-b")}


def test_a_nat_gateway_comes_after_the_way_out() -> None:
    assert wanted(**made(", nat: single"))["ec2_nat_gateway.shop-nat-a"].after == ("ec2_internet_gateway.shop-network",)


@pytest.mark.parametrize(("nat", "where", "public_ip"), [("none", "public", True), ("single", "private", False)])
def test_jobs_stand_where_they_have_a_way_out(nat: str, where: str, public_ip: bool) -> None:
    world = made(f", nat: {nat}")
    (environment,) = resources(**world, kind="batch_compute_environment").values()
    assert set(environment.subnets) == {ref("ec2_subnet", f"{where}-a"), ref("ec2_subnet", f"{where}-b")}
    (job,) = resources(**world, kind="batch_job_definition").values()
    assert job.public_ip is public_ip
    ways = wanted(**world)["batch_compute_environment.shop-default"].after
    assert all(way.startswith(f"ec2_route_table.shop-{where}") for way in ways)
    assert ways


def test_security_groups_are_of_the_vpc_that_stands_or_is_to_be_made() -> None:
    (group,) = resources(**made(), kind="security_group").values()
    assert group.vpc == ref("ec2_vpc", "network")
    assert not group.key()[1].startswith("vpc-")
    (group,) = resources(**made(vpc="vpc-1"), kind="security_group").values()
    assert group.vpc == Ref("ec2_vpc.shop-network", "id", "vpc-1")
    assert group.key() == ("shop_jobs", "vpc-1")


def test_databases_stand_in_private_subnets_and_in_public_ones_when_they_are_reached() -> None:
    reached = "b: {engine: mysql, version: '8.4', public: [192.0.2.0/24]}"
    world = made(more=f"databases: {{a: {{engine: postgres, version: '16'}}, {reached}}}\n")
    groups = resources(**world, kind="rds_subnet_group")
    assert set(groups["rds_subnet_group.shop_private-databases"].subnets) == {
        ref("ec2_subnet", "private-a"),
        ref("ec2_subnet", "private-b"),
    }
    assert set(groups["rds_subnet_group.shop_public-databases"].subnets) == {
        ref("ec2_subnet", "public-a"),
        ref("ec2_subnet", "public-b"),
    }
    instances = resources(**world, kind="rds_instance")
    assert str(instances["rds_instance.shop-a"].subnet_group) == "shop-private-databases"
    assert str(instances["rds_instance.shop-b"].subnet_group) == "shop-public-databases"
    assert wanted(**world)["rds_instance.shop-b"].after == ("ec2_route_table.shop-public",)


def test_endpoints_by_routes_are_in_all_tables_others_in_private_subnets_behind_https() -> None:
    world = made(", endpoints: [s3, dynamodb, ecr.api]")
    found = resources(**world, kind="ec2_vpc_endpoint")
    by_routes = found["ec2_vpc_endpoint.shop-endpoint-dynamodb"]
    assert (by_routes.interface, by_routes.service) == (False, "com.amazonaws.us-east-1.dynamodb")
    tables = {ref("ec2_route_table", name) for name in ("public", "private-a", "private-b")}
    assert by_routes.route_tables == tables
    interfaces = found["ec2_vpc_endpoint.shop-endpoint-ecr.api"]
    assert (interfaces.interface, interfaces.private_dns) == (True, True)
    assert interfaces.subnets == {ref("ec2_subnet", "private-a"), ref("ec2_subnet", "private-b")}
    assert interfaces.security_groups == {Ref("security_group.shop_endpoints", "id")}
    group = resources(**world, kind="security_group")["security_group.shop_endpoints"]
    assert (group.ingress, group.egress) == ({Rule("tcp", 443, 443, "10.0.0.0/25")}, frozenset())
    assert "security_group.shop_endpoints" not in wanted(**made(", endpoints: [s3]"))


def test_every_table_leads_to_a_peer_by_each_of_its_blocks_and_the_way_back_is_told() -> None:
    world = made(f", peer: [{THEIRS}]", peers={THEIRS: ("10.1.0.0/24", "10.2.0.0/24")})
    joined = ref("ec2_vpc_peering", f"peer-{THEIRS}")
    for table in resources(**world, kind="ec2_route_table").values():
        there = {route.destination for route in table.routes if route.target == joined}
        assert there == {"10.1.0.0/24", "10.2.0.0/24"}
    (note,) = wanted(**world)[f"ec2_vpc_peering.shop-peer-{THEIRS}"].notes
    assert "--destination-cidr-block 10.0.0.0/25" in note


def test_a_network_that_stands_is_made_of_nothing() -> None:
    spec = spec_of(JOBS)
    assert not [address for address in wanted(spec) if address.startswith("ec2_")]
    scope = Scope(spec, facts_for(spec))
    assert network.vpc(scope) == "vpc-1"
    assert network.job_subnets(scope) == network.private_subnets(scope) == ("subnet-1", "subnet-2")
    assert network.is_public(scope)
    assert network.ways(scope) == ()


def test_one_subnet_in_each_zone_of_a_network_that_stands() -> None:
    spec = spec_of(JOBS)
    zone_of = {"subnet-1": "a", "subnet-2": "a", "subnet-3": "b"}
    standing = NetworkFacts("vpc-1", tuple(zone_of), zones=("a", "b"), zone_of=zone_of)
    assert network.one_in_each_zone(Scope(spec, facts_for(spec, network=standing))) == ("subnet-1", "subnet-3")


def test_nothing_refers_to_what_is_not_wanted() -> None:
    found = wanted(
        **made(f", nat: per-zone, endpoints: [s3, logs], peer: [{THEIRS}]", peers={THEIRS: ("10.1.0.0/24",)})
    )
    named = {ref.address for desired in found.values() for ref in refs(desired.resource)}
    named |= {address for desired in found.values() for address in desired.after}
    assert named <= found.keys()
