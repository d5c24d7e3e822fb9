"""Turns a folder of a file system, with who owns all that is in it, into an access point of EFS."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from scrapectl.engine.marks import Fixed, Identity
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Aws, Key, Live, Needs, Pace, Removal, Resource, Scopes, Status, Update
from scrapectl.kinds.named_by_tag import first_of_each, name_of, named, unnamed
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("AccessPointNotFound",)
ROOT = "/"
ROOT_MODE = "755"
"""The mode of a file system's own root, which EFS makes and no access point changes."""


@dataclass(frozen=True)
class EfsAccessPoint(Resource):
    """An access point: AWS lets none of it change, and gives it an id; its tag `Name` is what it is found by.

    Attributes:
        file_system: `fs-…`.
        path: The folder, made on first use, from the file system's root: "/data".
        mode: In octal, as text; of the folder when it is made.
    """

    name: Identity[str]
    file_system: Fixed[Any]
    path: Fixed[str]
    uid: Fixed[int]
    gid: Fixed[int]
    mode: Fixed[str] = ROOT_MODE

    kind: ClassVar[str] = "efs_access_point"
    named_by_tag: ClassVar[bool] = True
    pace: ClassVar[Pace] = Pace(first=1.0, interval=2.0, limit=300.0)
    needs: ClassVar[Needs] = Needs(
        read=("elasticfilesystem:DescribeAccessPoints",),
        create=("elasticfilesystem:CreateAccessPoint", "elasticfilesystem:TagResource"),
        update=("elasticfilesystem:TagResource", "elasticfilesystem:UntagResource"),
        delete=("elasticfilesystem:DeleteAccessPoint",),
        owned=("elasticfilesystem:DescribeAccessPoints",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "elasticfilesystem:access-point": ("elasticfilesystem:{region}:{account}:access-point/{tagged}",),
            "elasticfilesystem:file-system": ("elasticfilesystem:{region}:{account}:file-system/{tagged}",),
        },
    )

    def __post_init__(self) -> None:
        """Take the one spelling of the mode."""
        object.__setattr__(self, "mode", ROOT_MODE if self.path == ROOT else f"{int(self.mode, 8):03o}")

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read all in one listing: it tells the tags."""
        points = aws.pages("efs", "describe_access_points", "AccessPoints")
        found = [((point["AccessPointId"],), cls._live(point)) for point in points if _name(point)]
        return first_of_each(found, keys)

    @classmethod
    def _live(cls, point: Mapping[str, Any]) -> Live:
        root, user = point.get("RootDirectory") or {"Path": ROOT}, point.get("PosixUser") or {}
        made = root.get("CreationInfo") or {}
        resource = cls(
            name=str(_name(point)),
            file_system=point["FileSystemId"],
            path=root["Path"],
            uid=user.get("Uid", -1),  # of another hand's that lets everyone be who they are
            gid=user.get("Gid", -1),
            mode=made.get("Permissions", "0"),
        )
        outputs = {"arn": point["AccessPointArn"], "id": point["AccessPointId"], "name": resource.name}
        state = point["LifeCycleState"]
        status = {"available": Status.READY, "error": Status.BROKEN}.get(state, Status.BUSY)
        tags = unnamed(tags_from_list(point.get("Tags", ())))
        return Live(resource, outputs, tags, status, "" if status is Status.READY else state)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Make it; the same token again names the one that it made, so that a lost answer makes no second one."""
        made = {"OwnerUid": self.uid, "OwnerGid": self.gid, "Permissions": self.mode}
        root = {"Path": self.path} if self.path == ROOT else {"Path": self.path, "CreationInfo": made}
        aws.call(
            "efs",
            "create_access_point",
            ClientToken=hashlib.sha256(repr(self).encode()).hexdigest(),
            FileSystemId=self.file_system,
            PosixUser={"Uid": self.uid, "Gid": self.gid},
            RootDirectory=root,
            Tags=tag_list(named(tags, self.name)),
        )

    def update(self, aws: Aws, update: Update) -> None:
        """Do nothing: AWS lets nothing of it change."""
        del aws, update

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; the folder stays."""
        del removal
        aws.call("efs", "delete_access_point", absent=ABSENT, AccessPointId=live.outputs["id"])

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List by tag: an ARN holds the id, and the key is the name."""
        points = aws.pages("efs", "describe_access_points", "AccessPoints")
        ours = [point for point in points if tags_from_list(point.get("Tags", ())).get(PIPELINE) == owner]
        return [(name,) for point in ours if (name := _name(point))]


def _name(point: Mapping[str, Any]) -> str | None:
    return name_of(tags_from_list(point.get("Tags", ())))
