"""Turns a network of our own that is joined with another of the account into a peering connection of EC2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from scrapectl.engine.marks import Fixed
from scrapectl.engine.resource import Aws, Live, Needs, Pace, Removal, Replace, Scopes, Status, Update
from scrapectl.kinds.ec2_named import Ec2Named, Shape

ABSENT = ("InvalidVpcPeeringConnectionID.NotFound", "InvalidVpcPeeringConnectionId.NotFound")
_WAITS = "pending-acceptance"
# "VPC peering connection lifecycle" (Amazon VPC Peering Guide): the dead are shown for two hours.
_STATES: Mapping[str, Status | None] = {
    "active": Status.READY,
    "initiating-request": Status.BUSY,
    "provisioning": Status.BUSY,
    "deleting": Status.BUSY,
    _WAITS: Status.BROKEN,
    "failed": None,
    "rejected": None,
    "expired": None,
    "deleted": None,
}


@dataclass(frozen=True)
class Ec2VpcPeering(Ec2Named):
    """A peering connection inside one account and region; both ends are ours to agree to.

    Attributes:
        vpc: Id of our VPC.
        peer: Id of the other.
    """

    vpc: Fixed[Any]
    peer: Fixed[str]

    kind: ClassVar[str] = "ec2_vpc_peering"
    shape: ClassVar[Shape] = Shape(
        "vpc-peering-connection",
        "pcx-",
        "describe_vpc_peering_connections",
        "VpcPeeringConnections",
        "VpcPeeringConnectionId",
    )
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=120.0)
    replace: ClassVar[Replace] = Replace.IN_PLACE
    needs: ClassVar[Needs] = Needs(
        read=("ec2:DescribeVpcPeeringConnections",),
        create=("ec2:AcceptVpcPeeringConnection", "ec2:CreateTags", "ec2:CreateVpcPeeringConnection"),
        update=("ec2:CreateTags", "ec2:DeleteTags"),
        delete=("ec2:DeleteVpcPeeringConnection",),
        owned=("ec2:DescribeTags",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "ec2:vpc-peering-connection": ("ec2:{region}:{account}:vpc-peering-connection/{tagged}",),
            "ec2:vpc": ("ec2:{region}:{account}:vpc/{any}",),  # both ends, of which one is not ours
        },
    )

    @classmethod
    def of_document(cls, aws: Aws, name: str, document: Mapping[str, Any]) -> Self | None:
        """Read both ends."""
        del aws
        return cls(name, document["RequesterVpcInfo"]["VpcId"], document["AccepterVpcInfo"]["VpcId"])

    @classmethod
    def status_of(cls, document: Mapping[str, Any]) -> tuple[Status | None, str]:
        """Read its state; one that nobody accepted yet is broken: it carries nothing."""
        state = document["Status"]
        return _STATES[state["Code"]], state.get("Message") or f"it is {state['Code']}"

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Ask for it, then accept it."""
        answer = aws.call(
            "ec2",
            "create_vpc_peering_connection",
            blind_retry=False,
            VpcId=self.vpc,
            PeerVpcId=self.peer,
            TagSpecifications=self.tagged(tags),
        )
        _accept(aws, answer["VpcPeeringConnection"]["VpcPeeringConnectionId"])
        return None

    def change(self, aws: Aws, update: Update) -> None:
        """Accept what still waits for it."""
        if update.live.status is Status.BROKEN:
            _accept(aws, update.live.outputs["id"])

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it."""
        del removal
        aws.call("ec2", "delete_vpc_peering_connection", absent=ABSENT, VpcPeeringConnectionId=live.outputs["id"])


def _accept(aws: Aws, peering_id: str) -> None:
    aws.call("ec2", "accept_vpc_peering_connection", VpcPeeringConnectionId=peering_id)
