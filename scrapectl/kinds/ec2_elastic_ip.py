"""Turns an address under which a network reaches the internet into an Elastic IP of EC2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from scrapectl.engine.resource import Aws, Live, Needs, Pace, Removal, Scopes, Update
from scrapectl.kinds.ec2_named import Ec2Named, Shape

ABSENT = ("InvalidAllocationID.NotFound", "InvalidAllocationIDNotFound")


@dataclass(frozen=True)
class Ec2ElasticIp(Ec2Named):
    """An Elastic IP; its id is that of the allocation."""

    kind: ClassVar[str] = "ec2_elastic_ip"
    shape: ClassVar[Shape] = Shape("elastic-ip", "eipalloc-", "describe_addresses", "Addresses", "AllocationId")
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=120.0)
    needs: ClassVar[Needs] = Needs(
        read=("ec2:DescribeAddresses",),
        create=("ec2:AllocateAddress", "ec2:CreateTags"),
        update=("ec2:CreateTags", "ec2:DeleteTags"),
        delete=("ec2:ReleaseAddress",),
        owned=("ec2:DescribeTags",),
    )
    scopes: ClassVar[Scopes] = Scopes({"ec2:elastic-ip": ("ec2:{region}:{account}:elastic-ip/{tagged}",)})

    @classmethod
    def of_document(cls, aws: Aws, name: str, document: Mapping[str, Any]) -> Self | None:
        """It is nothing but its name."""
        del aws, document
        return cls(name)

    @classmethod
    def more_outputs(cls, document: Mapping[str, Any]) -> Mapping[str, str]:
        """The address itself."""
        return {"ip": document["PublicIp"]}

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Allocate it."""
        aws.call("ec2", "allocate_address", blind_retry=False, Domain="vpc", TagSpecifications=self.tagged(tags))
        return None

    def change(self, aws: Aws, update: Update) -> None:
        """Nothing of it changes but its tags."""

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Release it; AWS refuses while a NAT gateway holds it."""
        del removal
        aws.call("ec2", "release_address", absent=ABSENT, AllocationId=live.outputs["id"])
