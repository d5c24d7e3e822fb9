"""The embedded EC2 refuses what AWS refuses of networks, and lets things take their time."""

from __future__ import annotations

import pytest

from scrapectl.local.services.ec2_interfaces import attach, regroup, release

REGION = "us-east-1"


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2, vpc):
    def make(cidr="10.0.0.0/28", zone="us-east-1a"):
        return ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]

    return make


@pytest.fixture
def gateway(ec2, vpc):
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return made


@pytest.fixture
def address(ec2):
    return ec2.allocate_address(Domain="vpc")["AllocationId"]


@pytest.fixture
def nat(ec2, cloud, subnet, gateway, address):
    made = ec2.create_nat_gateway(SubnetId=subnet(), AllocationId=address)["NatGateway"]["NatGatewayId"]
    cloud.clock.advance(300)
    return made


def test_subnets_share_no_addresses_and_are_no_smaller_than_16(subnet, refused):
    subnet()
    with refused("InvalidSubnet.Conflict"):
        subnet("10.0.0.0/27")
    with refused("InvalidSubnet.Range"):
        subnet("10.0.0.64/29")


def test_a_nat_gateway_holds_its_address_until_it_is_gone(ec2, cloud, nat, address, refused):
    with refused("AuthFailure", "do not have permission to access the specified resource"):
        ec2.release_address(AllocationId=address)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    (shown,) = ec2.describe_nat_gateways()["NatGateways"]
    assert shown["State"] == "deleting"
    with refused("AuthFailure"):
        ec2.release_address(AllocationId=address)
    cloud.clock.advance(300)
    (shown,) = ec2.describe_nat_gateways()["NatGateways"]
    assert shown["State"] == "deleted"
    ec2.release_address(AllocationId=address)
    cloud.clock.advance(3600)
    assert ec2.describe_nat_gateways()["NatGateways"] == []


def test_an_address_that_something_else_holds_is_in_use(ec2, subnet, address, refused):
    interface = ec2.create_network_interface(SubnetId=subnet())["NetworkInterface"]["NetworkInterfaceId"]
    ec2.associate_address(AllocationId=address, NetworkInterfaceId=interface)
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=address)


def test_a_nat_gateway_is_found_by_tags_and_state(ec2, nat):
    ec2.create_tags(Resources=[nat], Tags=[{"Key": "Name", "Value": "shop-nat-a"}])

    def found(name, *values):
        asked = [{"Name": name, "Values": list(values)}]
        return [each["NatGatewayId"] for each in ec2.describe_nat_gateways(Filter=asked)["NatGateways"]]

    assert found("tag:Name", "shop-nat-a", "other") == found("tag-key", "Name") == found("tag:Name", "*") == [nat]
    assert found("state", "available") == [nat]
    assert found("tag:Name", "shop-nat-b") == found("tag-key", "name") == found("state", "pending") == []


def test_a_nat_gateway_fails_in_time_where_it_cannot_be(ec2, cloud, subnet, address):
    ec2.create_nat_gateway(SubnetId=subnet(), AllocationId=address)
    assert ec2.describe_nat_gateways()["NatGateways"][0]["State"] == "pending"
    cloud.clock.advance(300)
    (shown,) = ec2.describe_nat_gateways()["NatGateways"]
    assert shown["State"] == "failed"
    assert "has no Internet gateway attached" in shown["FailureMessage"]
    ec2.release_address(AllocationId=address)


def test_a_second_nat_gateway_does_not_get_the_address_of_the_first(ec2, cloud, subnet, nat, address):
    second = ec2.create_nat_gateway(SubnetId=subnet("10.0.0.16/28"), AllocationId=address)["NatGateway"]
    cloud.clock.advance(300)
    (shown,) = ec2.describe_nat_gateways(NatGatewayIds=[second["NatGatewayId"]])["NatGateways"]
    assert shown["FailureMessage"] == f"Elastic IP address [{address}] is already associated"


