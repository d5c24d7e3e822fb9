"""The instance that is meant, and a loader's name → what is written down of its loads, and what is loaded again."""

from __future__ import annotations

import difflib
import time

from scrapectl.cli.reach import Reached
from scrapectl.errors import UsageError
from scrapectl.operate.loads import DEAD_LETTERS, Load, last_loads, recorders, recording, to_retry
from scrapectl.operate.runnables import Runnables, find_runnables

MANY = 1000


def read_loads(reached: Reached, name: str | None, most: int) -> list[Load]:
    """The newest loads of a loader, or of each; also of jobs whose items are checked when they have ended.

    Raises:
        UsageError: There is no such loader, and nothing is written down under its name.
    """
    known = recorders(reached.aws, reached.owner)
    if name is not None and name not in known:
        loaders = recording(find_runnables(reached.aws, reached.owner).things)
        if name not in loaders:
            raise _unknown(reached.owner, name, sorted({*loaders, *known}))
        return []
    return last_loads(reached.aws, reached.owner, [name] if name else known, most, time.time())


def what_again(reached: Reached, among: Runnables, name: str, run: str | None) -> str:
    """What a loader is told to load again: the record of a load, or the dead letters of its queue.

    Raises:
        UsageError: There is nothing to load again, it is no loader, or a run is named of a loader of messages.
    """
    thing = among.things.get(name)
    if thing is not None and not getattr(thing, "loads", False):
        message = f"{name} is a {thing.kind} and no loader: there is nothing to load again."
        raise UsageError(message, f"To run it anew, write: scrapectl run {name}")
    if not getattr(thing, "receives", False):
        return to_retry(read_loads(reached, name, MANY), name, run).key
    if run is not None:
        message = f"{name} loads messages: the dead letters of all of its runs lie in one queue."
        raise UsageError(message, "Leave the run out, and all of them are loaded again.")
    return DEAD_LETTERS


def _unknown(owner: str, name: str, known: list[str]) -> UsageError:
    close = difflib.get_close_matches(name, known, 1)
    hint = f"It has: {', '.join(known)}." if known else "See: scrapectl pipelines"
    return UsageError(f'{owner} has no loader "{name}".', f'Did you mean "{close[0]}"?' if close else hint)
