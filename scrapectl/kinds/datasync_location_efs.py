"""Turns a place in a file system into a location of DataSync, which mounts it to try when it is made."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from scrapectl.engine.marks import Fixed, Identity
from scrapectl.engine.resource import Aws, FieldChange, Key, Live, Needs, Pace, Removal, Resource, Scopes, Update
from scrapectl.kinds.datasync_found import (
    delete_location,
    folder_of,
    locations,
    names_of_owner,
    place_of,
    read_locations,
    twins_differ,
)
from scrapectl.kinds.named_by_tag import name_of, named, unnamed
from scrapectl.kinds.tags import tag_list

ENCRYPTED = "TLS1_2"


@dataclass(frozen=True, kw_only=True)
class DatasyncLocationEfs(Resource):
    """A folder of a file system; always mounted encrypted.

    Attributes:
        file_system: The file system's ARN.
        access_point: ARN of the one that DataSync comes through.
        path: The folder, as seen from the access point; it must be there, as DataSync mounts it.
        subnet: ARN of a subnet in a zone with a mount target.
        security_groups: ARNs of the groups that DataSync's interfaces are in, in any order.
        role: ARN of the role that DataSync mounts as.
    """

    name: Identity[str]
    file_system: Fixed[Any]
    access_point: Fixed[Any] = None
    path: Fixed[str] = "/"
    subnet: Fixed[Any]
    security_groups: Fixed[tuple[Any, ...]]
    role: Fixed[Any] = None

    kind: ClassVar[str] = "datasync_location_efs"
    named_by_tag: ClassVar[bool] = True
    pace: ClassVar[Pace] = Pace(first=0.0, interval=5.0, limit=300.0)
    needs: ClassVar[Needs] = Needs(
        read=("datasync:DescribeLocationEfs", "datasync:ListLocations", "datasync:ListTagsForResource"),
        create=(
            "datasync:CreateLocationEfs",
            "datasync:TagResource",
            # What DataSync asks for in the caller's name ("AWS DataSync required permissions", API reference).
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "elasticfilesystem:DescribeFileSystems",
            "elasticfilesystem:DescribeMountTargets",
            "iam:PassRole",
        ),
        update=("datasync:TagResource", "datasync:UntagResource"),
        delete=("datasync:DeleteLocation",),
        owned=("datasync:ListLocations", "datasync:ListTagsForResource"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "datasync:location": ("datasync:{region}:{account}:location/{tagged}",),
            "ec2:network-interface": ("ec2:{region}:{account}:network-interface/{any}",),
            "ec2:security-group": ("ec2:{region}:{account}:security-group/{any}",),
            "ec2:subnet": ("ec2:{region}:{account}:subnet/{any}",),
            "elasticfilesystem:access-point": ("elasticfilesystem:{region}:{account}:access-point/{any}",),
            "elasticfilesystem:file-system": ("elasticfilesystem:{region}:{account}:file-system/{any}",),
        },
        passed_to="datasync.amazonaws.com",
    )

    def __post_init__(self) -> None:
        """Take the one spelling of the folder; sort what AWS holds as a set."""
        object.__setattr__(self, "path", folder_of(self.path))
        object.__setattr__(self, "security_groups", tuple(sorted(self.security_groups, key=str)))

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read those of these names, in one listing."""
        return read_locations(aws, "efs", keys, functools.partial(cls._live, aws))

    @classmethod
    def _live(cls, aws: Aws, described: Mapping[str, Any], tags: Mapping[str, str]) -> Live:
        host, folder = place_of(described["LocationUri"])
        file_system = host.rpartition(".")[2]  # efs://us-east-2.fs-…/
        resource = cls(
            name=str(name_of(tags)),
            file_system=f"arn:{aws.partition}:elasticfilesystem:{aws.region}:{aws.account}:file-system/{file_system}",
            access_point=described.get("AccessPointArn") or None,
            path=folder,
            subnet=described["Ec2Config"]["SubnetArn"],
            security_groups=tuple(described["Ec2Config"]["SecurityGroupArns"]),
            role=described.get("FileSystemAccessRoleArn") or None,
        )
        return Live(resource, {"arn": described["LocationArn"], "name": resource.name}, unnamed(tags))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; a repeat of a call whose answer was lost would make a second one."""
        given = {"AccessPointArn": self.access_point, "FileSystemAccessRoleArn": self.role}
        optional: dict[str, Any] = {name: value for name, value in given.items() if value}
        answer = aws.call(
            "datasync",
            "create_location_efs",
            blind_retry=False,
            EfsFilesystemArn=self.file_system,
            Subdirectory=self.path,
            Ec2Config={"SubnetArn": self.subnet, "SecurityGroupArns": list(self.security_groups)},
            InTransitEncryption=ENCRYPTED,
            Tags=tag_list(named(tags, self.name)),
            **optional,
        )
        return Live(self, {"arn": answer["LocationArn"], "name": self.name}, dict(tags), detail=())

    def update(self, aws: Aws, update: Update) -> None:
        """End its twins: nothing else of it changes."""
        for arn in update.live.detail:
            delete_location(aws, arn)

    def differ(self, live: Live) -> tuple[FieldChange, ...]:
        """Say which twins stand beside it."""
        return twins_differ(live)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it and its twins; DataSync refuses while a task uses it."""
        del removal
        for arn in (live.outputs["arn"], *live.detail):
            delete_location(aws, arn)

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List by tag: an ARN holds the id, and the key is the name."""
        return names_of_owner(locations(aws, "efs").values(), owner)
