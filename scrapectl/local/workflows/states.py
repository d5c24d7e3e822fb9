"""Goes from state to state of a machine, a branch or a map's item: data in, data out, a failure raised."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Any

from scrapectl.local.workflows.branch import Branch, Steps, Until, Wait
from scrapectl.local.workflows.failure import StateFailure, check_size
from scrapectl.local.workflows.groups import run_map, run_parallel
from scrapectl.local.workflows.history import with_data
from scrapectl.local.workflows.retries import Patience, catcher_of
from scrapectl.local.workflows.steps import JsonataStep, Step
from scrapectl.local.workflows.tasks import run_task


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
    language = state.get("QueryLanguage") or branch.run.plan.document.get("QueryLanguage")
    step = (JsonataStep if language == "JSONata" else Step)(branch, name, state, entered, data, context, run_scope)
    try:
        output, after = yield from _with_retries(step)
    except StateFailure as failure:
        rule = catcher_of(state, failure)
        if rule is None:
            branch.state = ""
            raise
        output, after = step.caught(rule, {"Error": failure.error or "", "Cause": failure.cause or ""}), rule["Next"]
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


def _moved(step: Step, output: Any) -> tuple[Any, str | None]:
    return output, step.state.get("Next")


def _task(step: Step) -> Steps:
    return _moved(step, step.output((yield from run_task(step))))


def _parallel(step: Step) -> Steps:
    return _moved(step, step.output((yield from run_parallel(step, step.given()))))


def _map(step: Step) -> Steps:
    return _moved(step, step.output((yield from run_map(step))))


def _pass(step: Step) -> Steps:
    yield from ()
    return _moved(step, step.passed())


def _choice(step: Step) -> Steps:
    yield from ()
    rule = step.chosen()
    if rule is None:
        text = "Failed to transition out of the state. The state does not point to a next state."
        raise step.failure(text, "States.NoChoiceMatched")
    return step.cut(rule), rule["Next"]


def _wait(step: Step) -> Steps:
    yield Until(_until(step))
    return _moved(step, step.cut(step.state))


def _until(step: Step) -> float:
    seconds, text = step.value("Seconds"), step.value("Timestamp")
    if text is None:
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise step.failure(f"{seconds} is no number of seconds to wait")
        return step.branch.at + seconds
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError) as error:
        raise step.failure(f"{text} is no timestamp to wait for") from error


def _succeed(step: Step) -> Steps:
    yield from ()
    return step.cut(step.state), None


def _fail(step: Step) -> Steps:
    yield from ()
    error, cause = step.value("Error"), step.value("Cause")
    if any(not isinstance(text, str | None) for text in (error, cause)):
        raise step.failure("Error and Cause must be text")
    raise StateFailure(error, cause)


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
