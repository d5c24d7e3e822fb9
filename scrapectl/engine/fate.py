"""(what would go, what is in it, what may be done) → what becomes of it: `on_destroy` and the options (pure)."""

from __future__ import annotations

import enum

from scrapectl.engine.aim import Aim
from scrapectl.engine.ownership import ADDRESS, ON_DESTROY
from scrapectl.engine.resource import Live
from scrapectl.engine.world import Thing
from scrapectl.errors import Problem
from scrapectl.units import counted

_DATA_HINT = "Say --delete-data to lose them, --keep-data to leave it standing, or on_destroy: keep."


class Fate(enum.Enum):
    """What becomes of a thing that is no longer wanted."""

    ENDS = "ends"
    KEPT = "kept"
    REFUSED = "refused"


def fate_of(live: Live, count: int, aim: Aim) -> Fate:
    """Decide over a thing that holds so many things of the user."""
    rule = live.tags.get(ON_DESTROY, "delete")
    if rule == "keep" or (aim.kinds[live.resource.kind].holds_data and aim.keep_data):
        return Fate.KEPT
    return Fate.REFUSED if count and rule == "refuse" and not aim.delete_data else Fate.ENDS


def would_be_lost(thing: Thing, live: Live, count: int, aim: Aim) -> Problem:
    """Say what a refused thing holds, and the ways out."""
    name = live.tags.get(ADDRESS, "/".join(thing[1]))
    held = counted(count, *aim.kinds[thing[0]].contents_name)
    return Problem(f"{name} ({thing[1][-1]}) holds {held} that would be lost.", hint=_DATA_HINT)
