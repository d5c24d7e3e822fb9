"""What was read of AWS before a plan: every live thing by kind and key, and the contents of what would go (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scrapectl.engine.ownership import ADDRESS, KEPT, owner_of
from scrapectl.engine.resource import Key, Live, Status

Thing = tuple[str, Key]
"""A kind and a key in it."""


@dataclass(frozen=True)
class World:
    """Live things, those wanted and those owned; `contents` counts what is in those that would go."""

    live: Mapping[Thing, Live] = field(default_factory=dict)
    contents: Mapping[Thing, int] = field(default_factory=dict)

    def owned(self, owner: str) -> Iterator[tuple[Thing, Live]]:
        """The owner's things that stand and are its to change: not those kept, not those already deleted."""
        for thing, live in self.live.items():
            gone = live.status is Status.RECOVERABLE
            if owner_of(live) == owner and KEPT not in live.tags and not gone:
                yield thing, live

    def addresses(self, owner: str) -> frozenset[str]:
        """The addresses of the owner's standing things."""
        return frozenset(live.tags.get(ADDRESS, "") for _, live in self.owned(owner))
