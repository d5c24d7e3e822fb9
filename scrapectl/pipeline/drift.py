"""A plan → drift: what of it AWS's side moved, and what may as well be an edit of the spec (pure)."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass

from scrapectl.engine.plan import Action, Change, Plan
from scrapectl.engine.resource import Status
from scrapectl.pipeline.terms import Planned


class Sort(enum.StrEnum):
    """How a thing drifted."""

    CHANGED = "changed"
    BROKEN = "broken"
    MISSING = "missing"
    EXTRA = "extra"


@dataclass(frozen=True)
class Drifted:
    """A thing that drifted; `change` holds only the fields that AWS's side moved."""

    sort: Sort
    change: Change


@dataclass(frozen=True)
class Drift:
    """What drifted. `spec_stands`: the last apply made all of this very spec, so that nothing is `undecided`.

    `undecided` differs, too, and nobody can tell from which side: there is no state file to remember what was there.
    """

    plan: Plan
    spec_stands: bool
    drifted: tuple[Drifted, ...]
    undecided: tuple[Change, ...]

    @property
    def edits(self) -> int:
        """How many changes are edits of the spec that were not applied, and nothing else."""
        if self.spec_stands:
            return 0
        told = {each.change.address for each in self.drifted} | {change.address for change in self.undecided}
        return sum(change.address not in told for change in self.plan.changes)

    @property
    def found(self) -> bool:
        """Whether something drifted: a name that belongs to someone else now counts, too."""
        return bool(self.drifted or (self.spec_stands and self.plan.refusals))


def find_drift(planned: Planned) -> Drift:
    """Part what differs by whose side moved.

    While the last apply made all of this very spec, whatever differs was changed in AWS, but for what only names a
    thing that is missing. Else each field's own hint tells (`scrapectl:applied`), and a thing that is missing or no
    longer wanted may as well be an edit.
    """
    drifted, undecided = [], []
    for change in planned.plan.changes:
        found = _drifted(change, spec_stands=planned.spec_stands)
        if found is not None:
            drifted.append(found)
        if _is_open(change, spec_stands=planned.spec_stands):
            undecided.append(change)
    return Drift(planned.plan, planned.spec_stands, tuple(drifted), tuple(undecided))


def _drifted(change: Change, *, spec_stands: bool) -> Drifted | None:
    if change.action is Action.DELETE:
        return Drifted(Sort.EXTRA, change) if spec_stands else None
    if change.live is None or change.live.status is Status.RECOVERABLE:
        return Drifted(Sort.MISSING, change) if spec_stands else None
    moved = tuple(f for f in change.fields if f.drift or (spec_stands and not f.hidden and not f.unknown))
    if not moved:
        return None
    sort = Sort.BROKEN if change.live.status is Status.BROKEN else Sort.CHANGED
    return Drifted(sort, dataclasses.replace(change, fields=moved))


def _is_open(change: Change, *, spec_stands: bool) -> bool:
    """Whether it may have come from either side; of a secret's value no hint is kept at all."""
    if change.action is Action.CREATE:
        return not spec_stands
    return any(field.hidden or (field.name == "tags" and not spec_stands) for field in change.fields)
