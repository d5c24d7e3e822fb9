"""Turns a part of a network of our own, in one zone, into a subnet of EC2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from scrapectl.engine.marks import Fixed
from scrapectl.engine.resource import Aws, Live, Needs, Pace, Removal, Scopes, Status, Update
from scrapectl.kinds.ec2_interfaces import HELD, lingering
from scrapectl.kinds.ec2_named import Ec2Named, Shape

ABSENT = ("InvalidSubnetID.NotFound",)


@dataclass(frozen=True)
class Ec2Subnet(Ec2Named):
    """A subnet.

    Attributes:
        vpc: Id of its VPC.
        cidr: Its part of the VPC's addresses.
        zone: Name of its availability zone.
        public: Whether what starts in it gets a public address.
    """

    vpc: Fixed[Any]
    cidr: Fixed[str]
    zone: Fixed[str]
    public: bool = False

    kind: ClassVar[str] = "ec2_subnet"
    shape: ClassVar[Shape] = Shape("subnet", "subnet-", "describe_subnets", "Subnets", "SubnetId")
    pace: ClassVar[Pace] = Pace(first=0.0, interval=10.0, limit=600.0)
    kill_ends_its_wait: ClassVar[bool] = False
    needs: ClassVar[Needs] = Needs(
        read=("ec2:DescribeSubnets",),
        create=("ec2:CreateSubnet", "ec2:CreateTags", "ec2:ModifySubnetAttribute"),
        update=("ec2:CreateTags", "ec2:DeleteTags", "ec2:ModifySubnetAttribute"),
        delete=("ec2:DeleteSubnet", "ec2:DescribeNetworkInterfaces"),
        owned=("ec2:DescribeTags",),
    )
    scopes: ClassVar[Scopes] = Scopes({"ec2:subnet": ("ec2:{region}:{account}:subnet/{tagged}",)})

    @classmethod
    def of_document(cls, aws: Aws, name: str, document: Mapping[str, Any]) -> Self | None:
        """Read its fields."""
        del aws
        zone, public = document["AvailabilityZone"], document["MapPublicIpOnLaunch"]
        return cls(name, document["VpcId"], document["CidrBlock"], zone, public)

    @classmethod
    def status_of(cls, document: Mapping[str, Any]) -> tuple[Status | None, str]:
        """It is pending for a moment."""
        state = document["State"]
        return (Status.READY, "") if state == "available" else (Status.BUSY, f"it is {state}")

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it, then have it give public addresses."""
        answer = aws.call(
            "ec2",
            "create_subnet",
            blind_retry=False,
            VpcId=self.vpc,
            CidrBlock=self.cidr,
            AvailabilityZone=self.zone,
            TagSpecifications=self.tagged(tags),
        )
        if self.public:
            self._switch(aws, answer["Subnet"]["SubnetId"])
        return None

    def change(self, aws: Aws, update: Update) -> None:
        """Have it give public addresses, or none."""
        if "public" in update.changed:
            self._switch(aws, update.live.outputs["id"])

    def _switch(self, aws: Aws, subnet_id: str) -> None:
        aws.call("ec2", "modify_subnet_attribute", SubnetId=subnet_id, MapPublicIpOnLaunch={"Value": self.public})

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> str | None:
        """Delete it; interfaces that linger in it are waited for and told."""
        del removal
        subnet_id = live.outputs["id"]
        if aws.call("ec2", "delete_subnet", absent=(*ABSENT, HELD), SubnetId=subnet_id) is not None:
            return None
        held = lingering(aws, {"subnet-id": subnet_id})
        if held is None:  # it has gone, or AWS now says what else holds it
            aws.call("ec2", "delete_subnet", absent=ABSENT, SubnetId=subnet_id)
        return held

    def way_out(self, live: Live) -> str:
        """Say that a network keeps its parts."""
        standing = cast("Ec2Subnet", live.resource)
        return (
            f"This subnet has {standing.cidr} in {standing.zone}: write cidr and zones as they were, or destroy first."
        )
