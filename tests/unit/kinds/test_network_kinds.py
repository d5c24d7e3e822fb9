"""The kinds of a made network: what is sent, what is told, and what a lost answer or AWS itself leaves behind."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from scrapectl.aws.inventory import owned_keys
from scrapectl.aws.once import ReadOnce
from scrapectl.aws.session import Session
from scrapectl.engine.diff import diff
from scrapectl.engine.ownership import tag_difference, wanted_tags
from scrapectl.engine.resource import Desired, Live, Removal, Resource, Status, Update
from scrapectl.engine.values import Ref
from scrapectl.errors import AwsError
from scrapectl.kinds import KINDS
from scrapectl.kinds.ec2_elastic_ip import Ec2ElasticIp
from scrapectl.kinds.ec2_internet_gateway import Ec2InternetGateway
from scrapectl.kinds.ec2_nat_gateway import Ec2NatGateway
from scrapectl.kinds.ec2_route_table import Ec2RouteTable, Route
from scrapectl.kinds.ec2_subnet import Ec2Subnet
from scrapectl.kinds.ec2_vpc import Ec2Vpc
from scrapectl.kinds.ec2_vpc_endpoint import Ec2VpcEndpoint
from scrapectl.kinds.ec2_vpc_peering import Ec2VpcPeering
from scrapectl.kinds.security_group import SecurityGroup
from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import Recorder
from scrapectl.local.registry import Refusal
from scrapectl.local.services.ec2_interfaces import attach, release

TAGS = {"scrapectl:pipeline": "shop"}
NETWORK = Ec2Vpc("shop-network", "10.0.0.0/24")
REGION = "us-east-1"


def made(aws: Session, want: Resource) -> Live:
    want.create(aws, TAGS)
    return read(aws, want)


def read(aws: Session, want: Resource) -> Live:
    live = type(want).read(aws, want.key())
    assert live is not None
    return live


def change(aws: Session, want: Resource, live: Live) -> None:
    want.update(aws, Update(live, frozenset(field.name for field in diff(want, live)), TAGS))


@pytest.fixture
def vpc(aws: Session) -> str:
    return made(aws, NETWORK).outputs["id"]


@pytest.fixture
def subnet(aws: Session, vpc: str) -> str:
    return made(aws, Ec2Subnet("shop-public-a", vpc, "10.0.0.0/28", "us-east-1a", True)).outputs["id"]


def test_a_vpc_is_made_with_its_name_and_tags_and_resolves_names(aws: Session, sent: Recorder) -> None:
    NETWORK.create(aws, TAGS)
    tags = [{"Key": "scrapectl:pipeline", "Value": "shop"}, {"Key": "Name", "Value": "shop-network"}]
    (create,) = sent.of("CreateVpc")
    assert create == {"CidrBlock": "10.0.0.0/24", "TagSpecifications": [{"ResourceType": "vpc", "Tags": tags}]}
    assert switched(sent) == ["EnableDnsSupport", "EnableDnsHostnames"]
    sent.calls.clear()
    change(aws, dataclasses.replace(NETWORK, dns=False), read(aws, NETWORK))
    assert switched(sent) == ["EnableDnsHostnames", "EnableDnsSupport"]


def switched(sent: Recorder) -> list[str]:
    """The attributes of a VPC that were set, in order; AWS takes one a call."""
    return [" ".join(sorted(params.keys() - {"VpcId"})) for params in sent.of("ModifyVpcAttribute")]


def test_the_name_is_no_tag_of_the_thing_and_a_name_of_the_users_does_not_go_on_it(aws: Session) -> None:
    desired = Desired("ec2_vpc.x", NETWORK, "network", tags={"Name": "ours", "team": "mobility"})
    tags = wanted_tags(desired, "shop")
    NETWORK.create(aws, tags)
    live = read(aws, NETWORK)
    assert live.resource == NETWORK
    assert live.tags == tags
    assert live.tags["team"] == "mobility"
    assert "Name" not in live.tags
    assert not tag_difference(tags, live.tags).counts


def test_one_call_reads_all_of_a_kind(aws: Session, sent: Recorder, vpc: str) -> None:
    wanted = [Ec2Subnet(f"shop-{n}", vpc, f"10.0.0.{16 * n}/28", "us-east-1a") for n in range(4)]
    for want in wanted:
        want.create(aws, TAGS)
    sent.calls.clear()
    assert len(Ec2Subnet.read_many(aws, [want.key() for want in wanted])) == 4
    (asked,) = sent.of("DescribeSubnets")
    assert asked["Filters"] == [
        {"Name": "tag:Name", "Values": ["shop-0", "shop-1", "shop-2", "shop-3"]},
        {"Name": "tag-key", "Values": ["scrapectl:pipeline"]},
    ]


def test_two_calls_find_what_an_owner_has_of_all_kinds(aws: Session, sent: Recorder, subnet: str) -> None:
    made(aws, Ec2ElasticIp("shop-nat-a"))
    sent.calls.clear()
    kinds = {name: kind for name, kind in KINDS.items() if getattr(kind, "shape", None)}
    found = owned_keys(ReadOnce(aws), kinds, "shop")
    assert found == {
        "ec2_vpc": [("shop-network",)],
        "ec2_subnet": [("shop-public-a",)],
        "ec2_elastic_ip": [("shop-nat-a",)],
    }
    assert sent.count()["ec2", "DescribeTags"] == 2
    sent.calls.clear()
    assert owned_keys(ReadOnce(aws), kinds, "nobody") == {}
    assert sent.count()["ec2", "DescribeTags"] == 1


def test_of_two_with_one_name_one_is_it_and_the_other_goes(aws: Session) -> None:
    for _ in range(2):
        NETWORK.create(aws, TAGS)
    live = read(aws, NETWORK)
    (twin,) = live.detail.twins
    assert live.outputs["id"] < twin.outputs["id"]
    assert [field.name for field in diff(NETWORK, live)] == ["twins"]
    change(aws, NETWORK, live)
    assert diff(NETWORK, read(aws, NETWORK)) == ()
    assert read(aws, NETWORK).outputs["id"] == live.outputs["id"]


def test_what_nobody_of_ours_made_is_not_found_by_its_name(aws: Session) -> None:
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "shop-network"}]}]
    aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/24", TagSpecifications=tags)
    assert Ec2Vpc.read(aws, NETWORK.key()) is None


def test_a_subnet_says_what_lingers_in_it(aws: Session, cloud: Cloud, subnet: str, sent: Recorder) -> None:
    for number in range(5):
        attach(cloud, REGION, f"job {number}", subnet, description=f"arn:aws:ecs:attachment/{number}")
    live = Ec2Subnet.read(aws, ("shop-public-a",))
    assert live is not None
    held = Ec2Subnet.delete(aws, live, Removal())
    assert held is not None
    assert held.startswith("AWS still holds it by 5 network interfaces: eni-")
    assert "arn:aws:ecs:attachment/0" in held
    assert held.endswith(", 2 more")
    for number in range(5):
        release(cloud, REGION, f"job {number}", after=10)
    cloud.clock.sleep(10)
    sent.calls.clear()
    assert Ec2Subnet.delete(aws, live, Removal()) is None
    assert Ec2Subnet.read(aws, ("shop-public-a",)) is None
    assert sent.of("DeleteNetworkInterface") == []


def test_a_security_group_says_what_lingers_in_it(aws: Session, cloud: Cloud, vpc: str, subnet: str) -> None:
    want = SecurityGroup("shop_jobs", vpc, "jobs")
    live = made(aws, want)
    attach(cloud, REGION, "publish", subnet, [live.outputs["id"]], description="AWS Lambda VPC ENI-publish")
    held = SecurityGroup.delete(aws, live, Removal())
    assert held is not None
    assert "(AWS Lambda VPC ENI-publish)" in held


def test_what_else_holds_a_security_group_is_awss_to_say(aws: Session, vpc: str, sent: Recorder) -> None:
    live = made(aws, SecurityGroup("shop_jobs", vpc, "jobs"))
    sent.refuse("DeleteSecurityGroup", Refusal("DependencyViolation", "a rule names it", 400), times=2)
    with pytest.raises(AwsError, match="a rule names it"):
        SecurityGroup.delete(aws, live, Removal())


def test_a_group_in_a_vpc_that_is_yet_to_be_made_is_not_asked_for(aws: Session, sent: Recorder) -> None:
    unknown = SecurityGroup("shop_jobs", Ref("ec2_vpc.shop-network", "id"), "jobs")
    assert SecurityGroup.read_many(aws, [unknown.key()]) == {}
    assert sent.calls == []


def gateway(aws: Session, vpc: str) -> Live:
    return made(aws, Ec2InternetGateway("shop-network", vpc))


def nat(aws: Session, subnet: str) -> Ec2NatGateway:
    return Ec2NatGateway("shop-nat-a", subnet, made(aws, Ec2ElasticIp("shop-nat-a")).outputs["id"])


def test_a_nat_gateway_takes_its_time_to_come_and_to_go(aws: Session, cloud: Cloud, vpc: str, subnet: str) -> None:
    gateway(aws, vpc)
    want = nat(aws, subnet)
    assert made(aws, want).status is Status.BUSY
    cloud.clock.sleep(300)
    live = read(aws, want)
    assert (live.status, live.resource) == (Status.READY, want)
    type(want).delete(aws, live, Removal())
    assert read(aws, want).status is Status.BUSY
    cloud.clock.sleep(300)
    assert Ec2NatGateway.read(aws, want.key()) is None


def test_a_nat_gateway_that_failed_is_made_anew(aws: Session, cloud: Cloud, vpc: str, subnet: str) -> None:
    want = nat(aws, subnet)
    want.create(aws, TAGS)
    cloud.clock.sleep(300)
    live = read(aws, want)
    assert live.status is Status.BROKEN
    assert live.reason == f"Network {vpc} has no Internet gateway attached"
    assert [field.name for field in diff(want, live)] == ["status"]
    gateway(aws, vpc)
    change(aws, want, live)
    assert read(aws, want).status is Status.BUSY
    cloud.clock.sleep(300)
    assert read(aws, want).status is Status.READY
    assert diff(want, read(aws, want)) == ()


def test_a_nat_gateway_ends_before_the_way_out(aws: Session, vpc: str, subnet: str) -> None:
    called = gateway(aws, vpc).outputs["called"]
    assert Ec2NatGateway.stands_in(made(aws, nat(aws, subnet))) == (called,)


def test_a_gateway_that_was_not_attached_is_attached(aws: Session, vpc: str, sent: Recorder) -> None:
    sent.refuse("AttachInternetGateway", Refusal("InternalError", "", 500), times=9)
    want = Ec2InternetGateway("shop-network", vpc)
    with pytest.raises(AwsError):
        want.create(aws, TAGS)
    sent.faults.clear()
    live = read(aws, want)
    assert [(field.name, field.before) for field in diff(want, live)] == [("vpc", None)]
    change(aws, want, live)
    assert diff(want, read(aws, want)) == ()


def test_a_route_that_somebody_added_is_drift(aws: Session, vpc: str, sent: Recorder) -> None:
    first = gateway(aws, vpc).outputs["id"]
    want = Ec2RouteTable("shop-public", vpc, frozenset({Route("0.0.0.0/0", "gateway", first)}))
    live = made(aws, want)
    assert sent.of("CreateRoute") == [
        {"RouteTableId": live.outputs["id"], "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": first}
    ]
    theirs = aws.client("ec2").create_network_interface(SubnetId=made_subnet(aws, vpc))["NetworkInterface"]
    ec2 = aws.client("ec2")
    ec2.create_route(
        RouteTableId=live.outputs["id"],
        DestinationCidrBlock="10.7.0.0/16",
        NetworkInterfaceId=theirs["NetworkInterfaceId"],
    )
    (drift,) = diff(want, read(aws, want))
    assert Route("10.7.0.0/16", "other", theirs["NetworkInterfaceId"]) in drift.before
    change(aws, want, read(aws, want))
    assert sent.of("DeleteRoute") == [{"RouteTableId": live.outputs["id"], "DestinationCidrBlock": "10.7.0.0/16"}]
    assert diff(want, read(aws, want)) == ()


def made_subnet(aws: Session, vpc: str) -> str:
    return made(aws, Ec2Subnet("shop-private-a", vpc, "10.0.0.64/28", "us-east-1a")).outputs["id"]


def test_routes_of_endpoints_are_not_the_tables(aws: Session, vpc: str) -> None:
    want = Ec2RouteTable("shop-private-a", vpc)
    table = made(aws, want).outputs["id"]
    service = f"com.amazonaws.{REGION}.s3"
    made(aws, Ec2VpcEndpoint("shop-endpoint-s3", vpc, service, False, frozenset({table})))
    (shown,) = aws.client("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert any(route.get("GatewayId", "").startswith("vpce-") for route in shown["Routes"])
    assert diff(want, read(aws, want)) == ()


def test_an_endpoint_that_aws_does_not_delete_is_an_error(aws: Session, vpc: str, monkeypatch: Any) -> None:
    live = made(aws, Ec2VpcEndpoint("shop-endpoint-s3", vpc, f"com.amazonaws.{REGION}.s3", False))
    failed = {"ResourceId": live.outputs["id"], "Error": {"Code": "InvalidParameter", "Message": "it is in use"}}
    monkeypatch.setattr(aws, "call", lambda *_args, **_more: {"Unsuccessful": [failed]})
    with pytest.raises(AwsError, match="it is in use"):
        Ec2VpcEndpoint.delete(aws, live, Removal())


def test_a_peering_that_nobody_accepted_is_accepted(aws: Session, vpc: str, sent: Recorder) -> None:
    theirs = aws.client("ec2").create_vpc(CidrBlock="10.9.0.0/24")["Vpc"]["VpcId"]
    want = Ec2VpcPeering(f"shop-peer-{theirs}", vpc, theirs)
    sent.refuse("AcceptVpcPeeringConnection", Refusal("InternalError", "", 500), times=9)
    with pytest.raises(AwsError):
        want.create(aws, TAGS)
    sent.faults.clear()
    live = read(aws, want)
    assert [field.name for field in diff(want, live)] == ["status"]
    change(aws, want, live)
    assert diff(want, read(aws, want)) == ()
    assert len(sent.of("CreateVpcPeeringConnection")) == 1
    Ec2VpcPeering.delete(aws, read(aws, want), Removal())
    assert Ec2VpcPeering.read(aws, want.key()) is None
