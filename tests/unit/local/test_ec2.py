"""The default network reaches the internet, or is not there; a security group in use stays."""

from __future__ import annotations

import pytest

from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import connect


def test_the_default_network_has_a_way_out(aws):
    [vpc] = aws("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    [table] = aws("ec2").describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["RouteTables"]
    gateways = [route["GatewayId"] for route in table["Routes"] if route["DestinationCidrBlock"] == "0.0.0.0/0"]
    [gateway] = aws("ec2").describe_internet_gateways()["InternetGateways"]
    assert gateways == [gateway["InternetGatewayId"]]
    assert gateway["Attachments"][0]["VpcId"] == vpc["VpcId"]
    assert all(subnet["MapPublicIpOnLaunch"] for subnet in aws("ec2").describe_subnets()["Subnets"])


def test_a_cloud_may_have_no_default_network():
    client = connect(Cloud(default_network=False)).client("ec2")
    assert client.describe_vpcs()["Vpcs"] == []
    assert client.describe_subnets()["Subnets"] == []


@pytest.fixture
def group(aws):
    vpc = aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    return lambda name="g": aws("ec2").create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]


def test_a_groups_name_is_unique_in_its_network(group, refused):
    group()
    with refused("InvalidGroup.Duplicate"):
        group()


def test_a_group_that_an_environment_uses_stays(aws, cloud, group, environment, refused):
    number = group()
    environment(securityGroupIds=[number])
    with refused("DependencyViolation", "has a dependent object"):
        aws("ec2").delete_security_group(GroupId=number)
    aws("batch").update_compute_environment(computeEnvironment="ce", state="DISABLED")
    cloud.clock.advance(60)
    aws("batch").delete_compute_environment(computeEnvironment="ce")
    cloud.clock.advance(60)
    aws("ec2").delete_security_group(GroupId=number)


def test_a_group_has_the_implicit_way_out_and_takes_no_rule_twice(aws, group, refused):
    number = group()
    [found] = aws("ec2").describe_security_groups(GroupIds=[number])["SecurityGroups"]
    assert found["IpPermissionsEgress"][0]["IpRanges"][0]["CidrIp"] == "0.0.0.0/0"
    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    aws("ec2").authorize_security_group_ingress(GroupId=number, IpPermissions=[rule])
    with refused("InvalidPermission.Duplicate"):
        aws("ec2").authorize_security_group_ingress(GroupId=number, IpPermissions=[rule])
