"""(wanted, live) → the fields that differ: written once for every kind (pure)."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

from scrapectl.engine.marks import Mark, compared_fields, fields_with, marks
from scrapectl.engine.ownership import unmoved_fields
from scrapectl.engine.resource import FieldChange, Live, Resource, Status
from scrapectl.engine.values import Policy, unknown

R = TypeVar("R", bound=Resource)


def diff(want: Resource, live: Live) -> tuple[FieldChange, ...]:
    """Every field of `want` (its known references put in) that differs from what is live.

    Identities and fields that are ours alone are not compared; a `Defaulted` or `Secret` field that wants None
    accepts what stands. A BROKEN resource always differs, so that a dead one never plans as "no change".
    """
    kind = type(want)
    fixed_now = want.fixed(live)  # a kind may look at references too: they compare as not equal
    unmoved = unmoved_fields(want, live.tags)
    changes = [
        _field_change(want, live.resource, name, fixed=name in fixed_now, drift=name in unmoved)
        for name in compared_fields(kind)
        if _differs(want, live.resource, name)
    ]
    changes.extend(want.differ(live))
    if live.status is Status.BROKEN:
        before = f"{Status.BROKEN.value} ({live.reason})" if live.reason else Status.BROKEN.value
        changes.append(FieldChange("status", before, Status.READY.value, drift=True))
    return tuple(changes)


def created_fields(want: Resource) -> tuple[FieldChange, ...]:
    """What a create shows: every field that is set."""
    found = marks(type(want))
    values = {name: getattr(want, name) for name in compared_fields(type(want))}
    return tuple(
        FieldChange(name, None, plain(value), unknown=unknown(value), hidden=Mark.SECRET in found[name])
        for name, value in values.items()
        if value is not None
    )


def replaced_fields(want: Resource, old: Live) -> tuple[FieldChange, ...]:
    """What a replacement shows: what differs, or the name when nothing else does."""
    before, after = old.resource.key()[-1], want.key()[-1]
    return diff(want, old) or (FieldChange("name", before, after, fixed=True),)


def fill_defaults(want: R, live: Resource) -> R:
    """Put what AWS chose into `Defaulted` fields that want None: most AWS updates replace the whole."""
    names = [name for name in fields_with(type(want), Mark.DEFAULTED) if getattr(want, name) is None]
    return dataclasses.replace(want, **{name: getattr(live, name) for name in names}) if names else want  # type: ignore[type-var]


def _differs(want: Resource, live: Resource, name: str) -> bool:
    wanted = getattr(want, name)
    if wanted is None and marks(type(want))[name] & {Mark.DEFAULTED, Mark.SECRET}:
        return False
    return bool(wanted != getattr(live, name))


def _field_change(want: Resource, live: Resource, name: str, *, fixed: bool, drift: bool) -> FieldChange:
    found = marks(type(want))[name]
    before, after = getattr(live, name), getattr(want, name)
    return FieldChange(
        name,
        plain(before),
        plain(after),
        fixed=fixed or Mark.FIXED in found,
        unknown=unknown(after),
        hidden=Mark.SECRET in found,
        drift=drift,
    )


def plain(value: object) -> object:
    """A policy shows as its document."""
    return value.document if isinstance(value, Policy) else value
