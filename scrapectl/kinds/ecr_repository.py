"""Turns a repository of images into ECR's: scanned when pushed to, and holding the newest few."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scrapectl.engine.marks import Identity
from scrapectl.engine.ownership import ON_DESTROY
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("RepositoryNotFoundException",)
NO_LIFECYCLE = (*ABSENT, "LifecyclePolicyNotFoundException")


def repository_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a repository will have."""
    return f"arn:{partition}:ecr:{region}:{account}:repository/{name}"


def repository_uri(partition: str, region: str, account: str, name: str) -> str:
    """Say where a repository's images are pulled from."""
    domain = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return f"{account}.dkr.ecr.{region}.{domain}/{name}"


@dataclass(frozen=True)
class EcrRepository(Resource):
    """A private repository with mutable tags, encrypted by AWS's key.

    Attributes:
        scan: Look for known weaknesses at each push.
        keep: How many images stay; None: all, or another lifecycle policy than ours stands.
    """

    name: Identity[str]
    scan: bool
    keep: int | None

    kind: ClassVar[str] = "ecr_repository"
    tells_the_spec: ClassVar[bool] = True
    holds_data: ClassVar[bool] = True
    contents_name: ClassVar[tuple[str, str]] = ("image", "images")
    sweep: ClassVar[str | None] = "ecr:{region}:{account}:repository/"
    listing: ClassVar[Listing | None] = Listing("ecr", "describe_repositories", "repositories", "repositoryName")
    needs: ClassVar[Needs] = Needs(
        read=("ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:ListTagsForResource"),
        create=("ecr:CreateRepository", "ecr:PutLifecyclePolicy", "ecr:TagResource"),
        update=(
            "ecr:DeleteLifecyclePolicy",
            "ecr:PutImageScanningConfiguration",
            "ecr:PutLifecyclePolicy",
            "ecr:TagResource",
            "ecr:UntagResource",
        ),
        delete=("ecr:DeleteRepository", "ecr:ListImages"),
    )
    scopes: ClassVar[Scopes] = Scopes({"ecr:repository": ("ecr:{region}:{account}:repository/{name}",)})

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the repository, then its lifecycle policy and tags side by side."""
        (name,) = key
        found = aws.call("ecr", "describe_repositories", absent=ABSENT, repositoryNames=[name])
        if found is None:
            return None
        (repository,) = found["repositories"]
        arn = repository["repositoryArn"]
        ask: Callable[..., Callable[[], Any]] = functools.partial
        lifecycle, tags = aws.gather(
            [
                ask(aws.call, "ecr", "get_lifecycle_policy", absent=NO_LIFECYCLE, repositoryName=name),
                ask(aws.call, "ecr", "list_tags_for_resource", absent=ABSENT, resourceArn=arn),
            ]
        )
        if tags is None:  # it went between the calls
            return None
        scan = repository.get("imageScanningConfiguration", {}).get("scanOnPush", False)
        keep = _kept(json.loads(lifecycle["lifecyclePolicyText"])) if lifecycle else None
        outputs = {"arn": arn, "name": name, "uri": repository["repositoryUri"]}
        return Live(cls(name, scan, keep), outputs, tags_from_list(tags["tags"]))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; the lifecycle policy is a second call, which an update makes up for after a kill."""
        answer = aws.call(
            "ecr",
            "create_repository",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            repositoryName=self.name,
            imageScanningConfiguration={"scanOnPush": self.scan},
            tags=tag_list(tags),
        )
        self._put_lifecycle(aws)
        made = answer["repository"]
        return Live(self, {"arn": made["repositoryArn"], "name": self.name, "uri": made["repositoryUri"]}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Change what differs."""
        if "scan" in update.changed:
            scanning = {"scanOnPush": self.scan}
            aws.call(
                "ecr",
                "put_image_scanning_configuration",
                repositoryName=self.name,
                imageScanningConfiguration=scanning,
            )
        if "keep" in update.changed and self.keep is None:
            aws.call("ecr", "delete_lifecycle_policy", absent=NO_LIFECYCLE, repositoryName=self.name)
        elif "keep" in update.changed:
            self._put_lifecycle(aws)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it with its images, unless its `on_destroy` says otherwise: then only an empty one goes."""
        force = removal.delete_data or live.tags.get(ON_DESTROY, "delete") == "delete"
        aws.call("ecr", "delete_repository", absent=ABSENT, repositoryName=live.outputs["name"], force=force)

    @classmethod
    def contents(cls, aws: Aws, live: Live) -> int:
        """Count its images."""
        found = aws.pages("ecr", "list_images", "imageIds", absent=ABSENT, repositoryName=live.outputs["name"])
        return len({image["imageDigest"] for image in found or ()})

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN."""
        service, _, rest = arn.partition(":repository/")
        return (rest,) if service.split(":")[2] == "ecr" and rest else None

    def _put_lifecycle(self, aws: Aws) -> None:
        if self.keep is not None:
            text = json.dumps(_lifecycle(self.keep))
            aws.call("ecr", "put_lifecycle_policy", repositoryName=self.name, lifecyclePolicyText=text)


def _lifecycle(keep: int) -> dict[str, Any]:
    rule = {
        "rulePriority": 1,
        "description": f"keep the newest {keep}",
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keep},
        "action": {"type": "expire"},
    }
    return {"rules": [rule]}


def _kept(lifecycle: Mapping[str, Any]) -> int | None:
    """How many images a lifecycle policy keeps, when it is one that we wrote."""
    for rule in lifecycle["rules"]:
        keep = rule.get("selection", {}).get("countNumber", 0)
        if lifecycle == _lifecycle(keep):
            return int(keep)
    return None
