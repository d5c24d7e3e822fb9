"""(AWS, owner) → the images that stand in its repositories, each with the job definitions that name it."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.aws.inventory import owned_keys
from scrapectl.engine.ownership import ADDRESS, PIPELINE, owner_of
from scrapectl.errors import UsageError
from scrapectl.kinds.ecr_repository import ABSENT, EcrRepository

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws, Resource


@dataclass(frozen=True)
class StandingImage:
    """An image in a repository.

    Attributes:
        name: its key in the spec.
        tags: all that lead to it; none when a later push took them.
        pushed: when, ISO 8601, UTC.
        size: bytes, as they are stored.
        jobs: `definition:revision` of each ACTIVE one that names it.
    """

    name: str
    repository: str
    tags: tuple[str, ...]
    digest: str
    pushed: str
    size: int
    jobs: tuple[str, ...]


def list_images(aws: Aws, owner: str, name: str | None = None, known: Iterable[str] = ()) -> list[StandingImage]:
    """List an owner's images, the newest of each repository first.

    Args:
        aws: an open session.
        owner: of the repositories.
        name: of one image in the spec; all by default.
        known: names that repositories may have: the sweep by tags is late to know what was just made.

    Raises:
        UsageError: there is no repository of that name.
    """
    kinds: dict[str, type[Resource]] = {EcrRepository.kind: EcrRepository}
    tasks: list[Any] = [functools.partial(_users, aws, owner), functools.partial(owned_keys, aws, kinds, owner)]
    users, swept = aws.gather(tasks)
    registry = f"{aws.account}.dkr.ecr.{aws.region}."
    run = (uri.partition("/")[2].partition("@")[0].partition(":")[0] for uri in users if uri.startswith(registry))
    keys = [*swept.get(EcrRepository.kind, ()), *((repository,) for repository in (*known, *run))]
    lives = EcrRepository.read_many(aws, list(dict.fromkeys(keys)))
    ours = {_key(live, owner): live.outputs for live in lives.values() if owner_of(live) == owner}
    if name is not None and name not in ours:
        raise UsageError(f'{owner} has no repository for an image "{name}".', f"It has: {', '.join(ours) or 'none'}.")
    meant = {key: outputs for key, outputs in sorted(ours.items()) if name in {None, key}}
    found = aws.gather([functools.partial(_images, aws, key, outputs, users) for key, outputs in meant.items()])
    return [image for images in found for image in images]


def _images(aws: Aws, key: str, outputs: Mapping[str, str], users: Mapping[str, list[str]]) -> list[StandingImage]:
    repository = outputs["name"]
    details = aws.pages("ecr", "describe_images", "imageDetails", absent=ABSENT, repositoryName=repository) or []
    found = [
        StandingImage(
            name=key,
            repository=repository,
            tags=tuple(sorted(detail.get("imageTags", ()))),
            digest=detail["imageDigest"],
            pushed=_utc(detail.get("imagePushedAt")),
            size=int(detail.get("imageSizeInBytes") or 0),
            jobs=tuple(sorted(users.get(f"{outputs['uri']}@{detail['imageDigest']}", ()))),
        )
        for detail in details
    ]
    return sorted(found, key=lambda image: image.pushed, reverse=True)


def _users(aws: Aws, owner: str) -> dict[str, list[str]]:
    """Image URI → the owner's ACTIVE definitions that name it."""
    found: dict[str, list[str]] = {}
    for definition in aws.pages("batch", "describe_job_definitions", "jobDefinitions", status="ACTIVE"):
        if definition.get("tags", {}).get(PIPELINE) == owner:
            image = (definition.get("containerProperties") or {}).get("image", "")
            found.setdefault(image, []).append(f"{definition['jobDefinitionName']}:{definition['revision']}")
    return found


def _key(live: Any, owner: str) -> str:
    """The key in the spec: what follows the owner's name in the address."""
    address = str(live.tags.get(ADDRESS, "")).partition(".")[2]
    return address.removeprefix(f"{owner.replace('.', '-')}-")


def _utc(moment: dt.datetime | None) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else ""
