"""Turns the subnets in which databases stand into a subnet group of RDS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Update
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("DBSubnetGroupNotFoundFault",)
_SUBNETS = "subgrp"


def subnet_group_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a subnet group will have."""
    return f"arn:{partition}:rds:{region}:{account}:{_SUBNETS}:{name}"


@dataclass(frozen=True)
class RdsSubnetGroup(Resource):
    """A subnet group.

    Attributes:
        name: In small letters, as RDS stores it.
        description: RDS wants one.
        subnets: Subnet ids in two zones or more, in any order.
    """

    name: Identity[str]
    description: str
    subnets: tuple[Any, ...]

    kind: ClassVar[str] = "rds_subnet_group"
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=120.0)
    sweep: ClassVar[str | None] = f"rds:{{region}}:{{account}}:{_SUBNETS}:"
    listing: ClassVar[Listing | None] = Listing(
        "rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"
    )
    needs: ClassVar[Needs] = Needs(
        read=("rds:DescribeDBSubnetGroups", "rds:ListTagsForResource"),
        create=("rds:AddTagsToResource", "rds:CreateDBSubnetGroup"),
        update=("rds:AddTagsToResource", "rds:ModifyDBSubnetGroup", "rds:RemoveTagsFromResource"),
        delete=("rds:DeleteDBSubnetGroup",),
    )
    scopes: ClassVar[Scopes] = Scopes({"rds:subgrp": ("rds:{region}:{account}:subgrp:{name}",)})

    def __post_init__(self) -> None:
        """Sort what AWS holds as a set; done again when references are put in."""
        object.__setattr__(self, "subnets", tuple(sorted(self.subnets, key=str)))

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the group, then its tags."""
        (name,) = key
        answer = aws.call("rds", "describe_db_subnet_groups", absent=ABSENT, DBSubnetGroupName=name)
        if answer is None or not answer["DBSubnetGroups"]:
            return None
        (group,) = answer["DBSubnetGroups"]
        arn = group["DBSubnetGroupArn"]
        tags = aws.call("rds", "list_tags_for_resource", absent=ABSENT, ResourceName=arn)
        if tags is None:  # it went between the calls
            return None
        subnets = tuple(subnet["SubnetIdentifier"] for subnet in group["Subnets"])
        resource = cls(name, group["DBSubnetGroupDescription"], subnets)
        return Live(resource, {"arn": arn, "name": name}, tags_from_list(tags["TagList"]))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; the answer is whole."""
        answer = aws.call(
            "rds",
            "create_db_subnet_group",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            DBSubnetGroupName=self.name,
            Tags=tag_list(tags),
            **self._properties(),
        )
        return Live(self, {"arn": answer["DBSubnetGroup"]["DBSubnetGroupArn"], "name": self.name}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Send the whole: RDS takes the subnets as a whole only."""
        if update.changed:
            aws.call("rds", "modify_db_subnet_group", DBSubnetGroupName=self.name, **self._properties())

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; RDS refuses while an instance stands in it."""
        del removal
        aws.call("rds", "delete_db_subnet_group", absent=ABSENT, DBSubnetGroupName=live.outputs["name"])

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN."""
        name = arn.partition(f":{_SUBNETS}:")[2]
        return (name,) if name else None

    def _properties(self) -> dict[str, Any]:
        return {"DBSubnetGroupDescription": self.description, "SubnetIds": list(self.subnets)}
