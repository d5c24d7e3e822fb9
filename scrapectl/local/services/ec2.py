"""EC2 beyond moto: a default network that reaches the internet, and security groups that are held by who uses them."""

from __future__ import annotations

from dataclasses import dataclass

from scrapectl.local.registry import Call, Refusal, check
from scrapectl.local.services.batch.state import state_in
from scrapectl.local.services.ec2_interfaces import described
from scrapectl.local.services.ec2_nat_gateways import settle
from scrapectl.local.services.rds.state import state_in as rds_in


@dataclass
class Network:
    """Whether a region's default network was made whole."""

    whole: bool = False


def _complete_network(call: Call) -> None:
    """Give moto's default VPC the internet gateway and route that AWS's has; or take it away when none is wanted."""
    network = call.cloud.store(Network, call.region)
    if network.whole:
        return
    network.whole = True
    default = {"Filters": [{"Name": "is-default", "Values": ["true"]}]}
    for vpc in call.moto(default, "DescribeVpcs")["Vpcs"]:
        of_vpc = {"Filters": [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]}
        if not call.cloud.default_network:
            for subnet in call.moto(of_vpc, "DescribeSubnets")["Subnets"]:
                call.moto({"SubnetId": subnet["SubnetId"]}, "DeleteSubnet")
            call.moto({"VpcId": vpc["VpcId"]}, "DeleteVpc")
            continue
        gateway = call.moto({}, "CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
        call.moto({"InternetGatewayId": gateway, "VpcId": vpc["VpcId"]}, "AttachInternetGateway")
        table = call.moto(of_vpc, "DescribeRouteTables")["RouteTables"][0]["RouteTableId"]
        route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}
        call.moto(route, "CreateRoute")


for _name in ("DescribeVpcs", "DescribeSubnets", "DescribeRouteTables", "DescribeInternetGateways"):
    check("ec2", _name)(_complete_network)


@check("ec2", "DeleteSecurityGroup")
def check_delete_group(call: Call) -> None:
    """Refuse to delete a group that an environment, a database, an interface or another group's rule uses."""
    group = call.params.get("GroupId")
    for instance in rds_in(call.cloud, call.region).instances.values():
        if group in {held["VpcSecurityGroupId"] for held in instance.document["VpcSecurityGroups"]}:
            raise _in_use(group)
    settle(call)
    if group and (_is_named(call, group) or described(call, [{"Name": "group-id", "Values": [group]}])):
        raise _in_use(group)
    for environment in state_in(call.cloud, call.region).environments.values():
        if group in ((environment.document["computeResources"] or {}).get("securityGroupIds") or []):
            raise _in_use(group)


def _is_named(call: Call, group: str) -> bool:
    """Whether a rule of another group names a group."""
    for other in call.moto({}, "DescribeSecurityGroups")["SecurityGroups"]:
        rules = [*other["IpPermissions"], *other["IpPermissionsEgress"]]
        pairs = [pair for rule in rules for pair in rule.get("UserIdGroupPairs") or []]
        if other["GroupId"] != group and any(pair.get("GroupId") == group for pair in pairs):
            return True
    return False


def _in_use(group: str | None) -> Refusal:
    return Refusal("DependencyViolation", f"resource {group} has a dependent object", 400)
