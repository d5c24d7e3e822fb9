"""Tells which of the things that AWS names by an id is the one of a name: its tags `Name` and owner say so (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Key, Live

NAME = "Name"


def named(tags: Mapping[str, str], name: str) -> dict[str, str]:
    """The tags that a thing of this name is made with."""
    return {**tags, NAME: name}


def unnamed(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a thing without the one that is its name."""
    return {key: value for key, value in tags.items() if key != NAME}


def name_of(tags: Mapping[str, str]) -> str | None:
    """The name of a thing of some pipeline; None for what no pipeline made."""
    return tags.get(NAME) if PIPELINE in tags else None


def first_of_each(found: Iterable[tuple[Sequence[Any], Live]], keys: Iterable[Key]) -> dict[Key, Live]:
    """Take one thing for each key: of two the first by its order, which is its age, then its id.

    Args:
        found: What sorts it, and the thing.
        keys: Which are wanted.

    Returns:
        Each with the ARNs of its twins, the others of that key, as `detail`.
    """
    wanted = set(keys)
    lives: dict[Key, Live] = {}
    for _, live in sorted(found, key=lambda pair: tuple(pair[0])):
        key = live.resource.key()
        if key in lives:
            lives[key] = replace(lives[key], detail=(*lives[key].detail, live.outputs["arn"]))
        elif key in wanted:
            lives[key] = replace(live, detail=())
    return lives
