"""Lambda's Invoke: waits for the answer, or takes the event and tries up to three times by itself."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.functions.invocation import invoke
from scrapectl.local.registry import Call, Params, Refusal, operation

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

WAITS = (60.0, 120.0)
"""Seconds before the second and the third try of an event (Lambda Developer Guide, "Asynchronous invocation")."""

MOST_BYTES = {"RequestResponse": 6 * 1024 * 1024, "Event": 1024 * 1024, "DryRun": 6 * 1024 * 1024}
_LONGEST_SLOW = 300.0
_PASSING = {"TooManyRequestsException", "ResourceConflictException"}
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
        send_event(call.cloud, call.region, name, payload)
        return {"StatusCode": 202, "Payload": b""}
    answer = invoke(call.cloud, call.region, name, payload)
    told: Params = {"StatusCode": 200, "Payload": answer.payload, "ExecutedVersion": answer.version}
    if answer.failed:
        told["FunctionError"] = "Unhandled"
    if params.get("LogType") == "Tail":
        told["LogResult"] = base64.b64encode(answer.tail.encode()).decode()
    return told


@dataclass
class _Event:
    """An event that nobody waits for."""

    region: str
    function: str
    payload: str
    since: float
    errors: int = 0
    throttles: int = 0


def send_event(cloud: Cloud, region: str, function: str, payload: str) -> None:
    """Have a function called with an event; one that fails is tried twice more, as its configuration says."""
    event = _Event(region, function, payload, cloud.clock.now())
    outbox_of(cloud).add(lambda: _try(cloud, event))


def _try(cloud: Cloud, event: _Event) -> None:
    outbox = outbox_of(cloud)
    limits = _limits(cloud, event)
    if event.errors and cloud.clock.now() - event.since > limits.get("MaximumEventAgeInSeconds", _OLDEST):
        return
    try:
        answer = invoke(cloud, event.region, event.function, event.payload)
    except Refusal as refusal:
        if refusal.code in _PASSING and cloud.clock.now() - event.since < _OLDEST:
            event.throttles += 1
            outbox.add(lambda: _try(cloud, event), min(2.0**event.throttles, _LONGEST_SLOW))
        return
    if answer.failed and event.errors < limits.get("MaximumRetryAttempts", len(WAITS)):
        event.errors += 1
        outbox.add(lambda: _try(cloud, event), WAITS[event.errors - 1])


def _limits(cloud: Cloud, event: _Event) -> Params:
    try:
        asked = {"FunctionName": event.function}
        return cloud.call("lambda", "GetFunctionEventInvokeConfig", asked, event.region)
    except Refusal:
        return {}
