"""Parallel and Map: branches that run side by side on a copy of the data each, and what comes of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.local.workflows.branch import Branch, Join, Steps
from scrapectl.local.workflows.failure import StateFailure

if TYPE_CHECKING:
    from scrapectl.local.workflows.steps import Step

MOST_AT_ONCE = 40
"""Items of an inline map that run side by side at most (Step Functions Developer Guide, "Map state")."""


def run_parallel(step: Step, data: Any) -> Steps:
    """Run all branches; returns their outputs in order."""
    owner = step.branch
    begun = owner.note("ParallelStateStarted")

    def branch_of(scope: dict[str, Any]) -> Branch:
        return Branch(owner.run, lambda branch: step.run_inner(branch, scope, data), owner, begun)

    return (yield from _joined(step, [branch_of(scope) for scope in step.state["Branches"]], 0))


def run_map(step: Step) -> Steps:
    """Run the same states for every item; returns their outputs in order.

    Raises:
        StateFailure: There is no list of items, an item failed, or its kind is not run here.
    """
    processor = step.state.get("ItemProcessor") or step.state["Iterator"]
    if (processor.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED":
        raise step.failure("The embedded cloud runs inline maps alone, not distributed ones.")
    items = step.items()
    if not isinstance(items, list):
        raise step.failure(f'Reference path "{step.state.get("ItemsPath", "$")}" must point to array.')
    begun = step.branch.note("MapStateStarted", {"length": len(items)})
    branches = [_iteration(step, processor, (number, item), begun) for number, item in enumerate(items)]
    return (yield from _joined(step, branches, min(step.value("MaxConcurrency") or MOST_AT_ONCE, MOST_AT_ONCE)))


def _iteration(step: Step, scope: dict[str, Any], item: tuple[int, Any], begun: int) -> Branch:
    number, value = item
    told = {"name": step.name, "index": number}

    def run(branch: Branch) -> Steps:
        branch.context["Map"] = {"Item": {"Index": number, "Value": value}}
        given = step.item_input(branch.context, value)
        branch.iteration = told
        branch.note("MapIterationStarted", told)
        try:
            result = yield from step.run_inner(branch, scope, given)
        except StateFailure:
            branch.note("MapIterationFailed", told)
            raise
        branch.note("MapIterationSucceeded", told)
        return result

    return Branch(step.branch.run, run, step.branch, begun)


def _joined(step: Step, branches: list[Branch], at_once: int) -> Steps:
    kind = step.state["Type"]
    try:
        results = yield Join(branches, at_once)
    except StateFailure:
        step.branch.note(f"{kind}StateFailed")
        raise
    step.branch.note(f"{kind}StateSucceeded")
    return results
