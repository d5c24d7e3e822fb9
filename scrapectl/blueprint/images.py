"""`images` → an ECR repository each, and the image of its folder in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.ecr_image import EcrImage
from scrapectl.kinds.ecr_repository import EcrRepository
from scrapectl.spec.model import Function, Host, Job


def desired(scope: Scope) -> Iterator[Desired]:
    """Two things for each entry that is built."""
    for key, image in scope.spec.images.items():
        if image.build is None:
            continue
        repository = EcrRepository(name=scope.physical("images", key), scan=image.scan, keep=image.keep)
        yield scope.desire_entry("images", image, repository, on_destroy=image.on_destroy)
        built = EcrImage(
            repository=scope.physical("images", key),
            tag=scope.facts.image_tags[key],
            folder=str(scope.spec.folder / image.build),
            platform=image.platform,
        )
        yield scope.desire(image_address(scope, key), built, image, after=(scope.address("images", key),))


def image_address(scope: Scope, key: str) -> str:
    """The address of the image that a folder becomes."""
    return f"ecr_image.{scope.base(key)}"


def job_image(scope: Scope, job: Job | Function | Host) -> tuple[Any, str]:
    """What something runs: an image by its digest where that can be known, and the tag that led to it or ""."""
    image = scope.spec.image_of(job)
    if image is not None:
        return image_uri(scope, image.key), image.tag or "" if image.existing else scope.facts.image_tags[image.key]
    pinned = scope.facts.pinned_images.get(job.image) if isinstance(job.image, str) else None
    if pinned is None:
        return scope.text(job.image or ""), ""
    repository = pinned.partition("@")[0]
    return pinned, str(job.image).removeprefix(repository).removeprefix(":") or "latest"


def image_uri(scope: Scope, key: str) -> object:
    """What a job definition names: the image by its digest, known once it is pushed."""
    existing = scope.facts.existing.get(("images", key))
    return existing["uri"] if existing is not None else Ref(image_address(scope, key), "uri")
