"""Lambda's event source mappings beyond moto: one for each pair, states that take time, rights that must be there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services import iam
from scrapectl.local.services.lambda_control import function_name
from scrapectl.local.services.tagging import Tagged, tag_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapectl.local.cloud import Cloud

_MOST_WITHOUT_WINDOW = 10
_DELETING = "Deleting"
_RECEIVE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


@dataclass
class Transitions:
    """What a region's mappings are doing, by UUID, and until when."""

    under_way: dict[str, tuple[str, float]] = field(default_factory=dict)


def _backend(cloud: Cloud, region: str) -> Any:
    return moto_private.get_backend("lambda")[cloud.account][region]


def _begin(call: Call, uuid: str, state: str) -> None:
    until = call.cloud.clock.now() + call.cloud.delays.event_source
    call.cloud.store(Transitions, call.region).under_way[uuid] = (state, until)


def _drop_ended(cloud: Cloud, region: str) -> None:
    """Forget what has come to its end, and mappings whose deletion has."""
    transitions, now = cloud.store(Transitions, region), cloud.clock.now()
    for uuid, (state, until) in list(transitions.under_way.items()):
        if now < until:
            continue
        del transitions.under_way[uuid]
        if state == _DELETING:
            _backend(cloud, region).delete_event_source_mapping(uuid)


def _shown(call: Call, mapping: Params) -> Params:
    state, _ = call.cloud.store(Transitions, call.region).under_way.get(mapping["UUID"], ("", 0))
    shown = {key: value for key, value in mapping.items() if key != "Tags"}
    return shown | {"State": state} if state else shown


@check("lambda", "CreateEventSourceMapping")
def check_create(call: Call) -> None:
    """Refuse a second mapping of a pair, a queue that is not there, a role that may not read it (yet)."""
    params = call.params
    _drop_ended(call.cloud, call.region)
    name, source = function_name(params["FunctionName"]), params["EventSourceArn"]
    for mapping in _backend(call.cloud, call.region).list_event_source_mappings(source, None):
        if function_name(mapping.function_arn) == name:
            text = (
                f'An event source mapping with SQS arn (" {source} ") and function (" {name} ") already exists. '
                f"Please update or delete the existing mapping with UUID {mapping.uuid}"
            )
            raise Refusal("ResourceConflictException", text, 409)
    _check_queue(call, name, source)


def _check_window(batch: int | None, window: int | None) -> None:
    if (batch or 0) > _MOST_WITHOUT_WINDOW and not window:
        text = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        raise Refusal("InvalidParameterValueException", text, 400)


def _check_queue(call: Call, name: str, source: str) -> None:
    """The function's role must be able to receive, and a message must stay hidden for as long as the function runs."""
    function = call.cloud.call("lambda", "GetFunctionConfiguration", {"FunctionName": name}, call.region)
    if not all(iam.role_may(call.cloud, function["Role"], action, source) for action in _RECEIVE):
        text = "The provided execution role does not have permissions to call ReceiveMessage on SQS"
        raise Refusal("InvalidParameterValueException", text, 400)
    hidden, longest = _visibility(call, source), function["Timeout"]
    if hidden < longest:
        text = f"Queue visibility timeout: {hidden} seconds is less than Function timeout: {longest} seconds"
        raise Refusal("InvalidParameterValueException", text, 400)


def _visibility(call: Call, source: str) -> int:
    name = {"QueueName": source.rsplit(":", 1)[-1]}
    try:
        url = call.cloud.call("sqs", "GetQueueUrl", name, call.region)["QueueUrl"]
        asked = {"QueueUrl": url, "AttributeNames": ["VisibilityTimeout"]}
        answer = call.cloud.call("sqs", "GetQueueAttributes", asked, call.region)
    except Refusal as refusal:
        text = "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue."
        raise Refusal("InvalidParameterValueException", text, 400) from refusal
    return int(answer["Attributes"]["VisibilityTimeout"])


@check("lambda", "UpdateEventSourceMapping")
@check("lambda", "DeleteEventSourceMapping")
def check_settled(call: Call) -> None:
    """Refuse a change while another is under way (AWS-FACTS §9)."""
    _drop_ended(call.cloud, call.region)
    uuid = call.params["UUID"]
    if uuid in call.cloud.store(Transitions, call.region).under_way:
        text = f"Cannot update the event source mapping {uuid} because it is in use."
        raise Refusal("ResourceInUseException", text, 400)


@operation("lambda", "CreateEventSourceMapping")
def create_mapping(call: Call) -> Params:
    """Create a mapping that is Creating for a while."""
    result = call.moto()
    _begin(call, result["UUID"], "Creating")
    return _shown(call, result)


@operation("lambda", "UpdateEventSourceMapping")
def update_mapping(call: Call) -> Params:
    """Change a mapping; how it becomes what it shall be takes a while."""
    before = call.moto({"UUID": call.params["UUID"]}, "GetEventSourceMapping")
    merged = before | call.params
    _check_window(merged.get("BatchSize"), merged.get("MaximumBatchingWindowInSeconds"))
    result = call.moto()
    states = {("Enabled", "Disabled"): "Disabling", ("Disabled", "Enabled"): "Enabling"}
    _begin(call, result["UUID"], states.get((before["State"], result["State"]), "Updating"))
    return _shown(call, result)


@operation("lambda", "DeleteEventSourceMapping")
def delete_mapping(call: Call) -> Params:
    """Begin a mapping's end: it is Deleting, and listed, for a while."""
    result = call.moto({"UUID": call.params["UUID"]}, "GetEventSourceMapping")
    _begin(call, result["UUID"], _DELETING)
    return _shown(call, result)


@operation("lambda", "GetEventSourceMapping")
def get_mapping(call: Call) -> Params:
    """Answer a mapping with its state."""
    _drop_ended(call.cloud, call.region)
    return _shown(call, call.moto())


@operation("lambda", "ListEventSourceMappings")
def list_mappings(call: Call) -> Params:
    """Answer the mappings of a queue, of a function by name or ARN, or all."""
    _drop_ended(call.cloud, call.region)
    source = {key: value for key, value in call.params.items() if key == "EventSourceArn"}
    found = call.moto(source)["EventSourceMappings"]
    if "FunctionName" in call.params:
        name = function_name(call.params["FunctionName"])
        found = [mapping for mapping in found if function_name(mapping["FunctionArn"]) == name]
    return {"EventSourceMappings": [_shown(call, mapping) for mapping in found]}


@tag_source
def tagged_mappings(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the index the mappings, of which moto tells functions only."""
    if ("lambda", region) not in cloud.used:
        return
    for mapping in _backend(cloud, region).list_event_source_mappings(None, None):
        yield Tagged(mapping.arn, "lambda:event-source-mapping", dict(mapping.tags))
