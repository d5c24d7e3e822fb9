"""Turns images, built or standing, into a table, lines, or JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scrapectl.views.output import print_document, print_line

if TYPE_CHECKING:
    from scrapectl.operate.standing_images import StandingImage

HEADS = ("image", "tags", "digest", "pushed", "size", "job definitions")
SHORT_DIGEST = len("sha256:") + 12
MB = 1_000_000


def print_images(images: Sequence[StandingImage], *, as_json: bool, no_color: bool) -> None:
    """Show what stands in an owner's repositories."""
    if as_json:
        print_document({"images": [_document(image) for image in images]})
        return
    if not images:
        print_line("No images stand.")
        return
    from scrapectl.views.console import console, print_table  # noqa: PLC0415 - JSON needs no rich

    print_table(console(no_color=no_color), HEADS, [_row(image) for image in images])


def print_built(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Show what was built on this machine."""
    if as_json:
        print_document({"images": list(rows)})
        return
    for row in rows:
        print_line(f"{row['name']} {row['image']} (built by {row['engine']} for {row['platform']}, {row['seconds']} s)")


def _document(image: StandingImage) -> dict[str, Any]:
    told = dataclasses.asdict(image)
    told["job_definitions"] = told.pop("jobs")
    return told


def _row(image: StandingImage) -> tuple[str, ...]:
    pushed = image.pushed.replace("T", " ")
    size = f"{image.size / MB:.1f} MB"
    digest = image.digest[:SHORT_DIGEST]
    return image.name, " ".join(image.tags) or "-", digest, pushed, size, " ".join(image.jobs) or "-"
