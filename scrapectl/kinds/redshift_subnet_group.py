"""Turns the subnets in which a warehouse's nodes stand into a subnet group of Redshift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Update
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("ClusterSubnetGroupNotFoundFault",)
_SUBNETS = "subnetgroup"
# Redshift looks at subnets in the caller's name (CloudFormation's AWS::Redshift::ClusterSubnetGroup, create).
_LOOKS = ("ec2:DescribeSubnets", "ec2:DescribeVpcs")


def cluster_subnet_group_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a subnet group will have; no answer of Redshift's does."""
    return f"arn:{partition}:redshift:{region}:{account}:{_SUBNETS}:{name}"


@dataclass(frozen=True)
class RedshiftSubnetGroup(Resource):
    """A subnet group of clusters.

    Attributes:
        name: In small letters, as Redshift stores it.
        description: Redshift wants one.
        subnets: Subnet ids, in any order.
    """

    name: Identity[str]
    description: str
    subnets: tuple[Any, ...]

    kind: ClassVar[str] = "redshift_subnet_group"
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=120.0)
    sweep: ClassVar[str | None] = f"redshift:{{region}}:{{account}}:{_SUBNETS}:"
    listing: ClassVar[Listing | None] = Listing(
        "redshift", "describe_cluster_subnet_groups", "ClusterSubnetGroups", "ClusterSubnetGroupName"
    )
    needs: ClassVar[Needs] = Needs(
        read=("redshift:DescribeClusterSubnetGroups",),
        create=(*_LOOKS, "redshift:CreateClusterSubnetGroup", "redshift:CreateTags"),
        update=(*_LOOKS, "redshift:CreateTags", "redshift:DeleteTags", "redshift:ModifyClusterSubnetGroup"),
        delete=("redshift:DeleteClusterSubnetGroup",),
    )
    scopes: ClassVar[Scopes] = Scopes({"redshift:subnetgroup": ("redshift:{region}:{account}:subnetgroup:{name}",)})

    def __post_init__(self) -> None:
        """Sort what AWS holds as a set; done again when references are put in."""
        object.__setattr__(self, "subnets", tuple(sorted(self.subnets, key=str)))

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the group; its tags are in the answer."""
        (name,) = key
        answer = aws.call("redshift", "describe_cluster_subnet_groups", absent=ABSENT, ClusterSubnetGroupName=name)
        if answer is None or not answer["ClusterSubnetGroups"]:
            return None
        (group,) = answer["ClusterSubnetGroups"]
        subnets = tuple(subnet["SubnetIdentifier"] for subnet in group["Subnets"])
        resource = cls(name, group["Description"], subnets)
        return Live(resource, _outputs(aws, name), tags_from_list(group.get("Tags") or ()))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; it stands at once."""
        aws.call(
            "redshift",
            "create_cluster_subnet_group",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            ClusterSubnetGroupName=self.name,
            Tags=tag_list(tags),
            **self._properties(),
        )
        return Live(self, _outputs(aws, self.name), dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Send the whole: Redshift takes the subnets as a whole only."""
        if update.changed:
            aws.call("redshift", "modify_cluster_subnet_group", ClusterSubnetGroupName=self.name, **self._properties())

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; Redshift refuses while a cluster stands in it."""
        del removal
        name = live.outputs["name"]
        aws.call("redshift", "delete_cluster_subnet_group", absent=ABSENT, ClusterSubnetGroupName=name)

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN."""
        name = arn.partition(f":{_SUBNETS}:")[2]
        return (name,) if name else None

    def _properties(self) -> dict[str, Any]:
        return {"Description": self.description, "SubnetIds": list(self.subnets)}


def _outputs(aws: Aws, name: str) -> dict[str, str]:
    return {"arn": cluster_subnet_group_arn(aws.partition, aws.region, aws.account, name), "name": name}
