"""Which step comes before which: forward from references, backward from what live values name (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from scrapectl.engine.resource import Desired, Live, Resource
from scrapectl.engine.values import Policy, leaves, refs
from scrapectl.engine.world import Thing
from scrapectl.errors import Problem, SpecError


def needed(desired: Desired) -> frozenset[str]:
    """The addresses that a desired resource refers to, or comes after."""
    return frozenset(ref.address for ref in refs(desired.resource)) | frozenset(desired.after)


def in_order(wanted: Sequence[Desired]) -> list[Desired]:
    """Sort so that each comes after what it needs.

    Raises:
        SpecError: references run in a circle.
    """
    by_address = {desired.address: desired for desired in wanted}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for desired in wanted:
        sorter.add(desired.address, *(address for address in sorted(needed(desired)) if address in by_address))
    try:
        return [by_address[address] for address in sorter.static_order()]
    except CycleError as error:
        circle = [by_address[address] for address in error.args[1]]
        text = " → ".join(desired.origin for desired in circle)
        message = f"these need each other: {text}."
        raise SpecError.of([Problem(message, circle[0].where, circle[0].origin, "Take one reference out.")]) from error


def with_needs(wanted: Sequence[Desired], names: Iterable[str]) -> list[Desired]:
    """Those whose address or origin is named, with everything they need, however far."""
    named = set(names)
    by_address = {desired.address: desired for desired in wanted}
    todo = [d.address for d in wanted if d.address in named or d.origin in named or _below(d.origin, named)]
    found: set[str] = set()
    while todo:
        address = todo.pop()
        if address not in found and address in by_address:
            found.add(address)
            todo.extend(needed(by_address[address]))
    return [desired for desired in wanted if desired.address in found]


def _below(origin: str, names: set[str]) -> bool:
    return any(origin.startswith(f"{name}.") for name in names)


def identifiers(live: Live) -> frozenset[str]:
    """The texts by which other things name this one: its ARN, id or URL, never its bare name."""
    return frozenset(value for output, value in live.outputs.items() if output in {"arn", "id", "url"} and value)


def named_by(live: Live, kind: type[Resource]) -> frozenset[str]:
    """Every text in a live value that may name another thing; what a policy allows holds nothing up."""
    found: set[str] = set(kind.stands_in(live))
    for value in vars(live.resource).values():
        if not isinstance(value, Policy):
            found.update(leaf for leaf in leaves(value) if isinstance(leaf, str) and leaf)
    return frozenset(found)


def holders(things: Mapping[Thing, Live], kinds: Mapping[str, type[Resource]]) -> dict[Thing, frozenset[Thing]]:
    """For each live thing, the things whose live values name it."""
    by_name: dict[str, Thing] = {name: thing for thing, live in things.items() for name in identifiers(live)}
    found: dict[Thing, set[Thing]] = {thing: set() for thing in things}
    for thing, live in things.items():
        for text in named_by(live, kinds[thing[0]]):
            target = by_name.get(text)
            if target is not None and target != thing:
                found[target].add(thing)
    return {thing: frozenset(by) for thing, by in found.items()}
