"""(desired, owner) → what is live: wanted things by name, owned things by sweep and confirmed by a read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scrapectl.engine.ownership import may_be_refused, owner_of
from scrapectl.engine.resource import Aws, Desired, Key, Live, Resource
from scrapectl.engine.world import Thing, World

Inventory = Callable[[], Mapping[str, Sequence[Key]]]


def refresh(
    aws: Aws,
    kinds: Mapping[str, type[Resource]],
    wanted: Sequence[Desired],
    owner: str,
    inventory: Inventory,
    *,
    destroys: bool = False,
) -> World:
    """Read everything that a plan needs: wanted and swept names at once, then what only the sweep knew.

    Nothing is read twice: a swept key that is wanted is read with the wanted ones, and of a kind whose listing names
    all that stands only what it names is read. With `destroys` what is wanted
    would go as well, and the contents of that are counted too.
    """
    keys: dict[str, list[Key]] = {kind: [] for kind in kinds}
    for desired in wanted:
        keys[desired.resource.kind].append(desired.resource.key())
    named = {kind: found for kind, found in keys.items() if found and not kinds[kind].owned_lists_all}
    tasks: list[Callable[[], Any]] = [inventory, *(_reader(aws, kinds[kind], found) for kind, found in named.items())]
    swept, *read = aws.gather(tasks)
    live = _merged(list(named), read)
    already = {kind: set(found) for kind, found in named.items()}
    missing = {kind: [key for key in found if key not in already.get(kind, ())] for kind, found in swept.items()}
    rest = {kind: found for kind, found in missing.items() if found}
    live |= _merged(list(rest), aws.gather([_reader(aws, kinds[kind], found) for kind, found in rest.items()]))
    return World(live, _contents(aws, kinds, () if destroys else wanted, live, owner))


def _reader(aws: Aws, kind: type[Resource], keys: Sequence[Key]) -> Callable[[], dict[Key, Live]]:
    return lambda: kind.read_many(aws, list(dict.fromkeys(keys)))


def _merged(names: Sequence[str], read: Sequence[Mapping[Key, Live]]) -> dict[Thing, Live]:
    return {(kind, key): live for kind, found in zip(names, read, strict=True) for key, live in found.items()}


def _contents(
    aws: Aws,
    kinds: Mapping[str, type[Resource]],
    wanted: Sequence[Desired],
    live: Mapping[Thing, Live],
    owner: str,
) -> dict[Thing, int]:
    """Count what is in those that would go, and only there."""
    stays = {(desired.resource.kind, desired.resource.key()) for desired in wanted}
    going = [
        thing
        for thing, found in live.items()
        if thing not in stays and may_be_refused(found) and owner_of(found) == owner
    ]
    counts = aws.gather([_counter(aws, kinds[thing[0]], live[thing]) for thing in going])
    return dict(zip(going, counts, strict=True))


def _counter(aws: Aws, kind: type[Resource], live: Live) -> Callable[[], int]:
    return lambda: kind.contents(aws, live)
