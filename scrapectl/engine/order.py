"""Which step comes before which: forward from references, backward from what live values name (pure)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from scrapectl.engine.plan import Action, Change, StepId, Verb
from scrapectl.engine.resource import Desired, Live, Resource
from scrapectl.engine.values import Allowing, leaves, refs
from scrapectl.engine.world import Thing, World
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
    """The texts by which other things name this one: its ARN, id or URL, never its bare name.

    "called" is the name with the kind before it, for what others can name by its name alone.
    """
    return frozenset(value for output, value in live.outputs.items() if output in _NAMING and value)


_NAMING = frozenset({"arn", "id", "url", "called"})


def named_by(live: Live, kind: type[Resource]) -> frozenset[str]:
    """Every text in a live value that may name another thing; what a policy allows holds nothing up."""
    found: set[str] = set(kind.stands_in(live))
    for value in vars(live.resource).values():
        found.update(leaf for leaf in leaves(value, (Allowing,)) if isinstance(leaf, str) and leaf)
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


def with_order(
    changes: Sequence[Change], wanted: Sequence[Desired], world: World, kinds: Mapping[str, type[Resource]]
) -> Iterator[Change]:
    """Tell each change which steps come before its own: forward from references, backward from live values."""
    puts = {change.address: _put_step(change) for change in changes if change.action is not Action.DELETE}
    needs = {desired.address: needed(desired) for desired in wanted}  # before references were put in
    by_thing = {(change.kind, change.old_key or change.key): change for change in changes if change.live is not None}
    named = holders(world.live, kinds)
    acting = frozenset(_end_step(change) for change in changes if _ends(change) and kinds[change.kind].acts)
    for change in changes:
        before = sorted(needs.get(change.address, ())) if change.desired is not None else []
        end_after: set[StepId] = set()
        if _ends(change):
            holding = named.get((change.kind, change.old_key or change.key), frozenset())
            held_by = [by_thing[thing] for thing in holding if thing in by_thing]
            if change.old_key == change.key:
                held_by = [by for by in held_by if _ends(by) or not _needs(by.address, change.address, needs)]
            if kinds[change.kind].acts:
                # It ends before what it runs, even when that names it: a job that submits to its own queue.
                held_by = [by for by in held_by if not _ends(by) or kinds[by.kind].acts]
            elif change.action is Action.DELETE and not change.keep:
                # What is replaced stands again, maybe for what those wait for that are to end: no reason to wait.
                end_after.update(acting)
            end_after.update(_release_step(by) for by in held_by)
        yield dataclasses.replace(
            change,
            put_after=tuple(puts[address] for address in before if address in puts),
            end_after=tuple(sorted(end_after - set(change.steps))),
        )


def _needs(address: str, other: str, needs: Mapping[str, frozenset[str]]) -> bool:
    """Whether a thing needs another, however far; where that is made anew in its place, it never lets go of it."""
    seen, todo = {address}, [address]
    while todo:
        new = needs.get(todo.pop(), frozenset()) - seen
        if other in new:
            return True
        seen |= new
        todo.extend(new)
    return False


def _ends(change: Change) -> bool:
    return change.action in {Action.DELETE, Action.REPLACE}


def _put_step(change: Change) -> StepId:
    return (Verb.PUT, change.kind, change.key)


def _end_step(change: Change) -> StepId:
    return (Verb.END, change.kind, change.old_key or change.key)


def _release_step(change: Change) -> StepId:
    """The step after which a thing no longer names what its old value named."""
    return _end_step(change) if _ends(change) else _put_step(change)
