"""Turns a plan, and what came of it, into lines for people: plain without colour, and the same words with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scrapectl.engine.plan import Action, Change, Outcome, Plan, Result
from scrapectl.engine.resource import FieldChange
from scrapectl.views.plain import clean_line, looks_secret
from scrapectl.views.values import SHORT, short, split_fields

SYMBOLS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "-/+", Action.DELETE: "-"}
STYLES = {Action.CREATE: "green", Action.UPDATE: "yellow", Action.REPLACE: "magenta", Action.DELETE: "red"}
_RESULT_STYLES = {Result.DONE: "green", Result.FAILED: "red", Result.SKIPPED: "yellow"}
_EMPTY = ("null", '""', "[]", "{}", "false")


@dataclass(frozen=True)
class Line:
    """A line of text and rich's name of its style."""

    text: str
    style: str = ""


def plan_lines(plan: Plan) -> list[Line]:
    """The whole plan: each change with what differs, notes, refusals, and the sum."""
    lines = [line for change in plan.changes for line in change_lines(change)]
    lines.extend(_told("Note", plan.notes))
    lines.extend(_told("Stays", _gathered(plan.remains)))
    lines.extend(Line(f"Refused: {clean_line(problem)}", "bold red") for problem in plan.refusals)
    return [*lines, *([Line("")] if lines else []), Line(summary_text(plan), "bold")]


def change_lines(change: Change) -> list[Line]:
    """One change: its head, its fields, its notes."""
    parts = (change.origin if change.origin != change.address else "", change.where)
    origin = ", ".join(clean_line(part) for part in parts if part)
    drift = "  drift: it was changed in AWS" if change.drift else ""
    verb = "keep" if change.keep else change.action.value
    head = f"{SYMBOLS[change.action]:>3} {verb} {clean_line(change.address)}{f'  ({origin})' if origin else ''}{drift}"
    lines = [Line(head, STYLES[change.action])]
    if change.action is Action.CREATE:
        lines.extend(Line(text) for field in change.fields if (text := _new_field(field)))
    elif change.action is not Action.DELETE:
        lines.extend(Line(_field(field, drift=change.drift)) for field in split_fields(change))
    lines.extend(Line(f"        note: {clean_line(note)}") for note in change.notes)
    return lines


def summary_text(plan: Plan) -> str:
    """One line, such as `Plan: 1 to create, 2 to update, 0 to replace, 0 to delete; 31 unchanged`."""
    if plan.empty and not plan.unchanged:
        return "Nothing to do: nothing stands, and nothing is wanted."
    if plan.empty:
        return f"No changes: {len(plan.unchanged)} resources are as the spec wants them."
    parts = ", ".join(f"{count} to {action}" for action, count in plan.summary().items())
    return f"Plan: {parts}; {len(plan.unchanged)} unchanged."


def outcome_lines(outcomes: Sequence[Outcome], outputs: Mapping[str, str]) -> list[Line]:
    """What came of a plan: every failure with its reason, the sum, and the spec's outputs."""
    bad = [outcome for outcome in outcomes if outcome.result is not Result.DONE]
    lines = [outcome_line(outcome) for outcome in bad]
    counts = [(result, sum(outcome.result is result for outcome in outcomes)) for result in Result]
    said = ", ".join(f"{count} {result.value}" for result, count in counts if count or result is Result.DONE)
    lines.append(Line(f"{said[0].upper()}{said[1:]}.", "bold red" if bad else "bold green"))
    if bad:
        lines.append(Line("Run the same command again to go on."))
    lines.extend(Line(f"{name} = {_output(name, value)}") for name, value in outputs.items())
    return lines


def outcome_line(outcome: Outcome) -> Line:
    """One change as it ended."""
    change, style = outcome.change, _RESULT_STYLES[outcome.result]
    why = f": {clean_line(outcome.error)}" if outcome.error else ""
    return Line(
        f"{outcome.result.value:>7} {change.action.value} {clean_line(change.address)} ({outcome.seconds:.1f}s){why}",
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


def _field(field: FieldChange, *, drift: bool) -> str:
    before = "(secret)" if field.hidden else short(field.before)
    after = "(secret)" if field.hidden else "(known after apply)" if field.unknown else short(field.after)
    marks = ["cannot be changed in place"] if field.fixed else []
    marks += ["drift: it was changed in AWS"] if field.drift and not drift else []
    said = f"  ({'; '.join(marks)})" if marks else ""
    return f"        {clean_line(field.name)}: {before} → {after}{said}"


def _new_field(field: FieldChange) -> str:
    """A field of something new; those that say nothing are left out."""
    value = "(secret)" if field.hidden else "(known after apply)" if field.unknown else short(field.after, SHORT)
    return "" if value in _EMPTY else f"        {clean_line(field.name)}: {value}"


def _output(name: str, value: object) -> str:
    return "(secret)" if looks_secret(name) else clean_line(value)
