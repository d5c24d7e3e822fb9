"""Turns a service of AWS that is reached inside a network of our own into a VPC endpoint of EC2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from scrapectl.engine.marks import Fixed
from scrapectl.engine.resource import Aws, Live, Needs, Pace, Removal, Replace, Scopes, Status, Update
from scrapectl.errors import AwsError
from scrapectl.kinds.ec2_named import Ec2Named, Shape

ABSENT = ("InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound")
_STATES: Mapping[str, Status | None] = {
    "available": Status.READY,
    "pending": Status.BUSY,
    "partial": Status.BUSY,
    "deleting": Status.BUSY,
    "deleted": None,
}
_SETS = {"route_tables": "RouteTableIds", "subnets": "SubnetIds", "security_groups": "SecurityGroupIds"}


@dataclass(frozen=True)
class Ec2VpcEndpoint(Ec2Named):
    """A VPC endpoint.

    Attributes:
        vpc: Id of its VPC.
        service: "com.amazonaws.us-east-2.s3".
        interface: Whether it is reached by network interfaces, else by routes (S3 and DynamoDB, free of charge).
        route_tables: Ids of the tables that get its routes.
        subnets: Ids of the subnets with an interface, one for each zone at most.
        security_groups: Ids of the groups that the interfaces are in.
        private_dns: Whether the service's own name leads to the interfaces.
    """

    vpc: Fixed[Any]
    service: Fixed[str]
    interface: Fixed[bool]
    route_tables: frozenset[Any] = frozenset()
    subnets: frozenset[Any] = frozenset()
    security_groups: frozenset[Any] = frozenset()
    private_dns: bool = False

    kind: ClassVar[str] = "ec2_vpc_endpoint"
    shape: ClassVar[Shape] = Shape(
        "vpc-endpoint", "vpce-", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", "CreationTimestamp"
    )
    pace: ClassVar[Pace] = Pace(first=0.0, interval=10.0, limit=900.0)  # AWS-FACTS §19
    replace: ClassVar[Replace] = Replace.IN_PLACE
    needs: ClassVar[Needs] = Needs(
        read=("ec2:DescribeVpcEndpoints",),
        create=("ec2:CreateTags", "ec2:CreateVpcEndpoint"),
        update=("ec2:CreateTags", "ec2:DeleteTags", "ec2:ModifyVpcEndpoint"),
        delete=("ec2:DeleteVpcEndpoints",),
        owned=("ec2:DescribeTags",),
    )
    scopes: ClassVar[Scopes] = Scopes({"ec2:vpc-endpoint": ("ec2:{region}:{account}:vpc-endpoint/{tagged}",)})

    @classmethod
    def of_document(cls, aws: Aws, name: str, document: Mapping[str, Any]) -> Self | None:
        """Read its fields."""
        del aws
        return cls(
            name,
            document["VpcId"],
            document["ServiceName"],
            document["VpcEndpointType"] == "Interface",
            frozenset(document.get("RouteTableIds") or ()),
            frozenset(document.get("SubnetIds") or ()),
            frozenset(group["GroupId"] for group in document.get("Groups") or ()),
            bool(document.get("PrivateDnsEnabled")),
        )

    @classmethod
    def status_of(cls, document: Mapping[str, Any]) -> tuple[Status | None, str]:
        """Read its state, which EC2 spells with and without a capital."""
        state = document["State"].lower()
        why = (document.get("LastError") or {}).get("Message") or f"it is {state}"
        return _STATES.get(state, Status.BROKEN), why

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; botocore fills in no client token here."""
        sets = {member: sorted(getattr(self, field)) for field, member in _SETS.items()}
        named: dict[str, Any] = {member: ids for member, ids in sets.items() if ids}
        if self.interface:
            named["PrivateDnsEnabled"] = self.private_dns
        aws.call(
            "ec2",
            "create_vpc_endpoint",
            blind_retry=False,
            VpcEndpointType="Interface" if self.interface else "Gateway",
            VpcId=self.vpc,
            ServiceName=self.service,
            TagSpecifications=self.tagged(tags),
            **named,
        )
        return None

    def change(self, aws: Aws, update: Update) -> None:
        """Add and take away what differs."""
        live = cast("Self", update.live.resource)
        changes: dict[str, Any] = {}
        for field, member in _SETS.items():
            want, stands = getattr(self, field), getattr(live, field)
            for verb, ids in (("Add", want - stands), ("Remove", stands - want)):
                if ids:
                    changes[verb + member] = sorted(ids)
        if "private_dns" in update.changed:
            changes["PrivateDnsEnabled"] = self.private_dns
        if changes:
            aws.call("ec2", "modify_vpc_endpoint", VpcEndpointId=update.live.outputs["id"], **changes)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; EC2 tells of a failure inside an answer that looks like success.

        Raises:
            AwsError: it was not deleted.
        """
        del removal
        answer = aws.call("ec2", "delete_vpc_endpoints", absent=ABSENT, VpcEndpointIds=[live.outputs["id"]])
        for failed in (answer or {}).get("Unsuccessful") or ():
            error = failed["Error"]
            if error["Code"] not in ABSENT:
                raise AwsError(error["Message"], service="ec2", operation="DeleteVpcEndpoints", code=error["Code"])
