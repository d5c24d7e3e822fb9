"""A Description ↔ the user's words and our tags: schedules and versions of layers cannot be tagged (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote

DESCRIPTION_LIMIT = 512
WORDS_LIMIT = 200
"""The room that is left to the user: an address, the hint and the rest of the mark never take more than 300."""

PREFIX = "scrapectl:"
PAUSED = "scrapectl:paused"
START = "scrapectl:start"
_KEPT = ("address", "applied", "paused", "start")
_MARK = re.compile(r"\s*\[scrapectl((?: [a-z]+=[^\s\[\]]*)*)\]$")
_PLAIN = ":/.,_-+@"


def write(words: str, tags: Mapping[str, str], kept: Sequence[str] = _KEPT) -> str:
    """Put `[scrapectl address=… applied=… paused=… start=…]` behind the user's words; no tags, no mark."""
    if not tags:
        return words
    pairs = [f"{name}={quote(tags[PREFIX + name], safe=_PLAIN)}" for name in kept if tags.get(PREFIX + name)]
    return f"{words} [{' '.join(['scrapectl', *pairs])}]".strip()


def read(description: str) -> tuple[str, dict[str, str] | None]:
    """Split a Description into the user's words and what our mark says, as tags; None without a mark."""
    found = _MARK.search(description)
    if found is None:
        return description, None
    pairs = [pair.partition("=") for pair in found[1].split()]
    return description[: found.start()], {PREFIX + name: unquote(value) for name, _, value in pairs}
