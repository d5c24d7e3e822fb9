"""Turns drift into lines for people, or into JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scrapectl.units import counted
from scrapectl.views.plain import clean, clean_line
from scrapectl.views.plan_json import change_document
from scrapectl.views.plan_text import Line, field_lines

if TYPE_CHECKING:
    from scrapectl.engine.plan import Change
    from scrapectl.pipeline import Drift, Drifted

_STYLES = {"changed": "yellow", "broken": "bold red", "missing": "red", "extra": "magenta"}


def drift_document(drift: Drift) -> dict[str, Any]:
    """The form of `drift`: `before` is what AWS has, `after` what the spec says."""
    plan = drift.plan
    return {
        "pipeline": plan.pipeline,
        "stage": plan.stage,
        "account": plan.account,
        "region": plan.region,
        "spec_applied": drift.spec_stands,
        "drift": [{"what": each.sort.value, **_document(each.change)} for each in drift.drifted],
        "undecided": [_document(change) for change in drift.undecided],
        "edits": drift.edits,
        "refusals": [clean(problem) for problem in plan.refusals],
        "notes": [clean(note) for note in plan.notes],
    }


def drift_lines(drift: Drift) -> list[Line]:
    """What drifted, what nobody can tell, and the sum."""
    lines = [line for each in drift.drifted for line in _drifted(each)]
    lines.extend(Line(f"Refused: {clean_line(problem)}", "bold red") for problem in drift.plan.refusals)
    lines.extend(Line(f"Cannot tell: {text}") for text in _undecided(drift))
    lines.extend(Line(f"Note: {clean_line(note)}") for note in drift.plan.notes)
    return [*lines, *([Line("")] if lines else []), Line(_sum(drift), "bold")]


def _document(change: Change) -> dict[str, Any]:
    document = change_document(change)
    return {key: document[key] for key in ("address", "origin", "where", "fields", "notes")}


def _drifted(each: Drifted) -> Iterator[Line]:
    change = each.change
    parts = (change.origin if change.origin != change.address else "", change.where)
    origin = ", ".join(clean_line(part) for part in parts if part)
    yield Line(
        f"{each.sort.value:>8} {clean_line(change.address)}{f'  ({origin})' if origin else ''}", _STYLES[each.sort]
    )
    yield from field_lines(change) if each.sort.value in {"changed", "broken"} else ()


def _undecided(drift: Drift) -> Iterator[str]:
    for change in drift.undecided:
        if change.action.value == "create":
            yield f"{clean_line(change.address)} is not there: new in the spec, or deleted in AWS."
            continue
        names = [field.name for field in change.fields if field.hidden or field.name == "tags"]
        yield f"{', '.join(names)} of {clean_line(change.address)}: the spec or AWS may have moved."


def _sum(drift: Drift) -> str:
    edits = f" {counted(drift.edits, 'change')} of the spec not applied yet: see plan." if drift.edits else ""
    if not drift.found:
        stand = f"{counted(len(drift.plan.unchanged), 'resource')} as the spec wants"
        return f"No drift: {stand}{' them' if len(drift.plan.unchanged) != 1 else ' it'}.{edits}"
    counts = [(sort, sum(each.sort.value == sort for each in drift.drifted)) for sort in _STYLES]
    said = ", ".join(f"{count} {sort}" for sort, count in counts if count) or "names that belong to others"
    return f"Drift: {said}. apply brings back what the spec says.{edits}"
