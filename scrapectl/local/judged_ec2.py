"""One request to EC2 → the things that IAM judges it on: every id it names, by its look, and what it makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scrapectl.local.registry import Call

_BY_PREFIX = {
    "eipalloc": "ec2:elastic-ip",
    "igw": "ec2:internet-gateway",
    "lt": "ec2:launch-template",
    "nat": "ec2:natgateway",
    "pcx": "ec2:vpc-peering-connection",
    "rtb": "ec2:route-table",
    "sg": "ec2:security-group",
    "subnet": "ec2:subnet",
    "vpc": "ec2:vpc",
    "vpce": "ec2:vpc-endpoint",
}
_MAKES = {
    "AllocateAddress": "ec2:elastic-ip",
    "CreateInternetGateway": "ec2:internet-gateway",
    "CreateLaunchTemplate": "ec2:launch-template",
    "CreateNatGateway": "ec2:natgateway",
    "CreateRouteTable": "ec2:route-table",
    "CreateSecurityGroup": "ec2:security-group",
    "CreateSubnet": "ec2:subnet",
    "CreateVpc": "ec2:vpc",
    "CreateVpcEndpoint": "ec2:vpc-endpoint",
    "CreateVpcPeeringConnection": "ec2:vpc-peering-connection",
}
_NO_NAMES = frozenset({"Tags", "TagSpecifications", "Filters", "Filter", "ClientToken"})


def made_by(operation: str) -> str:
    """The type of what an operation makes, and tags in the same call."""
    return _MAKES[operation]


def named_by(call: Call, types: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(type, id) of each thing that a request names or makes, of these types; what is made has no id yet: "*"."""
    made = _MAKES.get(call.operation, "")
    for found in _ids(call, {name: value for name, value in call.params.items() if name not in _NO_NAMES}):
        type_ = _BY_PREFIX.get(found.partition("-")[0], "")
        if type_ in types:
            yield type_, found
    if made in types:
        yield made, "*"


def _ids(call: Call, value: Any) -> Iterator[str]:
    """Every text of a request, with what a template's name and an association's id stand for."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _templates(call, each) if name == "LaunchTemplateName" else _ids(call, each)
    elif isinstance(value, list):
        for each in value:
            yield from _ids(call, each)
    elif isinstance(value, str):
        yield from _of_association(call, value) if value.startswith("rtbassoc-") else [value]


def _templates(call: Call, name: str) -> Iterator[str]:
    filters = [{"Name": "launch-template-name", "Values": [name]}]
    listed = call.cloud.call("ec2", "DescribeLaunchTemplates", {"Filters": filters}, call.region)
    yield from (str(one["LaunchTemplateId"]) for one in listed["LaunchTemplates"])


def _of_association(call: Call, association: str) -> Iterator[str]:
    """The table and the subnet that it joins."""
    for table in call.cloud.call("ec2", "DescribeRouteTables", {}, call.region)["RouteTables"]:
        for entry in table["Associations"]:
            if entry["RouteTableAssociationId"] == association:
                yield table["RouteTableId"]
                yield entry.get("SubnetId", "")
