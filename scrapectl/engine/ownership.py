"""Whose a thing is, and what our tags say: owner, address, the tag keys we set, and the drift hint (pure)."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scrapectl.engine.marks import Mark, compared_fields, marks
from scrapectl.engine.resource import Desired, Live, Resource
from scrapectl.engine.values import Policy

PIPELINE = "scrapectl:pipeline"
ADDRESS = "scrapectl:address"
ON_DESTROY = "scrapectl:on_destroy"
TAGS = "scrapectl:tags"
APPLIED = "scrapectl:applied"
KEPT = "scrapectl:kept"

_UNSET = "----"


def tag_key_mark(key: str) -> str:
    """Five hex digits that stand for a tag key in `scrapectl:tags`, so that 44 keys fit in a tag's 256 characters."""
    return hashlib.sha256(key.encode()).hexdigest()[:5]


def wanted_tags(desired: Desired, owner: str) -> dict[str, str]:
    """Every tag that the thing shall carry; the user's own first."""
    if type(desired.resource).names_its_owner:
        return {PIPELINE: owner}
    named = type(desired.resource).named_by_tag
    theirs = {key: value for key, value in desired.tags.items() if not (named and key == "Name")}
    tags = {**theirs, PIPELINE: owner, ADDRESS: desired.address}
    if theirs:
        tags[TAGS] = "".join(sorted(tag_key_mark(key) for key in theirs))
    if type(desired.resource).holds_data or desired.on_destroy != "delete":
        tags[ON_DESTROY] = desired.on_destroy
    tags[APPLIED] = applied_hint(desired.written or desired.resource)
    return tags


@dataclass(frozen=True)
class TagDifference:
    """What to set and what to remove so that the tags are as wanted; the drift hint alone is no difference."""

    put: Mapping[str, str]
    drop: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether anything but the hint differs."""
        return bool(self.drop) or any(key != APPLIED for key in self.put)


def tag_difference(wanted: Mapping[str, str], live: Mapping[str, str]) -> TagDifference:
    """Compare tags: a key that we set and no longer want goes, an organisation's own stays."""
    put = {key: value for key, value in wanted.items() if live.get(key) != value}
    set_by_us = _marks_of(live.get(TAGS, ""))
    drop = [key for key in live if key not in wanted and (key in _REMOVABLE or tag_key_mark(key) in set_by_us)]
    return TagDifference(put, tuple(sorted(drop)))


_REMOVABLE = frozenset({ON_DESTROY, TAGS, KEPT})


def _marks_of(text: str) -> frozenset[str]:
    return frozenset(text[i : i + 5] for i in range(0, len(text), 5))


def owner_of(live: Live) -> str | None:
    """The owner that the thing's tags name; None when none does."""
    return live.tags.get(PIPELINE)


def as_told(live: Live, desired: Desired) -> Live:
    """What stands, with what the spec says now shall happen to it in the end: it outranks what was last applied."""
    told = ON_DESTROY in live.tags or desired.on_destroy != "delete"
    return dataclasses.replace(live, tags={**live.tags, ON_DESTROY: desired.on_destroy}) if told else live


def may_be_refused(live: Live) -> bool:
    """Whether what is in it decides if it goes: it holds data, or was told to refuse."""
    return type(live.resource).holds_data or live.tags.get(ON_DESTROY) == "refuse"


def applied_hint(resource: Resource) -> str:
    """`v1:` and four hex digits for each compared field in declared order; secrets leave no trace.

    It tells drift from a pending change, field by field, and never decides an action.
    """
    kind = type(resource)
    parts = [_digits(getattr(resource, name), marks(kind)[name]) for name in compared_fields(kind)]
    return "v1:" + "".join(parts)


def _digits(value: Any, found: frozenset[Mark]) -> str:
    if value is None or Mark.SECRET in found:
        return _UNSET
    return hashlib.sha256(spelling(value).encode()).hexdigest()[:4]


def fingerprint(wanted: Sequence[Desired]) -> str:
    """16 hex digits for all that a spec wants, known before anything stands; secrets leave no trace.

    The anchor keeps those of what was last applied as a whole: while they are the same, what differs is drift.
    """
    each = sorted((d.address, applied_hint(d.resource), spelling(d.tags), d.on_destroy) for d in wanted)
    return hashlib.sha256(spelling(each).encode()).hexdigest()[:16]


def spelling(value: Any) -> str:
    """One text for equal values, whatever the order of their mappings and sets."""
    if isinstance(value, Policy):
        return value.canonical()
    if dataclasses.is_dataclass(value):
        return spelling({f.name: getattr(value, f.name) for f in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return "{" + ",".join(sorted(f"{spelling(k)}:{spelling(v)}" for k, v in value.items())) + "}"
    if isinstance(value, set | frozenset):
        return "{" + ",".join(sorted(spelling(v) for v in value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(spelling(v) for v in value) + "]"
    return repr(round(value, 6)) if isinstance(value, float) else repr(value)


def unmoved_fields(want: Resource, live_tags: Mapping[str, str]) -> frozenset[str]:
    """Fields whose wanted value is what we last applied: if they differ from live, AWS's side has moved."""
    recorded = live_tags.get(APPLIED, "")
    names = compared_fields(type(want))
    if not recorded.startswith("v1:") or len(recorded) != len("v1:") + 4 * len(names):
        return frozenset()
    now = applied_hint(want)
    size = len("v1:")
    return frozenset(
        name
        for i, name in enumerate(names)
        if Mark.SECRET not in marks(type(want))[name]  # it leaves no trace: nobody can tell which side moved
        and recorded[size + 4 * i : size + 4 * i + 4] == now[size + 4 * i : size + 4 * i + 4]
    )
