"""Finds what the request of an optimised integration cannot have: fields that its API does not know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scrapectl.spec.findings import did_you_mean, show

if TYPE_CHECKING:
    from scrapectl.spec.asl.faults import Faults, Object, Path

_CALL = re.compile(r"arn:aws[a-z-]*:states:::([a-z]+:[A-Za-z]+)(?:\..+)?")
# botocore's models, in PascalCase as Step Functions takes them ("Passing parameters to a service API"); of what Step
# Functions supports of them its guide lists no more than examples.
FIELDS = {
    "batch:submitJob": frozenset(
        {"JobName", "JobQueue", "JobDefinition", "ShareIdentifier", "SchedulingPriorityOverride", "ArrayProperties"}
        | {"DependsOn", "Parameters", "ContainerOverrides", "NodeOverrides", "RetryStrategy", "PropagateTags"}
        | {"Timeout", "Tags", "EksPropertiesOverride", "EcsPropertiesOverride", "ConsumableResourcePropertiesOverride"}
    ),
    "lambda:invoke": frozenset(
        {"FunctionName", "InvocationType", "LogType", "ClientContext", "DurableExecutionName", "Payload", "Qualifier"}
        | {"TenantId"}
    ),
    "sns:publish": frozenset(
        {"TopicArn", "TargetArn", "PhoneNumber", "Message", "Subject", "MessageStructure", "MessageAttributes"}
        | {"MessageDeduplicationId", "MessageGroupId"}
    ),
    "sqs:sendMessage": frozenset(
        {"QueueUrl", "MessageBody", "DelaySeconds", "MessageAttributes", "MessageSystemAttributes"}
        | {"MessageDeduplicationId", "MessageGroupId"}
    ),
    "states:startExecution": frozenset({"StateMachineArn", "Name", "Input", "TraceHeader"}),
}


def check_request(state: Object, path: Path, faults: Faults, *, jsonata: bool) -> None:
    """Check what a Task sends; what is computed as a whole is known to a run alone."""
    where = "Arguments" if jsonata else "Parameters"
    resource, request = state.get("Resource"), state.get(where)
    call = _CALL.fullmatch(resource) if isinstance(resource, str) else None
    known = FIELDS.get(call[1]) if call else None
    if known is None or not isinstance(request, dict):
        return
    for key in request:
        _check_name(str(key), known, (*path, where, key), faults, jsonata=jsonata)


def _check_name(key: str, known: frozenset[str], path: tuple[Any, ...], faults: Faults, *, jsonata: bool) -> None:
    name = key if jsonata else key.removesuffix(".$")
    if name not in known:
        faults.add(path, f"the request has no field {show(name)}.", did_you_mean(name, sorted(known)))