def test_a_repeated_create_with_one_token_makes_one(ec2, subnet, gateway, address, vpc):
    made = [
        ec2.create_nat_gateway(SubnetId=each, AllocationId=address, ClientToken="once")["NatGateway"]["NatGatewayId"]
        for each in [subnet()] * 2
    ]
    assert len(set(made)) == 1
    tables = [ec2.create_route_table(VpcId=vpc, ClientToken="once")["RouteTable"]["RouteTableId"] for _ in range(2)]
    assert len(set(tables)) == 1


def test_a_vpc_stays_while_anything_is_in_it(ec2, cloud, vpc, nat, address, gateway, refused):
    (place,) = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    with refused("DependencyViolation", "has some mapped public address(es)"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=place["SubnetId"])
    ec2.delete_nat_gateway(NatGatewayId=nat)
    cloud.clock.advance(300)
    with refused("DependencyViolation"):
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    ec2.delete_subnet(SubnetId=place["SubnetId"])
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_vpc(VpcId=vpc)
    assert vpc not in {each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]}


@pytest.mark.parametrize("what", ["group", "table", "endpoint"])
def test_a_vpc_stays_while_a_group_a_table_or_an_endpoint_is_in_it(ec2, vpc, what, refused):
    if what == "group":
        ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)
    elif what == "table":
        ec2.create_route_table(VpcId=vpc)
    else:
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3")
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=vpc)


def test_tags_go_with_what_carried_them(ec2, vpc):
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "x"}])
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [vpc]}])["Tags"] == []


def test_a_network_has_one_way_out(ec2, vpc, gateway, refused):
    second = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidParameterValue", f"{vpc} already has an internet gateway attached"):
        ec2.attach_internet_gateway(InternetGatewayId=second, VpcId=vpc)


def test_routes_lead_to_what_is_there(ec2, cloud, vpc, nat, refused):
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    loose = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    way = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    with refused("InvalidParameterValue", "belong to different networks"):
        ec2.create_route(**way, GatewayId=loose)
    with refused("InvalidNatGatewayID.NotFound"):
        ec2.create_route(**way, NatGatewayId="nat-0123456789abcdef0")
    ec2.create_route(**way, NatGatewayId=nat)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    with refused("InvalidNatGatewayID.NotFound"):
        ec2.replace_route(**way, NatGatewayId=nat)


def test_a_subnet_goes_by_one_table_and_main_tables_stay(ec2, vpc, subnet, refused):
    place = subnet()
    first, second = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    ec2.associate_route_table(RouteTableId=first, SubnetId=place)
    with refused("Resource.AlreadyAssociated"):
        ec2.associate_route_table(RouteTableId=second, SubnetId=place)
    with refused("DependencyViolation"):
        ec2.delete_route_table(RouteTableId=first)
    ec2.delete_subnet(SubnetId=place)
    ec2.delete_route_table(RouteTableId=first)
    main = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    (table,) = ec2.describe_route_tables(Filters=main)["RouteTables"]
    with refused("DependencyViolation"):
        ec2.delete_route_table(RouteTableId=table["RouteTableId"])


@pytest.fixture
def endpoint(ec2, vpc):
    def make(service="logs", kind="Interface", **more):
        name = f"com.amazonaws.{REGION}.{service}"
        made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=name, VpcEndpointType=kind, **more)
        return made["VpcEndpoint"]["VpcEndpointId"]

    return make


def test_an_interface_endpoint_takes_its_time_and_stands_in_its_subnets(ec2, cloud, vpc, subnet, endpoint, refused):
    place = subnet()
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    made = endpoint(SubnetIds=[place], SecurityGroupIds=[group], PrivateDnsEnabled=False)
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"][0]["State"] == "pending"
    with refused("IncorrectState"):
        ec2.modify_vpc_endpoint(VpcEndpointId=made, PrivateDnsEnabled=True)
    cloud.clock.advance(120)
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"][0]["State"] == "available"
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[made])["Unsuccessful"] == []
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=place)
    cloud.clock.advance(120)
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=place)


