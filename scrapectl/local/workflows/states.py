"""Goes from state to state of a machine, a branch or a map's item: data in, data out, a failure raised."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scrapectl.local.workflows.branch import Branch, Steps, Until, Wait
from scrapectl.local.workflows.choices import next_of
from scrapectl.local.workflows.failure import RUNTIME, StateFailure, check_size
from scrapectl.local.workflows.groups import run_map, run_parallel
from scrapectl.local.workflows.history import with_data
from scrapectl.local.workflows.payloads import Scene
from scrapectl.local.workflows.retries import Patience, catcher_of
from scrapectl.local.workflows.tasks import run_task


@dataclass
class Step:
    """One state that was entered.

    Attributes:
        entered: Id of the event.
        data: Its input, before InputPath.
        context: The context object.
        run_inner: Runs the states inside it: a branch's, an item's.
    """

    branch: Branch
    name: str
    state: dict[str, Any]
    entered: int
    data: Any
    context: dict[str, Any]
    run_inner: Callable[[Branch, dict[str, Any], Any], Steps]

    def scene(self, data: Any) -> Scene:
        """What its paths see."""
        where = f"An error occurred while executing the state '{self.name}' (entered at the event id #{self.entered}). "
        return Scene(data, self.context, self.branch.variables, where)

    def input(self) -> Any:
        """Its input through InputPath."""
        return self.scene(self.data).filtered(self.state.get("InputPath", "$"), "InputPath")

    def given(self) -> Any:
        """What it hands on to what it calls: Parameters, or its input."""
        data = self.input()
        return self.scene(data).filled(self.state["Parameters"]) if "Parameters" in self.state else data

    def output(self, result: Any) -> Any:
        """Its output: the result through ResultSelector, put in by ResultPath, cut by OutputPath."""
        if "ResultSelector" in self.state:
            result = self.scene(result).filled(self.state["ResultSelector"])
        self.assign(self.state, result)
        whole = self.scene(self.data).with_result(self.state.get("ResultPath", "$"), result)
        return self.scene(whole).filtered(self.state.get("OutputPath", "$"), "OutputPath")

    def assign(self, rule: dict[str, Any], data: Any) -> None:
        """Set the variables of Assign; all see the values from before."""
        self.branch.variables.update(self.scene(data).filled(rule.get("Assign") or {}))


def run_scope(branch: Branch, scope: dict[str, Any], data: Any) -> Steps:
    """Run the states of a scope from StartAt to an end; returns the output of the last.

    Raises:
        StateFailure: One failed, and nothing caught it.
    """
    name: str | None = scope["StartAt"]
    while name is not None:
        data, name = yield from _run_state(branch, name, scope["States"][name], data)
        if name is not None:
            yield Until(branch.at)
    return data


def _run_state(
    branch: Branch, name: str, state: dict[str, Any], data: Any
) -> Generator[Wait, Any, tuple[Any, str | None]]:
    kind = state["Type"]
    entered = branch.note(f"{kind}StateEntered", with_data("input", data, name=name))
    branch.state = kind
    time = datetime.fromtimestamp(branch.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    context = {**branch.run.context(), **branch.context, "State": {"Name": name, "EnteredTime": time, "RetryCount": 0}}
    step = Step(branch, name, state, entered, data, context, run_scope)
    try:
        output, after = yield from _with_retries(step)
    except StateFailure as failure:
        rule = catcher_of(state, failure)
        if rule is None:
            branch.state = ""
            raise
        output, after = _caught(step, rule, failure)
    check_size(name, output)
    branch.state = ""
    branch.note(f"{kind}StateExited", with_data("output", output, name=name))
    return output, after


def _with_retries(step: Step) -> Generator[Wait, Any, tuple[Any, str | None]]:
    patience = Patience(step.state, f"{step.branch.run.arn}/{step.name}/{step.entered}")
    while True:
        try:
            done: tuple[Any, str | None] = yield from _KINDS[step.state["Type"]](step)
        except StateFailure as failure:
            wait = patience.wait_after(failure)
            if wait is None:
                raise
        else:
            return done
        yield Until(step.branch.at + wait)
        step.context["State"]["RetryCount"] = patience.tries


def _caught(step: Step, rule: dict[str, Any], failure: StateFailure) -> tuple[Any, str]:
    """Go where a catcher leads, with error and cause in the data."""
    told = {"Error": failure.error or "", "Cause": failure.cause or ""}
    step.assign(rule, told)
    return step.scene(step.data).with_result(rule.get("ResultPath", "$"), told), rule["Next"]


def _moved(step: Step, output: Any) -> tuple[Any, str | None]:
    return output, step.state.get("Next")


def _task(step: Step) -> Steps:
    return _moved(step, step.output((yield from run_task(step))))


def _parallel(step: Step) -> Steps:
    return _moved(step, step.output((yield from run_parallel(step, step.given()))))


def _map(step: Step) -> Steps:
    return _moved(step, step.output((yield from run_map(step, step.input()))))


def _pass(step: Step) -> Steps:
    yield from ()
    given = step.given()
    return _moved(step, step.output(step.state.get("Result", given)))


def _choice(step: Step) -> Steps:
    yield from ()
    data = step.input()
    rule = next_of(step.state, step.scene(data))
    if rule is None:
        raise step.scene(data).failure(
            "Failed to transition out of the state. The state does not point to a next state.", "States.NoChoiceMatched"
        )
    step.assign(rule, data)
    return _cut(step, data), rule["Next"]


def _wait(step: Step) -> Steps:
    data = step.input()
    yield Until(_until(step, step.scene(data)))
    step.assign(step.state, data)
    return _moved(step, _cut(step, data))


def _until(step: Step, scene: Scene) -> float:
    state = step.state
    if "Seconds" in state or "SecondsPath" in state:
        seconds = state["Seconds"] if "Seconds" in state else scene.at(state["SecondsPath"], "SecondsPath")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            path = state.get("SecondsPath")
            raise scene.failure(f"The SecondsPath parameter '{path}' does not reference a valid number of seconds")
        return step.branch.at + seconds
    text = state["Timestamp"] if "Timestamp" in state else scene.at(state["TimestampPath"], "TimestampPath")
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError) as error:
        path = state.get("TimestampPath", "Timestamp")
        raise scene.failure(f"The TimestampPath parameter '{path}' does not reference a valid timestamp") from error


def _succeed(step: Step) -> Steps:
    yield from ()
    return _cut(step, step.input()), None


def _fail(step: Step) -> Steps:
    yield from ()
    scene, state = step.scene(step.data), step.state
    error = state.get("Error") if "ErrorPath" not in state else scene.computed(state["ErrorPath"], "ErrorPath")
    cause = state.get("Cause") if "CausePath" not in state else scene.computed(state["CausePath"], "CausePath")
    if any(not isinstance(text, str | None) for text in (error, cause)):
        raise StateFailure(RUNTIME, "ErrorPath and CausePath must name text.")
    raise StateFailure(error, cause)


def _cut(step: Step, data: Any) -> Any:
    return step.scene(data).filtered(step.state.get("OutputPath", "$"), "OutputPath")


_KINDS: dict[str, Callable[[Step], Steps]] = {
    "Task": _task,
    "Pass": _pass,
    "Choice": _choice,
    "Wait": _wait,
    "Succeed": _succeed,
    "Fail": _fail,
    "Parallel": _parallel,
    "Map": _map,
}
