"""(desired, live) → plan: what to create, change, replace and remove, in which order, and what is refused (pure)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scrapectl.engine.aim import Aim
from scrapectl.engine.diff import created_fields, diff, replaced_fields
from scrapectl.engine.fate import Fate, fate_of, would_be_lost
from scrapectl.engine.order import identifiers, in_order, named_by, with_order
from scrapectl.engine.ownership import (
    ADDRESS,
    APPLIED,
    KEPT,
    TAGS,
    as_told,
    owner_of,
    tag_difference,
    wanted_tags,
)
from scrapectl.engine.plan import Action, Change, Plan
from scrapectl.engine.resource import Desired, FieldChange, Live, Replace, Status
from scrapectl.engine.values import Ref, resolve
from scrapectl.engine.world import Thing, World
from scrapectl.errors import Place, Problem


def make_plan(wanted: Sequence[Desired], world: World, aim: Aim) -> Plan:
    """Compare everything wanted with everything live.

    Raises:
        SpecError: references run in a circle.
    """
    draft = _Draft(world, aim, wanted)
    for desired in in_order(wanted):
        draft.consider(desired)
    if aim.deletes:
        draft.remove_leftovers()
    draft.refuse_strangers_spec()
    return draft.plan()


def make_destroy_plan(wanted: Sequence[Desired], world: World, aim: Aim) -> Plan:
    """End everything that the owner has.

    `wanted` tells what bears our names without being ours, and what the spec says now of what shall be kept.
    """
    living = dict(world.live)
    notes: list[str] = []
    for desired in wanted:
        thing = desired.resource.kind, desired.resource.key()
        live = living.get(thing)
        if live is None or not desired.resource.carries_tags:
            continue
        if owner_of(live) == aim.owner:
            living[thing] = as_told(live, desired)
        else:
            notes.append(f"{desired.address} is left: it {_whose(live)}.")
    draft = _Draft(dataclasses.replace(world, live=living), aim, (), notes=notes)
    draft.remove_leftovers()
    draft.tell_what_was_kept()
    return draft.plan()


@dataclass
class _Draft:
    """A plan in the making."""

    world: World
    aim: Aim
    wanted: Sequence[Desired]
    changes: list[Change] = field(default_factory=list)
    unchanged: dict[str, Mapping[str, str]] = field(default_factory=dict)
    refusals: list[Problem] = field(default_factory=list)
    remains: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    known: dict[str, Mapping[str, str]] = field(default_factory=dict)  # address → outputs of what stays
    held: set[str] = field(default_factory=set)  # what that which is kept names

    def __post_init__(self) -> None:
        self.notes.extend(self.aim.notes)
        self.leftovers = self._find_leftovers()

    def _find_leftovers(self) -> dict[Thing, Live]:
        wanted = {(d.resource.kind, d.resource.key()) for d in self.wanted}
        return {
            thing: live
            for thing, live in self.world.owned(self.aim.owner)
            if thing not in wanted and self.aim.kinds[thing[0]].carries_tags
        }

    def consider(self, desired: Desired) -> None:
        """Decide what one wanted resource needs."""
        want = resolve(desired.resource, self._lookup)
        desired = dataclasses.replace(desired, resource=want)
        live = self.world.live.get((want.kind, want.key()))
        if live is not None and want.carries_tags and owner_of(live) != self.aim.owner:
            self._refuse(desired, f"{want.kind} {want.key()[-1]!r} exists already and {_whose(live)}.", _FOREIGN_HINT)
        elif live is None or live.status is Status.RECOVERABLE:
            self._create(desired, live)
        else:
            self._compare(desired, live)

    def _lookup(self, ref: Ref) -> str | None:
        return self.known.get(ref.address, {}).get(ref.output)

    def _create(self, desired: Desired, recoverable: Live | None) -> None:
        thing, old = self._predecessor(desired.address)
        if old is None or thing is None or not self.aim.deletes:
            self._add(desired, Action.CREATE, recoverable, created_fields(desired.resource))
            return
        del self.leftovers[thing]
        old = as_told(old, desired)
        fate = self._may_go(thing, old, desired)
        if fate is Fate.ENDS:
            self._add(desired, Action.REPLACE, old, replaced_fields(desired.resource, old), old_key=thing[1])
            self._tell_what_stays(desired.address, old)
            return
        self._add(desired, Action.CREATE, None, created_fields(desired.resource))
        if fate is Fate.KEPT:
            self._end(thing, old)

    def _predecessor(self, address: str) -> tuple[Thing | None, Live | None]:
        """A leftover that bears the same address under another name."""
        for thing, live in self.leftovers.items():
            if live.tags.get(ADDRESS) == address:
                return thing, live
        return None, None

    def _compare(self, desired: Desired, live: Live) -> None:
        """What it needs; refused, it stays as it is, and so does what names it."""
        given = desired.resource.given(live)
        if given is not desired.resource:
            desired = dataclasses.replace(desired, resource=given, written=desired.resource)
        fields = diff(desired.resource, live) + self._tag_changes(desired, live)
        told = desired.resource.told(live, fields)
        if fields:
            desired = dataclasses.replace(desired, notes=(*desired.notes, *told))
        else:
            self.notes.extend(f"{desired.address}: {note}" for note in told)
        if not fields:
            self.unchanged[desired.address] = self.known[desired.address] = live.outputs
        elif not any(change.fixed for change in fields):
            self.known[desired.address] = live.outputs
            self._add(desired, Action.UPDATE, live, fields)
        elif desired.resource.replace is Replace.IN_PLACE:
            self._replace_in_place(desired, live, fields)
        else:
            self.known[desired.address] = live.outputs
            names = [change.name for change in fields if change.fixed]
            hint = desired.resource.way_out(live) or _FIXED_HINT
            there = dataclasses.replace(desired, where=_place(desired, names))
            self._refuse(there, f"AWS cannot change {', '.join(names)} of {desired.address}.", hint)

    def _replace_in_place(self, desired: Desired, live: Live, fields: tuple[FieldChange, ...]) -> None:
        key = desired.resource.key()
        if self._may_go((desired.resource.kind, key), live, desired) is Fate.ENDS:
            self._add(desired, Action.REPLACE, live, fields, old_key=key)
        else:
            self.known[desired.address] = live.outputs
            self._refuse(desired, f"{desired.address} must be replaced, and on_destroy keeps it.", _FIXED_HINT)

    def _tag_changes(self, desired: Desired, live: Live) -> tuple[FieldChange, ...]:
        if not desired.resource.carries_tags:
            return ()
        difference = tag_difference(wanted_tags(desired, self.aim.owner), live.tags)
        if not difference.counts:
            return ()
        moved = set(difference.put) | set(difference.drop)
        shown = moved - {TAGS, APPLIED} or moved
        before = {key: live.tags[key] for key in sorted(shown) if key in live.tags}
        after = {key: difference.put[key] for key in sorted(shown) if key in difference.put}
        return (FieldChange("tags", before, after),)

    def _add(
        self,
        desired: Desired,
        action: Action,
        live: Live | None,
        fields: tuple[FieldChange, ...],
        old_key: tuple[str, ...] | None = None,
    ) -> None:
        where = _place(desired, [change.name for change in fields])
        self.changes.append(
            Change(
                desired.address,
                desired.resource.kind,
                action,
                desired.resource.key(),
                desired,
                live,
                old_key,
                fields,
                desired.origin,
                where if action is Action.UPDATE else desired.where,
                desired.notes,
            )
        )

    def _refuse(self, desired: Desired, message: str, hint: str) -> None:
        self.refusals.append(Problem(message, desired.where, desired.origin, hint))

    def remove_leftovers(self) -> None:
        """What is ours and no longer wanted goes, as `on_destroy` allows."""
        order = list(self.aim.kinds)
        for thing in sorted(self.leftovers, key=lambda thing: (-order.index(thing[0]), thing[1])):
            self._end(thing, self.leftovers[thing])

    def _end(self, thing: Thing, live: Live) -> None:
        address = live.tags.get(ADDRESS) or f"{thing[0]}.{'/'.join(thing[1])}"
        # What a kept thing stands in stays with it (a database's subnet group): AWS would not let it go either.
        fate = Fate.KEPT if identifiers(live) & self.held else self._may_go(thing, live, None)
        if fate is Fate.REFUSED:
            return
        if fate is Fate.ENDS:
            self._tell_what_stays(address, live)
        if fate is Fate.KEPT:
            self.held |= named_by(live, self.aim.kinds[thing[0]])
            self.remains.append(f"{address}: kept, tagged {KEPT}")
        self.changes.append(
            Change(address, thing[0], Action.DELETE, thing[1], None, live, keep=fate is Fate.KEPT, origin=address)
        )

    def _tell_what_stays(self, address: str, live: Live) -> None:
        remains = self.aim.kinds[live.resource.kind].remains_of(live)
        if remains:
            self.remains.append(f"{address}: {remains}")

    def _may_go(self, thing: Thing, live: Live, desired: Desired | None) -> Fate:
        """Decide over a thing that would go; refused, the user hears what it holds."""
        count = self.world.contents.get(thing, 0)
        fate = fate_of(live, count, self.aim)
        if fate is Fate.REFUSED:
            problem = would_be_lost(thing, live, count, self.aim)
            place, origin = (desired.where, desired.origin) if desired else (None, "")
            self.refusals.append(dataclasses.replace(problem, place=place, path=origin))
        return fate

    def tell_what_was_kept(self) -> None:
        """What an earlier destroy left standing, and what AWS still keeps of it."""
        for (kind, key), live in self.world.live.items():
            address = live.tags.get(ADDRESS) or f"{kind}.{'/'.join(key)}"
            if owner_of(live) == self.aim.owner and live.status is Status.RECOVERABLE:
                self.remains.append(f"{address}: {self.aim.kinds[kind].remains}")
            elif owner_of(live) == self.aim.owner and KEPT in live.tags:
                self.remains.append(f"{address}: kept, tagged {KEPT}")

    def refuse_strangers_spec(self) -> None:
        """A plan that would delete what stands and has nothing in common with it comes from another spec."""
        common = {desired.address for desired in self.wanted if desired.common}
        ours = {desired.address for desired in self.wanted} - common
        telling = {name for name, kind in self.aim.kinds.items() if kind.tells_the_spec}
        standing = {address for address in self.world.addresses(self.aim.owner) if address.split(".")[0] in telling}
        standing -= common
        deletes = any(change.action is Action.DELETE for change in self.changes) or self.refusals
        if self.aim.deletes and not self.aim.takeover and deletes and standing and not standing & ours:
            names = ", ".join(sorted(standing)[:ENOUGH_TO_KNOW_IT]) + ("…" if len(standing) > ENOUGH_TO_KNOW_IT else "")
            message = f"another spec stands under the name {self.aim.owner}: {names}."
            self.refusals.append(
                Problem(message, None, "pipeline", "Give this pipeline another name, or say --takeover if it is meant.")
            )

    def plan(self) -> Plan:
        """Put the changes in order and let each know what comes first."""
        return Plan(
            self.aim.pipeline,
            self.aim.stage,
            self.aim.account,
            self.aim.region,
            tuple(with_order(self.changes, self.wanted, self.world, self.aim.kinds)),
            tuple(self.unchanged),
            tuple(self.notes),
            tuple(self.refusals),
            tuple(self.remains),
            dict(self.unchanged),
        )


ENOUGH_TO_KNOW_IT = 5
_FOREIGN_HINT = "Give it another name (name: …), or use it as it is with existing: …."
_FIXED_HINT = "Give it another name, so that a new one is made beside it; or delete it by hand first."


def _place(desired: Desired, names: Sequence[str]) -> Place | None:
    """Where the spec sets the first of these fields, else where it has the thing."""
    return next((desired.places[name] for name in names if name in desired.places), desired.where)


def _whose(live: Live) -> str:
    owner = owner_of(live)
    return f"belongs to pipeline {owner}" if owner else "is not tagged as this pipeline's"
