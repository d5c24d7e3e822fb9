"""Turns a folder with a Dockerfile into an image of a repository, under a tag that names the folder's contents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, cast

from scrapectl.engine.marks import Identity, Local
from scrapectl.engine.resource import Aws, Key, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds.ecr_repository import repository_uri

ABSENT = ("RepositoryNotFoundException", "ImageNotFoundException")


class ImagePusher(Protocol):
    """What a session offers besides calls: the way from a folder to an image."""

    def push_image(self, repository_uri: str, folder: str, tag: str, platform: str) -> str:
        """Build the folder for a platform, push it under the tag, and return its digest."""


def image_uri(repository: str, digest: str) -> str:
    """Say how an image is named for good: by its digest, which no later push can move."""
    return f"{repository}@{digest}"


@dataclass(frozen=True)
class EcrImage(Resource):
    """An image. The tag is made from what is in the folder, so that one that stands is never out of date.

    Attributes:
        folder: Where it is built from.
        platform: X86_64 or ARM64.
    """

    repository: Identity[str]
    tag: Identity[str]
    folder: Local[str] = ""
    platform: Local[str] = ""

    kind: ClassVar[str] = "ecr_image"
    carries_tags: ClassVar[bool] = False
    needs: ClassVar[Needs] = Needs(
        read=("ecr:DescribeImages",),
        create=(
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:GetAuthorizationToken",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
        ),
    )
    scopes: ClassVar[Scopes] = Scopes({"ecr:repository": ("ecr:{region}:{account}:repository/{name}",)})

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read one: AWS refuses to describe several when one of them is missing."""
        repository, tag = key
        wanted = [{"imageTag": tag}]
        found = aws.call("ecr", "describe_images", absent=ABSENT, repositoryName=repository, imageIds=wanted)
        return _live(aws, cls(repository, tag), found["imageDetails"][0]["imageDigest"]) if found else None

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Build and push it."""
        del tags
        repository = repository_uri(aws.partition, aws.region, aws.account, self.repository)
        digest = cast("ImagePusher", aws).push_image(repository, self.folder, self.tag, self.platform)
        return _live(aws, self, digest)

    def update(self, aws: Aws, update: Update) -> None:
        """Nothing of an image changes: another folder is another tag."""

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Nothing to do: it goes with its repository, whose lifecycle policy also ends the old ones."""


def _live(aws: Aws, image: EcrImage, digest: str) -> Live:
    uri = image_uri(repository_uri(aws.partition, aws.region, aws.account, image.repository), digest)
    name = f"{image.repository}:{image.tag}"
    # An image has no ARN; its URI names it as well, and names no other thing.
    return Live(image, {"arn": uri, "name": name, "uri": uri, "digest": digest})
