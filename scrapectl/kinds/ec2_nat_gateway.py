"""Turns the way from private subnets to the internet into a NAT gateway of EC2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from scrapectl.engine.marks import Fixed
from scrapectl.engine.resource import Aws, Live, Needs, Pace, Removal, Replace, Scopes, Status, Update
from scrapectl.kinds.ec2_internet_gateway import gateway_of
from scrapectl.kinds.ec2_named import Ec2Named, Shape

ABSENT = ("NatGatewayNotFound",)
_STATES: Mapping[str, Status | None] = {
    "available": Status.READY,
    "pending": Status.BUSY,
    "deleting": Status.BUSY,
    "failed": Status.BROKEN,
    "deleted": None,  # shown for about an hour ("Troubleshoot NAT gateways", Amazon VPC User Guide)
}


@dataclass(frozen=True)
class Ec2NatGateway(Ec2Named):
    """A public NAT gateway.

    Attributes:
        subnet: Id of the public subnet that it stands in.
        address: Id of its Elastic IP's allocation.
    """

    subnet: Fixed[Any]
    address: Fixed[Any]

    kind: ClassVar[str] = "ec2_nat_gateway"
    shape: ClassVar[Shape] = Shape(
        "natgateway", "nat-", "describe_nat_gateways", "NatGateways", "NatGatewayId", "CreateTime", "Filter"
    )
    # It comes in one to three minutes, and goes in one or two (AWS-FACTS §14).
    pace: ClassVar[Pace] = Pace(first=30.0, interval=10.0, limit=900.0)
    replace: ClassVar[Replace] = Replace.IN_PLACE
    needs: ClassVar[Needs] = Needs(
        read=("ec2:DescribeNatGateways",),
        create=("ec2:CreateNatGateway", "ec2:CreateTags"),
        update=("ec2:CreateTags", "ec2:DeleteTags"),
        delete=("ec2:DeleteNatGateway",),
        owned=("ec2:DescribeTags",),
    )
    scopes: ClassVar[Scopes] = Scopes({"ec2:natgateway": ("ec2:{region}:{account}:natgateway/{tagged}",)})

    @classmethod
    def of_document(cls, aws: Aws, name: str, document: Mapping[str, Any]) -> Self | None:
        """Read its fields."""
        del aws
        address = next((each.get("AllocationId") for each in document.get("NatGatewayAddresses") or ()), None)
        return cls(name, document["SubnetId"], address)

    @classmethod
    def status_of(cls, document: Mapping[str, Any]) -> tuple[Status | None, str]:
        """Read its state; a failed one says why."""
        state = document["State"]
        return _STATES[state], document.get("FailureMessage") or f"it is {state}"

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; the SDK's own repeats carry one client token, and a later one looks first."""
        aws.call(
            "ec2",
            "create_nat_gateway",
            SubnetId=self.subnet,
            AllocationId=self.address,
            TagSpecifications=self.tagged(tags),
        )
        return None

    def change(self, aws: Aws, update: Update) -> None:
        """Make another in place of one that failed: AWS does not mend it, and takes it away within the hour."""
        if update.live.status is Status.BROKEN:
            type(self).delete(aws, update.live, Removal())
            self.create(aws, update.tags)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; its address is free when it is gone."""
        del removal
        aws.call("ec2", "delete_nat_gateway", absent=ABSENT, NatGatewayId=live.outputs["id"])

    @classmethod
    def stands_in(cls, live: Live) -> tuple[str, ...]:
        """The internet gateway, which AWS does not detach while it holds an address of it."""
        vpc = live.detail.document.get("VpcId")
        return (gateway_of(vpc),) if vpc else ()
