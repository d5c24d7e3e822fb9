"""The images that are meant → built on this machine, each told with its tag and its engine."""

from __future__ import annotations

from typing import Any

from scrapectl.cli.options import Settings
from scrapectl.cli.reach import read_spec
from scrapectl.errors import UsageError
from scrapectl.operate.images import build_image, folder_hash
from scrapectl.spec.model import Image, Spec
from scrapectl.spec.names import entry_name
from scrapectl.views.output import tell


def build(settings: Settings, name: str | None, file: str | None, *, force: bool) -> list[dict[str, Any]]:
    """Build one image, or all that the spec builds, under the name and the tag that a push gives it."""
    spec = read_spec(settings, None, file)
    return [_built(spec, image, force=force) for image in meant(spec, name)]


def meant(spec: Spec, name: str | None) -> list[Image]:
    """The images that a command is about.

    Raises:
        UsageError: the spec builds none of that name, or none at all.
    """
    built = {key: image for key, image in spec.images.items() if image.build is not None}
    if name is not None and name not in built:
        raise UsageError(f'{spec.owner} builds no image "{name}".', f"It builds: {', '.join(built) or 'none'}.")
    if not built:
        raise UsageError(f"{spec.owner} builds no image.", "Write one: images: {scraper: {build: ./scraper}}")
    return [image for key, image in built.items() if name in {None, key}]


def repository_name(spec: Spec, image: Image) -> str:
    """The name of the repository that an image is pushed to."""
    return entry_name((spec.pipeline, spec.stage), "images", image, spec.account or "", spec.region or "")


def _built(spec: Spec, image: Image, *, force: bool) -> dict[str, Any]:
    folder = spec.folder / str(image.build)
    tag = f"src-{folder_hash(folder, image.platform)}"
    tagged = f"{repository_name(spec, image)}:{tag}"
    tell(f"building {image.key}")
    engine, seconds = build_image(folder, tagged, image.platform, anew=force)
    told = {"name": image.key, "tag": tag, "image": tagged, "engine": engine}
    return told | {"platform": image.platform, "seconds": seconds}
