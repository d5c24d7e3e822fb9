"""Turns a plan, and what came of it, into the JSON document that programs rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scrapectl.engine.plan import Change, Outcome, Plan
from scrapectl.engine.resource import FieldChange
from scrapectl.errors import PlanRefused
from scrapectl.views.plain import clean
from scrapectl.views.problems import error_document
from scrapectl.views.values import shown


def plan_document(plan: Plan) -> dict[str, Any]:
    """The form of `plan --output json`; a refused plan also holds the error."""
    document = _frame(plan, [change_document(change) for change in plan.changes])
    if plan.refusals:
        document |= error_document(refusal(plan))
    return document


def outcome_document(plan: Plan, outcomes: Sequence[Outcome], outputs: Mapping[str, str]) -> dict[str, Any]:
    """The form of `apply` and `destroy`: the same changes, each with what came of it, and the spec's outputs."""
    changes = [
        {
            **change_document(outcome.change),
            "outcome": outcome.result.value,
            "seconds": round(outcome.seconds, 1),
            "error": clean(outcome.error) or None,
        }
        for outcome in outcomes
    ]
    return {**_frame(plan, changes), "outputs": shown(outputs)}


def refusal(plan: Plan) -> PlanRefused:
    """The error of a plan that may not be carried out."""
    return PlanRefused(str(plan.refusals[0]), "", plan.refusals)


def _frame(plan: Plan, changes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "pipeline": plan.pipeline,
        "stage": plan.stage,
        "account": plan.account,
        "region": plan.region,
        "changes": changes,
        "unchanged": len(plan.unchanged),
        "summary": plan.summary(),
        "notes": [clean(note) for note in plan.notes],
        "remains": [clean(text) for text in plan.remains],
    }


def change_document(change: Change) -> dict[str, Any]:
    """The form of one change."""
    return {
        "address": clean(change.address),
        "action": change.action.value,
        "origin": clean(change.origin),
        "where": clean(change.where) if change.where else None,
        "fields": [_field(field) for field in change.fields],
        "drift": change.drift,
        "notes": [clean(note) for note in change.notes],
    }


def _field(field: FieldChange) -> dict[str, Any]:
    return {
        "name": field.name,
        "before": None if field.hidden else shown(field.before),
        "after": None if field.hidden or field.unknown else shown(field.after),
        "fixed": field.fixed,
        "unknown": field.unknown,
        "hidden": field.hidden,
    }
