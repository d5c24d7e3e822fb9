"""What a network to be made depends on: its VPC by name, the region's zones, those that it is joined with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scrapectl.aws.network import network_facts
from scrapectl.errors import SpecError
from scrapectl.facts import NetworkFacts
from tests.account import Account, spec_of

JOBS = "jobs: {a: {image: x}}\n"


@pytest.fixture
def account() -> Account:
    return Account()


def facts(account: Account, network: str, region: str = "us-east-1") -> NetworkFacts:
    text = f"version: 1\npipeline: shop\nregion: {region}\nnetwork: {{{network}}}\n{JOBS}"
    return network_facts(account.session(region), spec_of(text, folder=Path()))


def vpc(account: Account, cidr: str, **tags: str) -> str:
    listed = [{"Key": key.replace("_", ":"), "Value": value} for key, value in tags.items()]
    more: dict[str, Any] = {"TagSpecifications": [{"ResourceType": "vpc", "Tags": listed}]} if tags else {}
    return str(account.client("ec2").create_vpc(CidrBlock=cidr, **more)["Vpc"]["VpcId"])


def test_what_does_not_stand_yet_has_zones_and_no_vpc(account: Account) -> None:
    assert facts(account, "cidr: 10.0.0.0/24, zones: 3") == NetworkFacts(
        None, (), public=True, zones=("us-east-1a", "us-east-1b", "us-east-1c")
    )
    assert not facts(account, "cidr: 10.0.0.0/24, nat: single").public


def test_its_vpc_is_found_by_name_and_owner(account: Account) -> None:
    vpc(account, "10.0.0.0/24", Name="shop-network")
    vpc(account, "10.0.0.0/24", Name="shop-network", scrapectl_pipeline="shop.eu")
    assert facts(account, "cidr: 10.0.0.0/24").vpc is None
    account = Account()
    ours = vpc(account, "10.0.0.0/24", Name="shop-network", scrapectl_pipeline="shop")
    assert facts(account, "cidr: 10.0.0.0/24").vpc == ours


def test_only_zones_are_asked_for_that_are_there_and_are_no_local_ones(account: Account) -> None:
    sent = account.calls_of(lambda: facts(account, "cidr: 10.0.0.0/24"))
    (asked,) = [call.params["Filters"] for call in sent if call.operation == "DescribeAvailabilityZones"]
    assert asked == [
        {"Name": "zone-type", "Values": ["availability-zone"]},
        {"Name": "state", "Values": ["available"]},
    ]
    assert all(call.operation.startswith("Describe") for call in sent)


def test_a_zone_without_fargate_is_no_zone_of_a_network(account: Account) -> None:
    """us-west-1 has two zones for most accounts, and Fargate is in usw1-az1 and usw1-az3 alone."""
    found = account.client("ec2", "us-west-1").describe_availability_zones()["AvailabilityZones"]
    usable = sorted(zone["ZoneName"] for zone in found if zone["ZoneId"] != "usw1-az2")
    assert facts(account, f"cidr: 10.0.0.0/24, zones: {len(usable)}", "us-west-1").zones == tuple(usable)


def test_zones_that_the_region_has_not_are_an_error_at_their_line(account: Account) -> None:
    with pytest.raises(SpecError, match=r"pipeline.yaml:4:\d+: network.zones: us-west-1 has no 4 zones") as caught:
        facts(account, "cidr: 10.0.0.0/24, zones: 4", "us-west-1")
    assert "us-west-1a" in caught.value.problems[0].hint


def test_those_that_it_is_joined_with_tell_all_their_addresses(account: Account) -> None:
    theirs = vpc(account, "10.1.0.0/24")
    account.client("ec2").associate_vpc_cidr_block(VpcId=theirs, CidrBlock="10.2.0.0/24")
    assert facts(account, f"cidr: 10.0.0.0/24, peer: [{theirs}]").peers == {theirs: ("10.1.0.0/24", "10.2.0.0/24")}


def test_a_peer_that_is_not_there_or_shares_addresses_is_an_error_at_its_line(account: Account) -> None:
    theirs = vpc(account, "10.0.0.128/25")
    with pytest.raises(SpecError) as caught:
        facts(account, f"cidr: 10.0.0.0/24, peer: [vpc-0123456789abcdef0, {theirs}]")
    first, second = caught.value.problems
    assert str(first).startswith("pipeline.yaml:4:")
    assert "network.peer.0: vpc-0123456789abcdef0 is no VPC of us-east-1" in str(first)
    assert f"network.peer.1: {theirs} has 10.0.0.128/25" in str(second)
