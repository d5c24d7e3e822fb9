"""The steps of a workflow, or the one thing that a trigger starts → a machine that AWS accepts and that always ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scrapectl.blueprint.workflow import failure
from scrapectl.blueprint.workflow.copies import CopyStates, copies_of, rounds_within
from scrapectl.blueprint.workflow.given import Given
from scrapectl.blueprint.workflow.naming import StateNames
from scrapectl.blueprint.workflow.tasks import State, call_function, run_job
from scrapectl.spec.model import (
    CallStep,
    CopyStep,
    OfRun,
    ParallelStep,
    RunStep,
    Step,
    Template,
    Trigger,
    WaitStep,
    Workflow,
)

DAY = 86_400
# What is left of a machine's time for its failure path.
_LEFT = 300


def compile_workflow(workflow: Workflow, given: Given) -> dict[str, Any]:
    """Compile the steps of a workflow; the same spec always gives the same document.

    Args:
        workflow: One with `steps`.
        given: What its steps name.

    Returns:
        The document as plain JSON values; leaves may be references, which the engine fills in.
    """
    return _machine(workflow.steps, f"workflow {workflow.key}", workflow.timeout, given)


def compile_trigger(trigger: Trigger, given: Given) -> dict[str, Any]:
    """Compile the machine of a trigger that starts a job or a function: one state and its failure path."""
    if trigger.section == "jobs":
        step: Step = RunStep(origin=trigger.origin, where=trigger.where, job=trigger.starts)
        seconds = given.jobs[trigger.starts].longest + DAY  # a day to wait in its queue
    else:
        step = CallStep(origin=trigger.origin, where=trigger.where, function=trigger.starts)
        seconds = given.functions[trigger.starts].timeout + DAY // 24
    return _machine((step,), f"trigger {trigger.key}", seconds, given, whole_input=True)


def _machine(
    steps: Sequence[Step], what: str, seconds: int, given: Given, *, whole_input: bool = False
) -> dict[str, Any]:
    scope = _Scope(given, steps, seconds)
    start = scope.add(steps, "", failure.of_machine(what, given))
    states = scope.states
    if not whole_input and (given.uploads or _asks_upload(steps)):
        states = {**_defaults(start), **states}
        start = "defaults"
    return {
        "Comment": f"The {what} of {given.pipeline}, made by scrapectl",
        "StartAt": start,
        "TimeoutSeconds": seconds,
        "States": states,
    }


def _defaults(then: str) -> dict[str, State]:
    """Let a run that no upload started have what an upload brings, empty."""
    nothing = {"bucket": "", "key": "", "version": "", "copies": {}}
    merged = {"of.$": "States.JsonMerge($, $$.Execution.Input, false)"}
    return {
        "defaults": {"Type": "Pass", "Result": nothing, "Next": "input"},
        "input": {"Type": "Pass", "Parameters": merged, "OutputPath": "$.of", "Next": then},
    }


def _asks_upload(steps: Iterable[Step]) -> bool:
    """Whether a step says `${bucket}`, `${key}` or `${version}`."""
    for step in steps:
        texts: list[Any] = []
        if isinstance(step, ParallelStep) and any(_asks_upload(branch) for branch in step.branches):
            return True
        if isinstance(step, RunStep | CallStep):
            texts = list(step.environment.values())
        elif isinstance(step, CopyStep):
            texts = [step.only]
        parts = [part for text in texts if isinstance(text, Template) for part in text.parts]
        if any(isinstance(part, OfRun) and part.name != "run" for part in parts):
            return True
    return False


class _Scope:
    """The states of a machine or of one of its branches; names and DataSync tasks are counted over all of it."""

    def __init__(self, given: Given, steps: Sequence[Step], seconds: int) -> None:
        self.given = given
        self.names = StateNames()
        copies = copies_of(steps)
        self.within = max(seconds - min(_LEFT, seconds // 10), 1)
        self.rounds = rounds_within(self.within, len(copies))
        self.tasks = iter(given.tasks)
        self.states: dict[str, State] = {}

    def add(self, steps: Sequence[Step], prefix: str, path: dict[str, State]) -> str:
        """Add steps one after the other, where they end, and their failure path; give the first one's name."""
        named = [(step, self.names.take(step)) for step in steps]
        done = f"{prefix}done"
        for number, (step, name) in enumerate(named):
            after = named[number + 1][1] if number + 1 < len(named) else done
            self.states |= self._step(step, name, after, f"{prefix}failed")
        self.states[done] = {"Type": "Succeed"}
        if any(not isinstance(step, WaitStep) for step in steps):
            self.states |= path
        return named[0][1]

    def _step(self, step: Step, name: str, after: str, failed: str) -> dict[str, State]:
        if isinstance(step, WaitStep):
            return {name: {"Type": "Wait", "Seconds": step.seconds, "Next": after}}
        if isinstance(step, CopyStep):
            return CopyStates(step, name, next(self.tasks), self.given, self.rounds).states(after, failed)
        if isinstance(step, RunStep):
            state = run_job(step, name, self.given, self.within)
        elif isinstance(step, CallStep):
            state = call_function(step, name, self.given, self.within)
        else:
            state = self._parallel(step, name)
        said = failure.say(name, failed)
        return {name: {**state, "Catch": failure.catch(name), "Next": after}, failure.said(name): said}

    def _parallel(self, step: ParallelStep, name: str) -> State:
        """Branches whose data go nowhere; the first that fails stops the others, and is caught here."""
        branches = []
        outer = self.states
        for number, steps in enumerate(step.branches, 1):
            self.states = {}
            prefix = f"{name} {number}: "
            start = self.add(steps, prefix, failure.of_branch(prefix))
            branches.append({"StartAt": start, "States": self.states})
        self.states = outer
        return {"Type": "Parallel", "Branches": branches, "ResultPath": None}