def test_private_dns_wants_names_in_the_vpc_and_one_endpoint_of_a_service(ec2, vpc, endpoint, refused):
    with refused("InvalidParameter", "requires both enableDnsSupport and enableDnsHostnames"):
        endpoint(PrivateDnsEnabled=True)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    endpoint(PrivateDnsEnabled=True)
    with refused("InvalidParameter", "conflicting DNS domain"):
        endpoint(PrivateDnsEnabled=True)


def test_endpoints_that_aws_does_not_have(ec2, vpc, subnet, endpoint, refused):
    with refused("InvalidServiceName"):
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-west-2.s3")
    with refused("InvalidParameter", "Endpoint type (Gateway) does not match"):
        endpoint("logs", "Gateway")
    with refused("DuplicateSubnetsInSameZone"):
        endpoint(SubnetIds=[subnet(), subnet("10.0.0.16/28")], PrivateDnsEnabled=False)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    endpoint("s3", "Gateway", RouteTableIds=[table])
    with refused("RouteAlreadyExists"):
        endpoint("s3", "Gateway", RouteTableIds=[table])
    (failed,) = ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0"])["Unsuccessful"]
    assert failed["Error"]["Code"] == "InvalidVpcEndpointId.NotFound"


def test_a_peering_of_overlapping_networks_fails_and_a_second_is_refused(ec2, vpc, refused):
    same = ec2.create_vpc(CidrBlock="10.0.0.128/25")["Vpc"]["VpcId"]
    ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=same)
    (failed,) = ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
    assert failed["Status"]["Code"] == "failed"
    with refused("InvalidStateTransition"):
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=failed["VpcPeeringConnectionId"])
    other = ec2.create_vpc(CidrBlock="10.1.0.0/24")["Vpc"]["VpcId"]
    made = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
    with refused("VpcPeeringConnectionAlreadyExists"):
        ec2.create_vpc_peering_connection(VpcId=other, PeerVpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    way = {"RouteTableId": table, "DestinationCidrBlock": "10.1.0.0/24"}
    with refused("InvalidParameterValue", "is not active"):
        ec2.create_route(**way, VpcPeeringConnectionId=made["VpcPeeringConnectionId"])
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=made["VpcPeeringConnectionId"])
    ec2.create_route(**way, VpcPeeringConnectionId=made["VpcPeeringConnectionId"])


def test_interfaces_of_services_stand_until_they_are_released(ec2, cloud, vpc, subnet, refused):
    place = subnet()
    first, second = (
        ec2.create_security_group(GroupName=name, Description="g", VpcId=vpc)["GroupId"] for name in ("a", "b")
    )
    made = attach(cloud, REGION, "publish", place, [first], description="AWS Lambda VPC ENI-publish", kind="lambda")
    of_group = [{"Name": "group-id", "Values": [first]}]
    (shown,) = ec2.describe_network_interfaces(Filters=of_group)["NetworkInterfaces"]
    assert (shown["NetworkInterfaceId"], shown["Description"]) == (made, "AWS Lambda VPC ENI-publish")
    assert shown["RequesterManaged"]
    with refused("OperationNotPermitted"):
        ec2.delete_network_interface(NetworkInterfaceId=made)
    regroup(cloud, REGION, "publish", [second])
    ec2.delete_security_group(GroupId=first)
    release(cloud, REGION, "publish", after=60)
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=second)
    cloud.clock.advance(61)
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    ec2.delete_security_group(GroupId=second)
    ec2.delete_subnet(SubnetId=place)


def test_an_unknown_filter_is_refused(ec2, refused):
    with refused("InvalidParameterValue", "The filter 'colour' is invalid"):
        ec2.describe_network_interfaces(Filters=[{"Name": "colour", "Values": ["red"]}])
