"""Turns a network of our own into a VPC of EC2, in which names are answered by Amazon's DNS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from scrapectl.engine.marks import Fixed
from scrapectl.engine.resource import Aws, Live, Needs, Pace, Removal, Scopes, Status, Update
from scrapectl.kinds.ec2_named import Ec2Named, Shape

ABSENT = ("InvalidVpcID.NotFound",)
_DNS = {"EnableDnsSupport": "enableDnsSupport", "EnableDnsHostnames": "enableDnsHostnames"}


@dataclass(frozen=True)
class Ec2Vpc(Ec2Named):
    """A VPC.

    Attributes:
        cidr: Its addresses, "10.0.0.0/25".
        dns: Whether names are answered in it and its hosts have some; interface endpoints and EFS need both.
    """

    cidr: Fixed[str]
    dns: bool = True

    kind: ClassVar[str] = "ec2_vpc"
    shape: ClassVar[Shape] = Shape("vpc", "vpc-", "describe_vpcs", "Vpcs", "VpcId")
    pace: ClassVar[Pace] = Pace(first=0.0, interval=1.0, limit=120.0)
    needs: ClassVar[Needs] = Needs(
        read=("ec2:DescribeVpcAttribute", "ec2:DescribeVpcs"),
        create=("ec2:CreateTags", "ec2:CreateVpc", "ec2:ModifyVpcAttribute"),
        update=("ec2:CreateTags", "ec2:DeleteTags", "ec2:ModifyVpcAttribute"),
        delete=("ec2:DeleteVpc",),
        owned=("ec2:DescribeTags",),
    )
    scopes: ClassVar[Scopes] = Scopes({"ec2:vpc": ("ec2:{region}:{account}:vpc/{tagged}",)})

    @classmethod
    def of_document(cls, aws: Aws, name: str, document: Mapping[str, Any]) -> Self | None:
        """Ask for its two attributes: DescribeVpcs does not tell them."""

        def ask(member: str) -> bool | None:
            answer = aws.call(
                "ec2", "describe_vpc_attribute", absent=ABSENT, VpcId=document["VpcId"], Attribute=_DNS[member]
            )
            return None if answer is None else bool(answer[member]["Value"])

        found = aws.gather([lambda: ask("EnableDnsSupport"), lambda: ask("EnableDnsHostnames")])
        return None if None in found else cls(name, document["CidrBlock"], all(found))

    @classmethod
    def status_of(cls, document: Mapping[str, Any]) -> tuple[Status | None, str]:
        """It is pending for a moment."""
        state = document["State"]
        return (Status.READY, "") if state == "available" else (Status.BUSY, f"it is {state}")

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it, then switch its DNS."""
        answer = aws.call(
            "ec2", "create_vpc", blind_retry=False, CidrBlock=self.cidr, TagSpecifications=self.tagged(tags)
        )
        self._switch(aws, answer["Vpc"]["VpcId"])
        return None

    def change(self, aws: Aws, update: Update) -> None:
        """Switch its DNS."""
        if "dns" in update.changed:
            self._switch(aws, update.live.outputs["id"])

    def _switch(self, aws: Aws, vpc_id: str) -> None:
        """Hostnames want support: they are switched on after it, and off before; one attribute a call."""
        for member in _DNS if self.dns else reversed(_DNS):
            switched: dict[str, Any] = {member: {"Value": self.dns}}
            aws.call("ec2", "modify_vpc_attribute", VpcId=vpc_id, **switched)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; AWS refuses while anything of ours is in it, and takes its own default things with it."""
        del removal
        aws.call("ec2", "delete_vpc", absent=ABSENT, VpcId=live.outputs["id"])

    def way_out(self, live: Live) -> str:
        """Say that a network keeps its addresses."""
        return f"Write {cast('Ec2Vpc', live.resource).cidr} again, or destroy the pipeline and apply it anew."
