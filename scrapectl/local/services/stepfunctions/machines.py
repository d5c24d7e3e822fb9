"""State machines: made, changed, described, listed and deleted as AWS does it."""

from __future__ import annotations

import uuid
from typing import Any

from scrapectl.local.paging import page, tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.stepfunctions.checks import (
    check_name,
    check_role,
    checked_logging,
    definition_problems,
    parsed_definition,
)
from scrapectl.local.services.stepfunctions.state import (
    Machine,
    find_execution,
    find_machine,
    machines_in,
    shown_time,
)
from scrapectl.local.tags import MOST_TAGS

_MOST_LISTED = 1000
_CHANGEABLE = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")
_NO_TRACING = {"enabled": False}


@operation("stepfunctions", "CreateStateMachine")
def create(call: Call) -> Params:
    """Make a machine; the same again is the same machine, whatever its role and tags would be."""
    params, machines = call.params, machines_in(call.cloud, call.region)
    name, kind = params["name"], params.get("type", "STANDARD")
    check_name(name)
    arn = call.arn(f"stateMachine:{name}", "states")
    standing = machines.get(name)
    if standing is not None:
        return _again(call, standing)
    tags = tag_map(params.get("tags"))
    if len(tags) > MOST_TAGS:
        raise Refusal("TooManyTags", f"Too many tags: '{arn}'", 400)
    document = parsed_definition(params["definition"], kind)
    check_role(call, arn, params["roleArn"], document)
    logging = checked_logging(call, params["roleArn"], params.get("loggingConfiguration"))
    now = call.cloud.clock.now()
    machines[name] = Machine(
        arn=arn,
        name=name,
        kind=kind,
        definition=params["definition"],
        document=document,
        role=params["roleArn"],
        logging=logging,
        tracing=dict(params.get("tracingConfiguration") or _NO_TRACING),
        tags=tags,
        created_at=now,
        updated_at=now,
    )
    return {"stateMachineArn": arn, "creationDate": shown_time(now)}


def _again(call: Call, standing: Machine) -> Params:
    """Answer a second create: by name, definition, type, logging and tracing alone (CreateStateMachine, API)."""
    _check_stays(standing)
    params = call.params
    logging = params.get("loggingConfiguration") or {}
    same = (
        params["definition"] == standing.definition
        and params.get("type", "STANDARD") == standing.kind
        and logging.get("level", "OFF") == standing.logging["level"]
        and (logging.get("destinations") or []) == (standing.logging.get("destinations") or [])
        and bool(logging.get("includeExecutionData")) == standing.logging["includeExecutionData"]
        and dict(params.get("tracingConfiguration") or _NO_TRACING) == standing.tracing
    )
    if not same:
        raise Refusal("StateMachineAlreadyExists", f"State Machine Already Exists: '{standing.arn}'", 400)
    return {"stateMachineArn": standing.arn, "creationDate": shown_time(standing.created_at)}


def _check_stays(machine: Machine) -> None:
    if machine.gone_at is not None:
        raise Refusal("StateMachineDeleting", f"State Machine is being deleted: '{machine.arn}'", 400)


@operation("stepfunctions", "UpdateStateMachine")
def update(call: Call) -> Params:
    """Change what is given; runs that go on keep what they began with."""
    params = call.params
    machine = find_machine(call, params["stateMachineArn"])
    _check_stays(machine)
    if not any(params.get(name) is not None for name in _CHANGEABLE):
        text = (
            "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be "
            "specified"
        )
        raise Refusal("MissingRequiredParameter", text, 400)
    text = params.get("definition", machine.definition)
    role = params.get("roleArn", machine.role)
    document = parsed_definition(text, machine.kind)
    check_role(call, machine.arn, role, document)
    logging = checked_logging(call, role, params.get("loggingConfiguration", machine.logging))
    tracing = dict(params.get("tracingConfiguration", machine.tracing))
    after = (text, role, logging, tracing)
    if after != (machine.definition, machine.role, machine.logging, machine.tracing):
        machine.definition, machine.role, machine.logging, machine.tracing = after
        machine.document, machine.revision = document, str(uuid.uuid4())
        machine.updated_at = call.cloud.clock.now()
    return {"updateDate": shown_time(machine.updated_at), "revisionId": machine.revision}


@operation("stepfunctions", "DescribeStateMachine")
def describe(call: Call) -> Params:
    """Answer one machine."""
    machine = find_machine(call, call.params["stateMachineArn"])
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "status": "ACTIVE" if machine.gone_at is None else "DELETING",
        "definition": machine.definition,
        "roleArn": machine.role,
        "type": machine.kind,
        "creationDate": shown_time(machine.created_at),
        "loggingConfiguration": machine.logging,
        "tracingConfiguration": machine.tracing,
        "revisionId": machine.revision,
    }


@operation("stepfunctions", "DescribeStateMachineForExecution")
def describe_for_execution(call: Call) -> Params:
    """Answer the machine as a run began with it."""
    run = find_execution(call, call.params["executionArn"])
    machine = find_machine(call, run.plan.machine)
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "definition": run.plan.definition,
        "roleArn": run.plan.role,
        "updateDate": shown_time(machine.updated_at),
        "loggingConfiguration": machine.logging,
        "tracingConfiguration": machine.tracing,
    }


@operation("stepfunctions", "ListStateMachines")
def list_all(call: Call) -> Params:
    """Answer all machines, in pages."""
    params = call.params
    found = sorted(machines_in(call.cloud, call.region).values(), key=lambda machine: machine.name)
    size = params.get("maxResults") or None
    shown, token = page(found, size, params.get("nextToken"), most=_MOST_LISTED, code="InvalidToken")
    rows: list[dict[str, Any]] = [
        {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "type": machine.kind,
            "creationDate": shown_time(machine.created_at),
        }
        for machine in shown
    ]
    return {"stateMachines": rows, "nextToken": token}


@operation("stepfunctions", "DeleteStateMachine")
def delete(call: Call) -> Params:
    """Begin a deletion: its runs are ended, then its name is held for a while. One that is not there is gone."""
    try:
        machine = find_machine(call, call.params["stateMachineArn"])
    except Refusal as refusal:
        if refusal.code == "InvalidArn":
            raise
        return {}
    if machine.gone_at is None:
        machine.gone_at = call.cloud.clock.now() + call.cloud.delays.state_machine_delete
        for run in machine.running:
            run.stop()
    return {}


@operation("stepfunctions", "ValidateStateMachineDefinition")
def validate(call: Call) -> Params:
    """Tell what is wrong with a definition, and make nothing."""
    problems = definition_problems(call.params["definition"], call.params.get("type", "STANDARD"))
    diagnostics = [
        {"severity": "ERROR", "code": code, "message": message, "location": place} for code, message, place in problems
    ]
    return {"result": "FAIL" if diagnostics else "OK", "diagnostics": diagnostics, "truncated": False}
