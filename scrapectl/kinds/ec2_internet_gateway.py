"""Turns the way from a network of our own to the internet into an internet gateway that is attached to its VPC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from scrapectl.engine.resource import Aws, Live, Needs, Pace, Removal, Scopes, Update
from scrapectl.kinds.ec2_interfaces import HELD, lingering
from scrapectl.kinds.ec2_named import Ec2Named, Shape

ABSENT = ("InvalidInternetGatewayID.NotFound",)
_DETACHED = ("Gateway.NotAttached", *ABSENT)


def gateway_of(vpc: str) -> str:
    """Say how those name the gateway of a VPC that name it not by its id."""
    return f"internet gateway of {vpc}"


@dataclass(frozen=True)
class Ec2InternetGateway(Ec2Named):
    """An internet gateway; a VPC has one at most.

    Attributes:
        vpc: Id of the VPC that it is attached to; None live when it is to none.
    """

    vpc: Any

    kind: ClassVar[str] = "ec2_internet_gateway"
    shape: ClassVar[Shape] = Shape(
        "internet-gateway", "igw-", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"
    )
    pace: ClassVar[Pace] = Pace(first=0.0, interval=10.0, limit=600.0)
    kill_ends_its_wait: ClassVar[bool] = False
    needs: ClassVar[Needs] = Needs(
        read=("ec2:DescribeInternetGateways",),
        create=("ec2:AttachInternetGateway", "ec2:CreateInternetGateway", "ec2:CreateTags"),
        update=("ec2:AttachInternetGateway", "ec2:CreateTags", "ec2:DeleteTags", "ec2:DetachInternetGateway"),
        delete=("ec2:DeleteInternetGateway", "ec2:DescribeNetworkInterfaces", "ec2:DetachInternetGateway"),
        owned=("ec2:DescribeTags",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {"ec2:internet-gateway": ("ec2:{region}:{account}:internet-gateway/{tagged}",)},
    )

    @classmethod
    def of_document(cls, aws: Aws, name: str, document: Mapping[str, Any]) -> Self | None:
        """Read what it is attached to."""
        del aws
        return cls(name, next((to["VpcId"] for to in document.get("Attachments") or ()), None))

    @classmethod
    def more_outputs(cls, document: Mapping[str, Any]) -> Mapping[str, str]:
        """What NAT gateways name it by: they hold addresses of it."""
        attached = next((to["VpcId"] for to in document.get("Attachments") or ()), None)
        return {"called": gateway_of(attached)} if attached else {}

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it, then attach it."""
        answer = aws.call("ec2", "create_internet_gateway", blind_retry=False, TagSpecifications=self.tagged(tags))
        gateway_id = answer["InternetGateway"]["InternetGatewayId"]
        aws.call("ec2", "attach_internet_gateway", InternetGatewayId=gateway_id, VpcId=self.vpc)
        return None

    def change(self, aws: Aws, update: Update) -> None:
        """Attach it to another VPC."""
        if "vpc" not in update.changed:
            return
        gateway_id, before = update.live.outputs["id"], cast("Self", update.live.resource).vpc
        if before is not None:
            aws.call("ec2", "detach_internet_gateway", absent=_DETACHED, InternetGatewayId=gateway_id, VpcId=before)
        aws.call("ec2", "attach_internet_gateway", InternetGatewayId=gateway_id, VpcId=self.vpc)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> str | None:
        """Detach it, then delete it; AWS refuses while anything in the VPC has a public address, which is told."""
        del removal
        gateway_id, vpc = live.outputs["id"], cast("Ec2InternetGateway", live.resource).vpc
        names = {"InternetGatewayId": gateway_id, "VpcId": vpc}
        if vpc is not None and aws.call("ec2", "detach_internet_gateway", absent=(*_DETACHED, HELD), **names) is None:
            held = lingering(aws, {"vpc-id": vpc, "association.public-ip": "*"})
            if held is not None:
                return held
            aws.call("ec2", "detach_internet_gateway", absent=_DETACHED, **names)
        aws.call("ec2", "delete_internet_gateway", absent=ABSENT, InternetGatewayId=gateway_id)
        return None
