"""What becomes of events that nobody waits for: a function's event invoke configuration, which moto keeps badly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services import iam
from scrapectl.local.services.lambda_state import backend_function, named

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

# What a role must be allowed for each sort of destination ("Capturing records of Lambda asynchronous invocations").
_LEAVE = {
    "sqs": ("sqs:SendMessage", "SendMessage"),
    "sns": ("sns:Publish", "Publish"),
    "lambda": ("lambda:InvokeFunction", "InvokeFunction"),
    "events": ("events:PutEvents", "PutEvents"),
}


@dataclass
class EventConfigs:
    """A region's configurations, by function."""

    kept: dict[str, Params] = field(default_factory=dict)


def event_config_of(cloud: Cloud, region: str, name: str) -> Params:
    """What a function's configuration says; nothing without one."""
    return cloud.store(EventConfigs, region).kept.get(name, {})


def may_tell(cloud: Cloud, role: str, destination: str) -> bool:
    """Whether a role may send to a destination."""
    action, _ = _LEAVE[destination.split(":")[2]]
    return iam.role_may(cloud, role, action, destination)


@operation("lambda", "PutFunctionEventInvokeConfig")
def put(call: Call) -> Params:
    """Put the whole configuration; the function's role must be allowed to reach the destinations."""
    function = _standing(call)
    config = {key: value for key, value in call.params.items() if key not in {"FunctionName", "Qualifier"}}
    for outcome in (config.get("DestinationConfig") or {}).values():
        destination = outcome.get("Destination", "")
        service = destination.split(":")[2] if destination.count(":") > 2 else ""  # noqa: PLR2004 - an ARN has six parts
        if service not in _LEAVE:
            text = f"The destination ARN {destination} is invalid."
            raise Refusal("InvalidParameterValueException", text, 400)
        if not may_tell(call.cloud, function.role, destination):
            text = (
                f"The function's execution role {function.role} does not have permissions to call "
                f"{_LEAVE[service][1]} on {destination}"
            )
            raise Refusal("InvalidParameterValueException", text, 400)
    call.cloud.store(EventConfigs, call.region).kept[named(call)] = config
    return get(call)


@operation("lambda", "GetFunctionEventInvokeConfig")
def get(call: Call) -> Params:
    """Answer it."""
    function = _standing(call)
    found = event_config_of(call.cloud, call.region, named(call))
    if not found:
        raise _none(function.function_arn)
    return {"FunctionArn": f"{function.function_arn}:$LATEST", **found}


@operation("lambda", "DeleteFunctionEventInvokeConfig")
def delete(call: Call) -> Params:
    """Take it away."""
    function = _standing(call)
    if call.cloud.store(EventConfigs, call.region).kept.pop(named(call), None) is None:
        raise _none(function.function_arn)
    return {}


def forget(cloud: Cloud, region: str, name: str) -> None:
    """Drop what a deleted function had."""
    cloud.store(EventConfigs, region).kept.pop(name, None)


def _standing(call: Call) -> Any:
    function = backend_function(call)
    if function is None:
        text = f"Function not found: {call.arn(f'function:{named(call)}')}"
        raise Refusal("ResourceNotFoundException", text, 404)
    return function


def _none(arn: str) -> Refusal:
    text = f"The function {arn} doesn't have an EventInvokeConfig"
    return Refusal("ResourceNotFoundException", text, 404)
