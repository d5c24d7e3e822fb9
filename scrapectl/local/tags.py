"""Adds tags to a thing of the embedded cloud, to the fifty that AWS lets it have, and takes them away."""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol

from scrapectl.local.registry import Refusal

MOST_TAGS = 50


class HasTags(Protocol):
    """Whatever carries tags."""

    tags: dict[str, str]


def add_tags(found: HasTags, tags: dict[str, str], too_many: Refusal) -> None:
    """Add tags, or give them other values.

    Raises:
        Refusal: `too_many`, in the service's own words; nothing is added then.
    """
    added = found.tags | tags
    if len(added) > MOST_TAGS:
        raise too_many
    found.tags = added


def drop_tags(found: HasTags, keys: Container[str]) -> None:
    """Take the tags of these keys away."""
    found.tags = {key: value for key, value in found.tags.items() if key not in keys}
