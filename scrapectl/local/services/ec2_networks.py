"""VPCs, subnets, internet gateways and route tables of EC2 that stay while anything is in them, as AWS's do."""

from __future__ import annotations

import ipaddress
from typing import Any

from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services.ec2_filters import forget_tags
from scrapectl.local.services.ec2_interfaces import described
from scrapectl.local.services.ec2_nat_gateways import settle
from scrapectl.local.services.ec2_tokens import once
from scrapectl.local.services.ec2_vpc_endpoints import routes_of
from scrapectl.local.services.ec2_vpc_endpoints import standing as endpoints
from scrapectl.local.services.rds.state import state_in as rds_in

SMALLEST = 28


@check("ec2", "CreateSubnet")
def check_create_subnet(call: Call) -> None:
    """Refuse a part that is smaller than AWS's smallest."""
    cidr = str(call.params.get("CidrBlock"))
    if ipaddress.ip_network(cidr, strict=False).prefixlen > SMALLEST:
        raise Refusal("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.", 400)


@operation("ec2", "DeleteSubnet")
def delete_subnet(call: Call) -> Params:
    """Delete it, when nothing stands in it."""
    settle(call)
    subnet = call.params["SubnetId"]
    if described(call, [{"Name": "subnet-id", "Values": [subnet]}]) or subnet in _of_databases(call):
        raise Refusal("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted.", 400)
    call.moto()
    for table in call.moto({}, "DescribeRouteTables")["RouteTables"]:  # moto keeps what AWS takes with the subnet
        for entry in table["Associations"]:
            if entry.get("SubnetId") == subnet:
                call.moto({"AssociationId": entry["RouteTableAssociationId"]}, "DisassociateRouteTable")
    forget_tags(call, subnet)
    return {}


def _of_databases(call: Call) -> set[str]:
    groups = [each.document["DBSubnetGroup"] for each in rds_in(call.cloud, call.region).instances.values()]
    return {subnet["SubnetIdentifier"] for group in groups for subnet in group["Subnets"]}


@operation("ec2", "DeleteVpc")
def delete_vpc(call: Call) -> Params:
    """Delete it with AWS's own default things, when nothing else is in it."""
    settle(call)
    vpc = call.params["VpcId"]
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    groups = call.moto({"Filters": of_vpc}, "DescribeSecurityGroups")["SecurityGroups"]
    held = (
        call.moto({"Filters": attached}, "DescribeInternetGateways")["InternetGateways"]
        or [group for group in groups if group["GroupName"] != "default"]
        or [each for each in endpoints(call) if each["VpcId"] == vpc]
        or described(call, of_vpc)
    )
    if held:
        raise Refusal("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted.", 400)
    call.moto()
    forget_tags(call, vpc)
    return {}


@check("ec2", "AttachInternetGateway")
def check_attach(call: Call) -> None:
    """Refuse a second gateway."""
    vpc = call.params["VpcId"]
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    if call.moto({"Filters": attached}, "DescribeInternetGateways")["InternetGateways"]:
        message = f"Network {vpc} already has an internet gateway attached"
        raise Refusal("InvalidParameterValue", message, 400)


@check("ec2", "DetachInternetGateway")
def check_detach(call: Call) -> None:
    """Refuse while anything in the network has a public address."""
    settle(call)
    vpc = call.params["VpcId"]
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.public-ip", "Values": ["*"]}]
    if described(call, filters):
        message = f"Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."  # noqa: E501 - AWS's words
        raise Refusal("DependencyViolation", message, 400)


@operation("ec2", "DeleteInternetGateway")
def delete_internet_gateway(call: Call) -> Params:
    """Delete it with its tags."""
    call.moto()
    forget_tags(call, call.params["InternetGatewayId"])
    return {}


@operation("ec2", "ReleaseAddress")
def release_address(call: Call) -> Params:
    """Release it with its tags."""
    call.moto()
    forget_tags(call, call.params["AllocationId"])
    return {}


@check("ec2", "CreateRoute")
@check("ec2", "ReplaceRoute")
def check_route(call: Call) -> None:
    """Refuse a route to a gateway that is not attached to the table's network, or to a peering that carries nothing."""
    table = call.moto({"RouteTableIds": [call.params["RouteTableId"]]}, "DescribeRouteTables")["RouteTables"][0]
    gateway = call.params.get("GatewayId") or ""
    if gateway.startswith("igw-"):
        found = call.moto({"InternetGatewayIds": [gateway]}, "DescribeInternetGateways")["InternetGateways"][0]
        if table["VpcId"] not in {to["VpcId"] for to in found["Attachments"]}:
            message = f"route table {table['RouteTableId']} and network gateway {gateway} belong to different networks"
            raise Refusal("InvalidParameterValue", message, 400)


@check("ec2", "AssociateRouteTable")
def check_associate(call: Call) -> None:
    """Refuse a subnet that goes by another table; moto says yes and changes nothing."""
    subnet, wanted = call.params.get("SubnetId"), call.params["RouteTableId"]
    for table in call.moto({}, "DescribeRouteTables")["RouteTables"]:
        taken = {entry.get("SubnetId") for entry in table["Associations"]}
        if subnet in taken and table["RouteTableId"] != wanted:
            message = f"the specified association for route table {wanted} conflicts with an existing association"
            raise Refusal("Resource.AlreadyAssociated", message, 400)


@operation("ec2", "CreateRouteTable")
def create_route_table(call: Call) -> Params:
    """Make it, once for each client token."""
    return once(call, call.moto)


@operation("ec2", "DescribeRouteTables")
def describe_route_tables(call: Call) -> Params:
    """Describe them with the routes that gateway endpoints add."""
    found: dict[str, Any] = call.moto()
    for table in found["RouteTables"]:
        table["Routes"] = [*table["Routes"], *routes_of(call, table["RouteTableId"])]
    return found


@operation("ec2", "DeleteRouteTable")
def delete_route_table(call: Call) -> Params:
    """Delete it with its tags, unless it is its network's main one."""
    table_id = call.params["RouteTableId"]
    table = call.moto({"RouteTableIds": [table_id]}, "DescribeRouteTables")["RouteTables"][0]
    if any(entry.get("Main") for entry in table["Associations"]):
        message = f"The routeTable '{table_id}' has dependencies and cannot be deleted."
        raise Refusal("DependencyViolation", message, 400)
    call.moto()
    forget_tags(call, table_id)
    return {}
