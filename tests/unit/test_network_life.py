"""A made network's whole life on a cloud as slow as AWS: each kind of NAT, endpoints, a peering, and nothing left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scrapectl.local.services.ec2_interfaces import attach, release
from scrapectl.local.standing import standing
from scrapectl.spec import check_text
from scrapectl.spec.model import Spec
from tests.account import done, shown
from tests.clouds_clock import SlowAccount

NETWORK = """
version: 1
pipeline: shop
region: us-east-1
tags: {{Name: ours, team: mobility}}
network: {{cidr: 10.0.0.0/24, zones: 2, nat: {nat}{more}}}
jobs: {{collect: {{image: busybox}}}}
"""
ENDPOINTS = ", endpoints: [s3, logs, ecr.api]"


class SlowNetwork(SlowAccount):
    """An account with nothing but the network that comes and goes."""

    def end(self, owner: str = "shop") -> None:
        """Destroy it, without its spec."""
        super().end(owner)
        assert owner != "shop" or standing(self.cloud) == {}

    def ec2(self) -> Any:
        return self.client("ec2")


@pytest.fixture
def slow() -> Iterator[SlowNetwork]:
    found = SlowNetwork()
    yield found
    found.cloud.close()


def network(nat: str = "none", more: str = "") -> Spec:
    return check_text(NETWORK.format(nat=nat, more=more), folder=Path(), env={})


def test_each_kind_of_nat_after_another_and_nothing_left(slow: SlowNetwork) -> None:
    slow.changed(network())
    assert "create ec2_nat_gateway.shop-nat-a: subnet, address" in slow.changed(network("single"))
    (first,) = slow.ec2().describe_addresses()["Addresses"]
    changes = slow.changed(network("per-zone"))
    assert [line for line in changes if "delete" in line or "replace" in line] == []
    assert first["PublicIp"] in {each["PublicIp"] for each in slow.ec2().describe_addresses()["Addresses"]}
    assert "delete ec2_nat_gateway.shop-nat-b" in slow.changed(network("single"))
    slow.changed(network())
    assert slow.ec2().describe_addresses()["Addresses"] == []
    slow.end()


def test_destroy_without_the_spec_ends_a_network_in_its_order(slow: SlowNetwork) -> None:
    slow.changed(network("per-zone", ENDPOINTS))
    slow.sent.calls.clear()
    slow.end()
    sent = [sent.operation for sent in slow.sent.calls if sent.service == "ec2"]
    order = [
        *("DeleteVpcEndpoints", "DeleteRouteTable", "DeleteNatGateway", "ReleaseAddress"),
        *("DetachInternetGateway", "DeleteVpc"),
    ]
    assert sorted(order, key=sent.index) == order
    assert "DescribeNetworkInterfaces" not in sent, "nothing lingered"


def test_endpoints_come_and_go(slow: SlowNetwork) -> None:
    slow.changed(network("single"))
    changes = slow.changed(network("single", ENDPOINTS))
    assert {line.split()[1].partition(":")[0] for line in changes} == {
        "security_group.shop_endpoints",
        "ec2_vpc_endpoint.shop-endpoint-s3",
        "ec2_vpc_endpoint.shop-endpoint-logs",
        "ec2_vpc_endpoint.shop-endpoint-ecr.api",
    }
    assert slow.changed(network("single", ", endpoints: [s3]")) == [
        "delete ec2_vpc_endpoint.shop-endpoint-ecr.api",
        "delete ec2_vpc_endpoint.shop-endpoint-logs",
        "delete security_group.shop_endpoints",
    ]
    slow.end()


def test_a_peering_is_accepted_and_leads_both_kinds_of_subnets_there(slow: SlowNetwork) -> None:
    theirs = slow.ec2().create_vpc(CidrBlock="10.9.0.0/24")["Vpc"]["VpcId"]
    spec = network("single", f", peer: [{theirs}]")
    (back,) = [change for change in slow.plan(spec).plan.changes if change.kind == "ec2_vpc_peering"]
    assert "--destination-cidr-block 10.0.0.0/24" in back.notes[0]
    slow.changed(spec)
    (joined,) = slow.ec2().describe_vpc_peering_connections()["VpcPeeringConnections"]
    assert joined["Status"]["Code"] == "active"
    tables = [table for table in slow.ec2().describe_route_tables()["RouteTables"] if table.get("Tags")]
    reached = [{route.get("VpcPeeringConnectionId") for route in table["Routes"]} for table in tables]
    assert len(tables) == 3
    assert all(joined["VpcPeeringConnectionId"] in each for each in reached)
    slow.changed(network("single"))
    (joined,) = slow.ec2().describe_vpc_peering_connections()["VpcPeeringConnections"]
    assert joined["Status"]["Code"] == "deleted"


def test_interfaces_that_linger_are_waited_for_and_told(slow: SlowNetwork) -> None:
    """A function that ended a moment ago: AWS keeps its interface for longer than any patience of a kind."""
    slow.changed(network("single"))
    (subnet,) = slow.ec2().describe_subnets(Filters=[{"Name": "tag:Name", "Values": ["shop-private-a"]}])["Subnets"]
    (group,) = slow.ec2().describe_security_groups(Filters=[{"Name": "group-name", "Values": ["shop_jobs"]}])[
        "SecurityGroups"
    ]
    words = "AWS Lambda VPC ENI-publish"
    attach(slow.cloud, "us-east-1", "publish", subnet["SubnetId"], [group["GroupId"]], description=words, kind="lambda")
    release(slow.cloud, "us-east-1", "publish", after=1200)
    before = slow.clock.now()
    slow.end()
    assert slow.clock.now() - before > 1000
    held = [line for line in slow.waited if words in line]
    assert {line.partition(":")[0] for line in held} == {"security_group.shop_jobs", "ec2_subnet.shop-private-a"}
    assert all("AWS still holds it by a network interface: eni-" in line for line in held)


def test_a_jobs_public_address_holds_the_gateway_and_is_told(slow: SlowNetwork) -> None:
    slow.changed(network())
    (subnet,) = slow.ec2().describe_subnets(Filters=[{"Name": "tag:Name", "Values": ["shop-public-a"]}])["Subnets"]
    attach(slow.cloud, "us-east-1", "task", subnet["SubnetId"], public=True)
    release(slow.cloud, "us-east-1", "task", after=300)
    slow.end()
    assert any(line.startswith("ec2_internet_gateway.shop-network: AWS still holds it") for line in slow.waited)


def test_two_pipelines_have_a_network_each(slow: SlowNetwork) -> None:
    other = check_text(NETWORK.format(nat="none", more="").replace("shop", "store"), folder=Path(), env={})
    slow.changed(network())
    slow.changed(other)
    assert shown(slow.plan(network()).plan) == []
    slow.end("store")
    assert shown(slow.plan(network()).plan) == []
    slow.end()


def test_lost_answers_make_no_twins(slow: SlowNetwork) -> None:
    spec = network("single", ENDPOINTS)
    lost = {
        *("CreateVpc", "CreateSubnet", "AllocateAddress", "CreateNatGateway", "CreateRouteTable"),
        *("CreateInternetGateway", "CreateSecurityGroup", "CreateVpcEndpoint"),
    }
    for operation in lost:
        slow.sent.lose_answer(operation)
    done(slow.apply(spec))
    assert shown(slow.plan(spec).plan) == []
    ended = [sent.operation for sent in slow.sent.calls if sent.operation.startswith(("Delete", "Release", "Detach"))]
    assert ended == [], "a twin was made, and ended"
    assert [fault.times for fault in slow.sent.faults] == [0] * len(lost), "every answer was lost"
    assert [vpc["IsDefault"] for vpc in slow.ec2().describe_vpcs()["Vpcs"]].count(False) == 1


def test_jobs_move_from_the_default_network_into_one_that_is_made(slow: SlowNetwork) -> None:
    lines = NETWORK.format(nat="none", more="").splitlines()
    slow.changed(check_text("\n".join(line for line in lines if "network" not in line), folder=Path(), env={}))
    changed = [line for line in slow.changed(network()) if not line.startswith("create")]
    assert changed == [
        "replace security_group.shop_jobs: name",
        "update batch_compute_environment.shop-default: subnets, security_groups",
    ]
    slow.end()
