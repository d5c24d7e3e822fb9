"""Lambda's Invoke: waits for the answer, or takes the event and tries up to three times by itself."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.functions.failed_events import Failure, send_record
from scrapectl.local.functions.invocation import invoke
from scrapectl.local.functions.table import Answer
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.lambda_events_control import event_config_of
from scrapectl.local.services.lambda_state import function_name

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

WAITS = (60.0, 120.0)
"""Seconds before the second and the third try of an event (Lambda Developer Guide, "Asynchronous invocation")."""

MOST_BYTES = {"RequestResponse": 6 * 1024 * 1024, "Event": 1024 * 1024, "DryRun": 6 * 1024 * 1024}
_LONGEST_SLOW = 300.0
_PASSING = {"TooManyRequestsException", "ResourceConflictException", "EFSMountConnectivityException"}
_OLDEST = 6 * 3600.0


@operation("lambda", "Invoke", locked=False)
def answer_invoke(call: Call) -> Params:
    """Run a function, or take the event for later."""
    params = call.params
    kind = params.get("InvocationType") or "RequestResponse"
    content: bytes = params.get("Payload") or b"{}"
    name = params["FunctionName"] + (f":{params['Qualifier']}" if params.get("Qualifier") else "")
    call.cloud.call("lambda", "GetFunctionConfiguration", {"FunctionName": name}, call.region)
    if len(content) > MOST_BYTES[kind]:
        text = (
            f"{len(content)} byte payload is too large for the {kind} invocation type (limit {MOST_BYTES[kind]} bytes)"
        )
        raise Refusal("RequestTooLargeException", text, 413)
    try:
        payload = content.decode()
        json.loads(payload)
    except ValueError as error:
        raise Refusal("InvalidRequestContentException", f"Could not parse request body into json: {error}") from error
    if kind == "DryRun":
        return {"StatusCode": 204}
    if kind == "Event":
        call.notes["request_id"] = send_event(call.cloud, call.region, name, payload)
        return {"StatusCode": 202, "Payload": b""}
    call.notes["request_id"] = str(uuid.uuid4())
    answer = invoke(call.cloud, call.region, name, payload, call.notes["request_id"])
    told: Params = {
        "RequestId": call.notes["request_id"],
        "StatusCode": 200,
        "Payload": answer.payload,
        "ExecutedVersion": answer.version,
    }
    if answer.failed:
        told["FunctionError"] = "Unhandled"
    if params.get("LogType") == "Tail":
        told["LogResult"] = base64.b64encode(answer.tail.encode()).decode()
    return told


@dataclass
class _Event:
    """An event that nobody waits for; every try bears the id of the request that brought it, as on AWS."""

    region: str
    function: str
    payload: str
    since: float
    errors: int = 0
    throttles: int = 0
    answer: Answer | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


def send_event(cloud: Cloud, region: str, function: str, payload: str) -> str:
    """Have a function called with an event; one that fails is tried twice more, as its configuration says.

    What comes to nothing goes to the function's destination.

    Returns:
        The id of the request, which the function's log names.
    """
    event = _Event(region, function, payload, cloud.clock.now())
    outbox_of(cloud).add(lambda: _try(cloud, event))
    return event.id


def _try(cloud: Cloud, event: _Event) -> None:
    config = event_config_of(cloud, event.region, function_name(event.function))
    if cloud.clock.now() - event.since > config.get("MaximumEventAgeInSeconds", _OLDEST):
        _give_up(cloud, event, config, "EventAgeExceeded")
        return
    outbox = outbox_of(cloud)
    try:
        event.answer = invoke(cloud, event.region, event.function, event.payload, event.id)
    except Refusal as refusal:
        if refusal.code in _PASSING:
            event.throttles += 1
            outbox.add(lambda: _try(cloud, event), min(2.0**event.throttles, _LONGEST_SLOW))
        else:
            _again(cloud, event, config)
        return
    if event.answer.failed:
        _again(cloud, event, config)


def _again(cloud: Cloud, event: _Event, config: Params) -> None:
    """Try once more when there is a try left."""
    if event.errors < config.get("MaximumRetryAttempts", len(WAITS)):
        event.errors += 1
        outbox_of(cloud).add(lambda: _try(cloud, event), WAITS[event.errors - 1])
    else:
        _give_up(cloud, event, config, "RetriesExhausted")


def _give_up(cloud: Cloud, event: _Event, config: Params, condition: str) -> None:
    destination = ((config.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if not destination:
        return
    try:
        asked = {"FunctionName": event.function}
        function = cloud.call("lambda", "GetFunctionConfiguration", asked, event.region)
    except Refusal:
        return  # it was deleted meanwhile
    arn = function["FunctionArn"]
    arn = arn if arn.endswith(f":{function['Version']}") else f"{arn}:{function['Version']}"
    tries = event.errors + (condition == "RetriesExhausted")
    failure = Failure(event.id, arn, function["Role"], event.payload, condition, tries, event.answer)
    send_record(cloud, event.region, destination, failure)
