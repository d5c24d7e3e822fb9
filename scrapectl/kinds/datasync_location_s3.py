"""Turns a place in a bucket into a location of DataSync, which tries it with its role when it is made."""

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


@dataclass(frozen=True)
class DatasyncLocationS3(Resource):
    """A prefix of a bucket.

    Attributes:
        bucket: The bucket's ARN.
        prefix: "in/", "" for the whole bucket.
        role: ARN of the role that DataSync reads and writes as.
    """

    name: Identity[str]
    bucket: Fixed[Any]
    prefix: Fixed[str]
    role: Any

    kind: ClassVar[str] = "datasync_location_s3"
    named_by_tag: ClassVar[bool] = True
    pace: ClassVar[Pace] = Pace(first=0.0, interval=5.0, limit=300.0)
    needs: ClassVar[Needs] = Needs(
        read=("datasync:DescribeLocationS3", "datasync:ListLocations", "datasync:ListTagsForResource"),
        create=("datasync:CreateLocationS3", "datasync:TagResource", "iam:PassRole"),
        update=("datasync:TagResource", "datasync:UntagResource", "datasync:UpdateLocationS3", "iam:PassRole"),
        delete=("datasync:DeleteLocation",),
        owned=("datasync:ListLocations", "datasync:ListTagsForResource"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {"datasync:location": ("datasync:{region}:{account}:location/{tagged}",)}, passed_to="datasync.amazonaws.com"
    )

    def __post_init__(self) -> None:
        """Take the one spelling of the prefix: DataSync adds the slash."""
        object.__setattr__(self, "prefix", folder_of(self.prefix)[1:])

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read those of these names, in one listing."""
        return read_locations(aws, "s3", keys, functools.partial(cls._live, aws))

    @classmethod
    def _live(cls, aws: Aws, described: Mapping[str, Any], tags: Mapping[str, str]) -> Live:
        host, folder = place_of(described["LocationUri"])
        name = str(name_of(tags))
        bucket = f"arn:{aws.partition}:s3:::{host}"
        resource = cls(name, bucket, folder, described["S3Config"]["BucketAccessRoleArn"])
        return Live(resource, {"arn": described["LocationArn"], "name": name}, unnamed(tags))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; a repeat of a call whose answer was lost would make a second one."""
        answer = aws.call(
            "datasync",
            "create_location_s3",
            blind_retry=False,
            S3BucketArn=self.bucket,
            Subdirectory=f"/{self.prefix}",
            S3Config={"BucketAccessRoleArn": self.role},
            Tags=tag_list(named(tags, self.name)),
        )
        return Live(self, {"arn": answer["LocationArn"], "name": self.name}, dict(tags), detail=())

    def update(self, aws: Aws, update: Update) -> None:
        """End its twins; give it another role."""
        for arn in update.live.detail:
            delete_location(aws, arn)
        if "role" in update.changed:
            config = {"BucketAccessRoleArn": self.role}
            aws.call("datasync", "update_location_s3", LocationArn=update.live.outputs["arn"], S3Config=config)

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
        return names_of_owner(locations(aws, "s3").values(), owner)
