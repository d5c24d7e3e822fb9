"""Send what became of an event that came to nothing to the function's destination, as the function's role."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapectl.local.registry import Params, Refusal
from scrapectl.local.services.lambda_events_control import may_tell

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.functions.table import Answer


@dataclass(frozen=True)
class Failure:
    """An event that nobody waits for, and how it ended.

    Attributes:
        id: Of the request that brought it.
        arn: Of the function, with what qualifies it.
        role: What the function runs as.
        payload: The event.
        condition: RetriesExhausted or EventAgeExceeded.
        tries: How often the function ran.
        answer: What it answered last; None when it never ran.
    """

    id: str
    arn: str
    role: str
    payload: str
    condition: str
    tries: int
    answer: Answer | None


def send_record(cloud: Cloud, region: str, destination: str, failure: Failure) -> None:
    """Send the record; one that the role may not send is lost, as on AWS.

    Args:
        cloud: Where.
        region: The function's.
        destination: ARN of a queue, a topic or a function.
        failure: What is told.
    """
    if not may_tell(cloud, failure.role, destination):
        return
    text = json.dumps(_record(cloud, failure))
    service, name = destination.split(":")[2], destination.rsplit(":", 1)[-1]
    try:
        if service == "sqs":
            url = cloud.call("sqs", "GetQueueUrl", {"QueueName": name}, region)["QueueUrl"]
            cloud.call("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": text}, region)
        elif service == "sns":
            cloud.call("sns", "Publish", {"TopicArn": destination, "Message": text}, region)
        elif service == "lambda":
            asked = {"FunctionName": destination, "InvocationType": "Event", "Payload": text.encode()}
            cloud.call("lambda", "Invoke", asked, region)
    except Refusal:
        return  # the destination is gone


def _record(cloud: Cloud, failure: Failure) -> Params:
    """The record as Lambda writes it ("Capturing records of Lambda asynchronous invocations")."""
    moment = datetime.fromtimestamp(cloud.clock.now(), UTC)
    record: Params = {
        "version": "1.0",
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "requestContext": {
            "requestId": failure.id,
            "functionArn": failure.arn,
            "condition": failure.condition,
            "approximateInvokeCount": failure.tries,
        },
        "requestPayload": json.loads(failure.payload),
    }
    if failure.answer is not None:
        told = {"statusCode": 200, "executedVersion": failure.answer.version, "functionError": "Unhandled"}
        record |= {"responseContext": told, "responsePayload": json.loads(failure.answer.payload)}
    return record
