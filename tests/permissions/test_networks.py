"""A made network under its policies: enough for its life, all of it needed, and another's network out of reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scrapectl.pipeline.permissions import Purpose
from tests.permissions.life import HEAD, Life, actions_in, policies_for
from tests.permissions.scenes import TAGS

JOBS = "jobs: {work: {image: 'public.ecr.aws/x/y:1'}}\n"
ROWS = "message_queues: {rows: {}}\n"
OF_A_NETWORKS_END = {
    *("ec2:DeleteInternetGateway", "ec2:DeleteRouteTable", "ec2:DeleteSubnet", "ec2:DeleteVpc"),
    *("ec2:DescribeNetworkInterfaces", "ec2:DetachInternetGateway", "ec2:DisassociateRouteTable"),
}
"""What apply needs when the spec takes the whole network out: then its policy is another's."""


def network(words: str) -> str:
    return f"network: {{cidr: 10.0.0.0/24, zones: 2{words}}}\n{JOBS}{ROWS}"


@pytest.fixture
def whole(life: Life) -> str:
    """The spec with everything that a network can have; its policies are the life's."""
    with life.others() as client:
        peer = client("ec2").create_vpc(CidrBlock="10.9.0.0/24")["Vpc"]["VpcId"]
    text = network(f", nat: per-zone, endpoints: [s3, logs], peer: [{peer}]")
    purposes: tuple[Purpose, ...] = ("apply", "read", "destroy")
    life.policies |= {purpose: policies_for(HEAD + text, purpose) for purpose in purposes}
    return text


def tamper(life: Life) -> None:
    """Somebody changes what each kind can mend."""
    with life.others() as client:
        ec2 = client("ec2")

        def named(name: str) -> list[dict[str, object]]:
            return [{"Name": "tag:Name", "Values": [name]}]

        (vpc,) = ec2.describe_vpcs(Filters=named("shop-network"))["Vpcs"]
        (subnet,) = ec2.describe_subnets(Filters=named("shop-public-a"))["Subnets"]
        (table,) = ec2.describe_route_tables(Filters=named("shop-private-a"))["RouteTables"]
        (gateway,) = ec2.describe_internet_gateways(Filters=named("shop-network"))["InternetGateways"]
        (endpoint,) = ec2.describe_vpc_endpoints(Filters=named("shop-endpoint-logs"))["VpcEndpoints"]
        ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PrivateDnsEnabled=False)
        ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={"Value": False})
        ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], MapPublicIpOnLaunch={"Value": False})
        (association,) = table["Associations"]
        ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
        ec2.create_tags(Resources=[gateway["InternetGatewayId"]], Tags=[{"Key": "scrapectl:address", "Value": "x"}])


def test_the_policy_is_enough_and_all_of_it_is_needed(life: Life, whole: str) -> None:
    life.apply(whole + TAGS)
    tamper(life)
    life.apply(whole)
    life.apply(network(", nat: single"))
    life.apply(network(", nat: none"))
    life.apply(whole)
    life.run("read", "plan")
    with life.others() as client:
        of_name = [{"Name": "tag:Name", "Values": ["shop-public-a"]}]
        (subnet,) = client("ec2").describe_subnets(Filters=of_name)["Subnets"]
    life.lingers(subnet["SubnetId"])
    life.run("destroy", "destroy", "--yes")
    expected: tuple[tuple[Purpose, set[str]], ...] = (("apply", OF_A_NETWORKS_END), ("destroy", set()))
    for purpose, unused in expected:
        of_network = {action for action in actions_in(life.policies[purpose]) if action.startswith("ec2:")}
        rest = of_network - life.used[purpose] - unused
        assert {action for action in rest if "SecurityGroup" not in action} == set(), purpose


def test_another_pipelines_network_is_out_of_reach(life: Life, whole: str) -> None:
    life.apply(whole)
    with life.others() as client:
        ec2 = client("ec2")
        theirs = [{"Key": "scrapectl:pipeline", "Value": "store"}]
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24", TagSpecifications=[{"ResourceType": "vpc", "Tags": theirs}])[
            "Vpc"
        ]["VpcId"]
        address = ec2.allocate_address(
            Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": theirs}]
        )["AllocationId"]
    ec2 = life.account.client("ec2")
    calls: list[Callable[[], Any]] = [
        lambda: ec2.delete_vpc(VpcId=vpc),
        lambda: ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False}),
        lambda: ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/28"),
        lambda: ec2.release_address(AllocationId=address),
        lambda: ec2.create_tags(Resources=[vpc], Tags=[{"Key": "scrapectl:pipeline", "Value": "shop"}]),
        lambda: ec2.create_vpc(CidrBlock="10.0.0.0/24"),
    ]
    for call in calls:
        with pytest.raises(ClientError, match="UnauthorizedOperation"):
            call()
