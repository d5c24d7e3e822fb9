"""Turns the tags of a resource into the spellings that AWS's services use for them, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Spell tags as the list of Key and Value that most services take."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_from_list(entries: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Read such a list; `aws:` tags are AWS's own and left out."""
    return own_tags({entry["Key"]: entry["Value"] for entry in entries})


def own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Leave out the tags that AWS itself put on (CloudFormation, service tags)."""
    return {key: value for key, value in tags.items() if not key.lower().startswith("aws:")}
