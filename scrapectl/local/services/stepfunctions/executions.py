"""Runs of state machines: started once for each name, described, listed, stopped, their history read."""

from __future__ import annotations

import json
import uuid
from typing import Any

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.stepfunctions.checks import MOST_BYTES, check_name
from scrapectl.local.services.stepfunctions.state import Machine, find_execution, find_machine, shown_time
from scrapectl.local.workflows.awaited import Ended, tokens_of
from scrapectl.local.workflows.execution import Execution, Plan
from scrapectl.local.workflows.failure import StateFailure

KEPT_SECONDS = 90 * 86_400
"""How long a name stays taken, and a history readable, after a run's end (AWS-FACTS §10)."""

_MOST_LISTED = 1000


@operation("stepfunctions", "StartExecution")
def start(call: Call) -> Params:
    """Start a run; the same name with the same input while it goes on is the same run."""
    params = call.params
    machine = find_machine(call, params["stateMachineArn"])
    if machine.gone_at is not None:
        raise Refusal("StateMachineDeleting", f"State Machine is being deleted: '{machine.arn}'", 400)
    if machine.kind != "STANDARD":
        raise Refusal("NotImplemented", "the embedded cloud runs standard state machines alone", 501)
    name, text = params.get("name") or str(uuid.uuid4()), params.get("input") or "{}"
    check_name(name)
    _check_input(text)
    _forget_old(machine, call.cloud.clock.now())
    standing = machine.executions.get(name)
    if standing is not None:
        if standing.ended or standing.input != text:
            raise Refusal("ExecutionAlreadyExists", f"Execution Already Exists: '{standing.arn}'", 400)
        return {"executionArn": standing.arn, "startDate": shown_time(standing.started_at)}
    plan = Plan(machine.arn, call.region, machine.role, machine.definition, machine.document, machine.logging)
    run = machine.executions[name] = Execution(call.cloud, plan, name, text)
    run.begin()
    return {"executionArn": run.arn, "startDate": shown_time(run.started_at)}


def _check_input(text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise Refusal("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'", 400) from error
    if len(text.encode()) > MOST_BYTES:
        text = f"Invalid State Machine Execution Input: 'it is larger than {MOST_BYTES} bytes'"
        raise Refusal("InvalidExecutionInput", text, 400)


def _forget_old(machine: Machine, now: float) -> None:
    for name, run in list(machine.executions.items()):
        if run.stopped_at is not None and now - run.stopped_at > KEPT_SECONDS:
            del machine.executions[name]


@operation("stepfunctions", "StartSyncExecution")
def start_and_wait(call: Call) -> Params:
    """Refuse it: it is for express machines."""
    find_machine(call, call.params["stateMachineArn"])
    text = "This operation is not supported by this type of state machine"
    raise Refusal("StateMachineTypeNotSupported", text, 400)


@operation("stepfunctions", "StopExecution")
def stop(call: Call) -> Params:
    """Abort a run, and what it waits for; one that has ended stays as it is."""
    run = find_execution(call, call.params["executionArn"])
    run.stop(call.params.get("error"), call.params.get("cause"))
    return {"stopDate": shown_time(run.stopped_at or call.cloud.clock.now())}


@operation("stepfunctions", "DescribeExecution")
def describe(call: Call) -> Params:
    """Answer one run."""
    return find_execution(call, call.params["executionArn"]).describe(shown_time)


@operation("stepfunctions", "ListExecutions")
def list_all(call: Call) -> Params:
    """Answer a machine's runs, the newest first."""
    params = call.params
    machine = find_machine(call, params["stateMachineArn"])
    wanted = params.get("statusFilter")
    found = [run for run in reversed(machine.executions.values()) if wanted in {None, run.status}]
    size = params.get("maxResults") or None
    shown, token = page(found, size, params.get("nextToken"), most=_MOST_LISTED, code="InvalidToken")
    return {"executions": [_row(run) for run in shown], "nextToken": token}


def _row(run: Execution) -> dict[str, Any]:
    return {
        "executionArn": run.arn,
        "stateMachineArn": run.plan.machine,
        "name": run.name,
        "status": run.status,
        "startDate": shown_time(run.started_at),
        "stopDate": None if run.stopped_at is None else shown_time(run.stopped_at),
        "redriveCount": 0,
    }


@operation("stepfunctions", "GetExecutionHistory")
def history(call: Call) -> Params:
    """Answer a run's events, in either order."""
    params = call.params
    run = find_execution(call, params["executionArn"])
    events = list(run.history.events)
    if params.get("reverseOrder"):
        events.reverse()
    size = params.get("maxResults") or None
    shown, token = page(events, size, params.get("nextToken"), most=_MOST_LISTED, code="InvalidToken")
    if params.get("includeExecutionData") is False:
        shown = [_without_data(event) for event in shown]
    return {"events": shown, "nextToken": token}


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    hidden = {"input", "output", "inputDetails", "outputDetails"}
    return {
        key: {name: item for name, item in value.items() if name not in hidden} if isinstance(value, dict) else value
        for key, value in event.items()
    }


def _answer(call: Call, answer: Any) -> Params:
    """Hand an answer to the task that waits with a token."""
    tokens, token = tokens_of(call.cloud), call.params["taskToken"]
    if token not in tokens.waiting:
        raise Refusal("TaskDoesNotExist", "Task Does Not Exist: 'Invalid token'", 400)
    tokens.waiting.discard(token)
    tokens.answers[token] = Ended(answer)
    return {}


@operation("stepfunctions", "SendTaskSuccess")
def task_succeeded(call: Call) -> Params:
    """End the task that holds a token, with a result."""
    try:
        output = json.loads(call.params["output"])
    except ValueError as error:
        raise Refusal("InvalidOutput", "Invalid Output: 'it is no JSON'", 400) from error
    return _answer(call, output)


@operation("stepfunctions", "SendTaskFailure")
def task_failed(call: Call) -> Params:
    """End the task that holds a token, as failed."""
    failure = StateFailure(call.params.get("error"), call.params.get("cause"), of_task=True)
    return _answer(call, failure)


@operation("stepfunctions", "SendTaskHeartbeat")
def task_lives(call: Call) -> Params:
    """Say that a task still works; how often it must is not looked at here."""
    if call.params["taskToken"] not in tokens_of(call.cloud).waiting:
        raise Refusal("TaskDoesNotExist", "Task Does Not Exist: 'Invalid token'", 400)
    return {}
