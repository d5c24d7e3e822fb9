"""SQS beyond moto: a deleted queue's name rests, and redrive must point at a queue of the same kind."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from scrapectl.local.registry import Call, Params, Refusal, check, operation, patience

_REST = "You must wait 60 seconds after deleting a queue before you can create another with the same name."


@dataclass
class DeletedQueues:
    """When each name was last deleted in a region."""

    at: dict[str, float] = field(default_factory=dict)


@check("sqs", "CreateQueue")
def check_create(call: Call) -> None:
    """Refuse a name that was deleted a moment ago, and a redrive that AWS refuses."""
    name = call.params["QueueName"]
    deleted_at = call.cloud.store(DeletedQueues, call.region).at.get(name, float("-inf"))
    if call.cloud.clock.now() - deleted_at < call.cloud.delays.queue_name:
        raise Refusal("AWS.SimpleQueueService.QueueDeletedRecently", _REST, 400)
    _check_redrive(call, name)


@check("sqs", "SetQueueAttributes")
def check_attributes(call: Call) -> None:
    """Refuse a redrive that AWS refuses."""
    _check_redrive(call, call.params["QueueUrl"].rsplit("/", 1)[-1])


def _check_redrive(call: Call, name: str) -> None:
    text = (call.params.get("Attributes") or {}).get("RedrivePolicy")
    if not text:
        return
    bad = Refusal("InvalidParameterValue", f"Value {text} for parameter RedrivePolicy is invalid.", 400)
    try:
        policy = json.loads(text)
        target, count = policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])
    except (ValueError, KeyError, TypeError) as error:
        raise bad from error
    if not 1 <= count <= 1000 or target.endswith(".fifo") != name.endswith(".fifo"):  # noqa: PLR2004 - AWS's bound
        raise bad
    try:
        call.moto({"QueueName": target.rsplit(":", 1)[-1]}, "GetQueueUrl")
    except Refusal as refusal:
        message = f"Value {text} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."
        raise Refusal("InvalidParameterValue", message, 400) from refusal


@operation("sqs", "SetQueueAttributes")
def set_attributes(call: Call) -> Params:
    """Change what is given alone: moto takes a Policy that is not mentioned for one that is taken away."""
    attributes = dict(call.params["Attributes"])
    if "Policy" not in attributes:
        asked = {"QueueUrl": call.params["QueueUrl"], "AttributeNames": ["Policy"]}
        attributes |= call.moto(asked, "GetQueueAttributes").get("Attributes") or {}
    return call.moto(call.params | {"Attributes": attributes})


@operation("sqs", "ReceiveMessage")
def receive(call: Call) -> Params:
    """Answer what is there now; waiting for more is the front door's, which does not hold the cloud's lock for it."""
    return call.moto(call.params | {"WaitTimeSeconds": 0})


@patience("sqs", "ReceiveMessage")
def receive_patience(call: Call) -> float:
    """How long a client waits for a message: as it says, or else as its queue says."""
    if "WaitTimeSeconds" in call.params:
        return float(call.params["WaitTimeSeconds"])
    asked = {"QueueUrl": call.params["QueueUrl"], "AttributeNames": ["ReceiveMessageWaitTimeSeconds"]}
    attributes = call.moto(asked, "GetQueueAttributes").get("Attributes", {})
    return float(attributes.get("ReceiveMessageWaitTimeSeconds", 0))


@operation("sqs", "DeleteQueue")
def delete_queue(call: Call) -> Params:
    """Delete a queue and remember when."""
    result = call.moto()
    name = call.params["QueueUrl"].rsplit("/", 1)[-1]
    call.cloud.store(DeletedQueues, call.region).at[name] = call.cloud.clock.now()
    return result
