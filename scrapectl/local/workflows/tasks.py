"""Task states: what is called is scheduled, started, waited for and timed out, each told in the history."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scrapectl.local.workflows.awaited import awaited_by
from scrapectl.local.workflows.branch import NEVER, Steps, Work
from scrapectl.local.workflows.failure import RUNTIME, StateFailure, Timeout, check_size
from scrapectl.local.workflows.history import with_data
from scrapectl.local.workflows.integrations import Caller, Integration, integration_of
from scrapectl.local.workflows.intrinsics import compact

if TYPE_CHECKING:
    from scrapectl.local.workflows.states import Step

_LAMBDA = ":lambda:"


def run_task(step: Step, given: Any) -> Steps:
    """Call what a task names, and wait for it as it says; returns the result.

    Raises:
        StateFailure: It failed, took too long, or is nothing that the embedded cloud calls.
    """
    state, branch = step.state, step.branch
    if "Credentials" in state:
        raise step.scene(given).failure("The embedded cloud calls with the machine's own role alone.")
    seconds = _seconds(step, given)
    deadline = branch.at + seconds if seconds is not None else NEVER
    plan = branch.run.plan
    caller = Caller(branch.run.cloud, plan.region, plan.role, plan.machine, branch.run.name)
    resource = state["Resource"]
    if _LAMBDA in resource and ":::" not in resource:
        return (yield from _run_function(step, given, caller, (seconds, deadline)))
    integration = integration_of(resource)
    if integration is None:
        raise StateFailure(RUNTIME, f"The embedded cloud does not call {resource}.")
    task = _Task(step, integration, caller, deadline)
    return (yield from task.run(given, seconds))


def _seconds(step: Step, given: Any) -> float | None:
    state = step.state
    if "TimeoutSecondsPath" in state:
        return float(step.scene(given).at(state["TimeoutSecondsPath"], "TimeoutSecondsPath"))
    return state.get("TimeoutSeconds")


def _run_function(step: Step, given: Any, caller: Caller, limits: tuple[float | None, float]) -> Steps:
    """Call a function whose ARN is the resource: its answer is the result, without what Lambda says besides."""
    branch, arn = step.branch, step.state["Resource"]
    seconds, deadline = limits
    told = with_data("input", given, resource=arn) | ({} if seconds is None else {"timeoutInSeconds": seconds})
    branch.note("LambdaFunctionScheduled", told)
    branch.note("LambdaFunctionStarted")
    invoke = integration_of("arn:aws:states:::lambda:invoke")
    assert invoke is not None  # noqa: S101 - it is one of ours
    request = {"FunctionName": arn, "Payload": given}
    try:
        answer = yield Work(functools.partial(invoke.call, caller, request), deadline)
        check_size(arn, answer["Payload"])
    except StateFailure as failure:
        late = isinstance(failure, Timeout)
        branch.note("LambdaFunctionTimedOut" if late else "LambdaFunctionFailed", failure.details)
        raise
    branch.note("LambdaFunctionSucceeded", with_data("output", answer["Payload"]))
    return answer["Payload"]


class _Task:
    """One try of a task that calls a service."""

    def __init__(self, step: Step, integration: Integration, caller: Caller, deadline: float) -> None:
        self._step, self._integration, self._caller, self._deadline = step, integration, caller, deadline
        self._what = {"resourceType": integration.type, "resource": integration.resource}

    def run(self, given: Any, seconds: float | None) -> Steps:
        integration = self._integration
        token = secrets.token_urlsafe(48) if integration.pattern == "waitForTaskToken" else None
        if token:  # its parameters name the token, which is made for this try
            self._step.context["Task"] = {"Token": token}
            given = self._step.given()
        request = integration.request(given, self._step.scene(given))
        told = {**self._what, "region": self._caller.region, "parameters": compact(given)}
        self._note("TaskScheduled", told | ({} if seconds is None else {"timeoutInSeconds": seconds}))
        self._note("TaskStarted", self._what)
        submitted = False
        try:
            result = yield Work(functools.partial(integration.call, self._caller, request), self._deadline)
            if integration.pattern:
                self._note("TaskSubmitted", with_data("output", result, **self._what))
                submitted = True
                result = yield from awaited_by(integration, self._caller, result, (token, self._deadline))
            check_size(integration.type, result)
        except StateFailure as failure:
            self._failed(failure, in_submission=bool(integration.pattern) and not submitted)
            raise
        self._note("TaskSucceeded", with_data("output", result, **self._what))
        return result

    def _failed(self, failure: StateFailure, *, in_submission: bool) -> None:
        kind = "TaskSubmitFailed" if in_submission else "TaskFailed"
        kind = "TaskTimedOut" if isinstance(failure, Timeout) else kind
        self._note(kind, {**failure.details, **self._what})

    @property
    def _note(self) -> Callable[[str, dict[str, Any]], int]:
        return self._step.branch.note
