"""Turns a plan, and what came of it, into lines for people: plain without colour, and the same words with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scrapectl.engine.plan import Action, Change, Outcome, Plan, Result
from scrapectl.engine.resource import FieldChange
from scrapectl.units import counted
from scrapectl.views.plain import clean_line, looks_secret
from scrapectl.views.values import SHORT, short, split_fields

SYMBOLS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "-/+", Action.DELETE: "-"}
STYLES = {Action.CREATE: "green", Action.UPDATE: "yellow", Action.REPLACE: "magenta", Action.DELETE: "red"}
_RESULT_STYLES = {Result.DONE: "green", Result.FAILED: "red", Result.SKIPPED: "yellow"}
_EMPTY = ("null", '""', "[]", "{}", "false")
_WIDE = 100  # characters of `before → after` that stand on one line


@dataclass(frozen=True)
class Line:
    """A line of text and rich's name of its style."""

    text: str
    style: str = ""


def plan_lines(plan: Plan, *, whole: bool = True) -> list[Line]:
    """The plan: each change with what differs, notes, and the sum; new things field by field when `whole`."""
    lines = [line for change in plan.changes for line in change_lines(change, whole=whole)]
    lines.extend(plan_end(plan))
    return [*lines, *([Line("")] if lines else []), Line(summary_text(plan), "bold")]


def plan_end(plan: Plan) -> list[Line]:
    """What a plan says beside its changes and its sum: notes, what stays, why it is refused."""
    refused = [Line(f"Refused: {clean_line(problem)}", "bold red") for problem in plan.refusals]
    return [*_told("Note", plan.notes), *_told("Stays", _gathered(plan.remains)), *refused]


def change_lines(change: Change, *, whole: bool = True) -> list[Line]:
    """One change: its head, its fields (of something new only when `whole`), its notes."""
    parts = (change.origin if change.origin != change.address else "", change.where)
    origin = ", ".join(clean_line(part) for part in parts if part)
    drift = "  drift: it was changed in AWS" if change.drift else ""
    told = f"{verb(change)} {clean_line(change.address)}{f'  ({origin})' if origin else ''}{drift}"
    lines = [Line(f"{SYMBOLS[change.action]:>3} {told}", STYLES[change.action])]
    if change.action is Action.CREATE:
        lines.extend(Line(text) for field in change.fields if whole and (text := _new_field(field)))
    elif change.action is not Action.DELETE:
        lines.extend(field_lines(change))
    lines.extend(Line(f"        note: {clean_line(note)}") for note in change.notes)
    return lines


def field_lines(change: Change) -> list[Line]:
    """What differs, field by field: what it is, and what the spec says."""
    return [Line(text) for field in split_fields(change) for text in _field(field, drift=change.drift)]


def verb(change: Change) -> str:
    """What is done to a thing; one that is let go and stays is kept."""
    return "keep" if change.keep else change.action.value


def summary_text(plan: Plan) -> str:
    """One line, such as `Plan: 1 to create, 2 to update, 0 to replace, 0 to delete; 31 unchanged`."""
    if plan.empty and not plan.unchanged:
        return "Nothing to do: nothing stands, and nothing is wanted."
    if plan.empty:
        are = "is as the spec wants it" if len(plan.unchanged) == 1 else "are as the spec wants them"
        return f"No changes: {counted(len(plan.unchanged), 'resource')} {are}."
    counts, kept = plan.summary(), sum(change.keep for change in plan.changes)
    if kept:
        counts = {**counts, "delete": counts["delete"] - kept, "keep": kept}
    parts = ", ".join(f"{count} to {action}" for action, count in counts.items())
    return f"Plan: {parts}; {len(plan.unchanged)} unchanged."


def outcome_lines(outcomes: Sequence[Outcome], outputs: Mapping[str, str], seconds: float) -> list[Line]:
    """What came of a plan: every failure with its reason, the sum, and the spec's outputs when all is done."""
    bad = [outcome for outcome in outcomes if outcome.result is not Result.DONE]
    lines = [outcome_line(outcome) for outcome in bad if outcome.result is Result.FAILED]
    skipped = [f"{o.change.address}: {o.error}" for o in bad if o.result is Result.SKIPPED]
    lines.extend(Line(clean_line(text), _RESULT_STYLES[Result.SKIPPED]) for text in _gathered(skipped))
    counts = [(result, sum(outcome.result is result for outcome in outcomes)) for result in Result]
    said = ", ".join(f"{count} {result.value}" for result, count in counts if count or result is Result.DONE)
    if outcomes:
        lines.append(Line(f"{said} in {seconds:.1f}s.", "bold red" if bad else "bold green"))
    if bad:
        return [*lines, Line("Run the same command again to go on.")]
    return [*lines, *(Line(f"{name} = {_output(name, value)}") for name, value in outputs.items())]


def outcome_line(outcome: Outcome) -> Line:
    """One change as it ended."""
    change, style = outcome.change, _RESULT_STYLES[outcome.result]
    why = f": {clean_line(outcome.error)}" if outcome.error else ""
    return Line(
        f"{outcome.result.value:>7} {verb(change)} {clean_line(change.address)} ({outcome.seconds:.1f}s){why}",
        style,
    )


def _gathered(remains: Iterable[str]) -> list[str]:
    """Texts of the form `address: what`, those with the same end in one line."""
    addresses: dict[str, list[str]] = {}
    for text in remains:
        address, _, what = text.partition(": ")
        addresses.setdefault(what, []).append(address)
    return [f"{', '.join(found)}{f': {what}' if what else ''}" for what, found in addresses.items()]


def _told(word: str, texts: Iterable[str]) -> list[Line]:
    return [Line(f"{word}: {clean_line(text)}") for text in texts]


def _field(field: FieldChange, *, drift: bool) -> list[str]:
    """What a field was and will be: on one line, or when that is too long on three."""
    before = "(secret)" if field.hidden else short(field.before)
    after = "(secret)" if field.hidden else "(known after apply)" if field.unknown else short(field.after)
    marks = ["cannot be changed in place"] if field.fixed else []
    marks += ["drift: it was changed in AWS"] if field.drift and not drift else []
    said, head = f"  ({'; '.join(marks)})" if marks else "", f"        {clean_line(field.name)}:"
    if len(before) + len(after) > _WIDE:
        return [f"{head}{said}", f"          - {before}", f"          + {after}"]
    return [f"{head} {before} → {after}{said}"]


def _new_field(field: FieldChange) -> str:
    """A field of something new; those that say nothing are left out."""
    value = "(secret)" if field.hidden else "(known after apply)" if field.unknown else short(field.after, SHORT)
    return "" if value in _EMPTY else f"        {clean_line(field.name)}: {value}"


def _output(name: str, value: object) -> str:
    return "(secret)" if looks_secret(name) else clean_line(value)
