"""How somebody else makes the parts of a network under the names that a pipeline wants: their tag Name."""

from __future__ import annotations

import itertools
from typing import Any

from tests.account import Account

Tags = dict[str, str]
_BLOCK = "10.9.0.0/24"
_NUMBERS = itertools.count()


def pairs(tags: Tags) -> list[dict[str, str]]:
    """Tags as most services write them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def named(want: Any, tags: Tags) -> list[dict[str, str]]:
    """Their tags, and the name that a pipeline wants."""
    return pairs({**tags, "Name": want.name})


def _tagged(what: str, want: Any, tags: Tags) -> list[dict[str, Any]]:
    return [{"ResourceType": what, "Tags": named(want, tags)}]


def subnets(account: Account) -> list[dict[str, Any]]:
    """Those of the account's own network."""
    own = [{"Name": "default-for-az", "Values": ["true"]}]
    return list(account.client("ec2").describe_subnets(Filters=own)["Subnets"][:2])


def any_name() -> str:
    """A name of theirs that nothing else has."""
    return f"theirs-{next(_NUMBERS)}"


def _vpc(account: Account, cidr: str = _BLOCK) -> str:
    return str(account.client("ec2").create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"])


def ec2_vpc(account: Account, want: Any, tags: Tags) -> None:
    account.client("ec2").create_vpc(CidrBlock=_BLOCK, TagSpecifications=_tagged("vpc", want, tags))


def ec2_internet_gateway(account: Account, want: Any, tags: Tags) -> None:
    account.client("ec2").create_internet_gateway(TagSpecifications=_tagged("internet-gateway", want, tags))


def ec2_subnet(account: Account, want: Any, tags: Tags) -> None:
    account.client("ec2").create_subnet(
        VpcId=_vpc(account), CidrBlock="10.9.0.0/28", TagSpecifications=_tagged("subnet", want, tags)
    )


def ec2_elastic_ip(account: Account, want: Any, tags: Tags) -> None:
    account.client("ec2").allocate_address(Domain="vpc", TagSpecifications=_tagged("elastic-ip", want, tags))


def ec2_nat_gateway(account: Account, want: Any, tags: Tags) -> None:
    ec2 = account.client("ec2")
    account.client("ec2").create_nat_gateway(
        SubnetId=subnets(account)[0]["SubnetId"],
        AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"],
        TagSpecifications=_tagged("natgateway", want, tags),
    )


def ec2_route_table(account: Account, want: Any, tags: Tags) -> None:
    account.client("ec2").create_route_table(VpcId=_vpc(account), TagSpecifications=_tagged("route-table", want, tags))


def ec2_vpc_endpoint(account: Account, want: Any, tags: Tags) -> None:
    account.client("ec2").create_vpc_endpoint(
        VpcId=_vpc(account), ServiceName=want.service, TagSpecifications=_tagged("vpc-endpoint", want, tags)
    )


def ec2_vpc_peering(account: Account, want: Any, tags: Tags) -> None:
    account.client("ec2").create_vpc_peering_connection(
        VpcId=_vpc(account),
        PeerVpcId=_vpc(account, "10.8.0.0/24"),
        TagSpecifications=_tagged("vpc-peering-connection", want, tags),
    )
