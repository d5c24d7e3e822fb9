"""Task states: what is called is scheduled, started, waited for and timed out, each told in the history."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scrapectl.local.workflows.awaited import awaited_by, end
from scrapectl.local.workflows.branch import NEVER, Steps, Work
from scrapectl.local.workflows.failure import RUNTIME, StateFailure, Timeout, check_size
from scrapectl.local.workflows.history import with_data
from scrapectl.local.workflows.integrations import Caller, Integration, integration_of
from scrapectl.local.workflows.intrinsics import compact

if TYPE_CHECKING:
    from scrapectl.local.workflows.steps import Step

_LAMBDA = ":lambda:"
_INVOKE = "arn:aws:states:::lambda:invoke"


def run_task(step: Step) -> Steps:
    """Call what a task names, and wait for it as it says; returns the result.

    Raises:
        StateFailure: It failed, took too long, or is nothing that the embedded cloud calls.
    """
    state, branch = step.state, step.branch
    token = ""
    if state["Resource"].endswith(".waitForTaskToken"):  # made for this try; its parameters name it
        token = secrets.token_urlsafe(48)
        step.context["Task"] = {"Token": token}
    given = step.given()
    if "Credentials" in state:
        raise step.failure("The embedded cloud calls with the machine's own role alone.")
    seconds = step.value("TimeoutSeconds")
    deadline = branch.at + seconds if seconds is not None else NEVER
    plan = branch.run.plan
    caller = Caller(branch.run.cloud, plan.region, plan.role, plan.machine, branch.run.name)
    is_function = _LAMBDA in state["Resource"] and ":::" not in state["Resource"]
    integration = integration_of(_INVOKE if is_function else state["Resource"])
    if integration is None:
        raise StateFailure(RUNTIME, f"The embedded cloud does not call {state['Resource']}.")
    task = _Task(step, integration, caller, (seconds, deadline), token)
    return (yield from task.call_function(given) if is_function else task.run(given))


class _Task:
    """One try of a task that calls a service.

    Args:
        limits: Its TimeoutSeconds, None without; and when they will have passed.
        token: What it is answered by, if it waits for that.
    """

    def __init__(
        self, step: Step, integration: Integration, caller: Caller, limits: tuple[float | None, float], token: str
    ) -> None:
        self._step, self._integration, self._caller, self._token = step, integration, caller, token
        self._timeout = {} if limits[0] is None else {"timeoutInSeconds": limits[0]}
        self._deadline = limits[1]
        self._what = {"resourceType": integration.type, "resource": integration.resource}
        self._note: Callable[[str, dict[str, Any] | None], int] = step.branch.note

    def run(self, given: Any) -> Steps:
        """Call it, and wait for its end if that is meant."""
        integration = self._integration
        request = integration.request(given, self._step.scene(given))
        told = {**self._what, "region": self._caller.region, "parameters": compact(given)}
        self._note("TaskScheduled", told | self._timeout)
        self._note("TaskStarted", self._what)
        submitted = False
        try:
            call = functools.partial(integration.call, self._caller, request)
            undo = functools.partial(end, integration, self._caller, self._token)
            result = yield Work(call, self._deadline, undo)
            if integration.pattern:
                self._note("TaskSubmitted", with_data("output", result, **self._what))
                submitted = True
                result = yield from awaited_by(integration, self._caller, result, (self._token, self._deadline))
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

    def call_function(self, given: Any) -> Steps:
        """Call a function whose ARN is the resource: its answer is the result, without what Lambda says besides."""
        arn = self._step.state["Resource"]
        self._note("LambdaFunctionScheduled", with_data("input", given, resource=arn) | self._timeout)
        self._note("LambdaFunctionStarted", None)
        request = self._integration.request({"FunctionName": arn, "Payload": given}, self._step.scene(given))
        try:
            answer = yield Work(functools.partial(self._integration.call, self._caller, request), self._deadline)
            check_size(arn, answer["Payload"])
        except StateFailure as failure:
            late = isinstance(failure, Timeout)
            self._note("LambdaFunctionTimedOut" if late else "LambdaFunctionFailed", failure.details)
            raise
        self._note("LambdaFunctionSucceeded", with_data("output", answer["Payload"]))
        return answer["Payload"]
