"""Carries something from an AWS service to a function, a queue or a topic, if the receiver's own policy lets it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.local.policy import admits
from scrapectl.local.registry import Params, Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


class NotDelivered(Exception):
    """Why something did not arrive.

    Args:
        code: What EventBridge's dead letters say: `NO_PERMISSIONS`, `NO_RESOURCE`, `THROTTLING`, …
        message: In words.
        passing: Whether another try may succeed.
    """

    def __init__(self, code: str, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.passing = passing


@dataclass(frozen=True)
class Sender:
    """An AWS service and the thing of it that sends: `events.amazonaws.com` and a rule's ARN."""

    service: str
    arn: str


def call_function(cloud: Cloud, sender: Sender, arn: str, payload: str) -> None:
    """Invoke a function asynchronously, as every service does; what becomes of it is Lambda's business.

    Raises:
        NotDelivered: There is none, its policy does not name the sender, or Lambda takes no more.
    """
    region = _region(arn)
    name = arn.split(":function:", 1)[-1]
    _must_stand(cloud, region, "lambda", "GetFunctionConfiguration", {"FunctionName": name})
    try:
        text = cloud.call("lambda", "GetPolicy", {"FunctionName": name}, region)["Policy"]
    except Refusal:
        text = "{}"
    _check(cloud, sender, "lambda:InvokeFunction", arn, text)
    params = {"FunctionName": name, "InvocationType": "Event", "Payload": payload.encode()}
    _send(cloud, region, "lambda", "Invoke", params)


def send_to_queue(
    cloud: Cloud,
    sender: Sender,
    arn: str,
    body: str,
    *,
    attributes: dict[str, Any] | None = None,
    group: dict[str, str] | None = None,
) -> None:
    """Send a message to a queue.

    Args:
        cloud: Where.
        sender: Who sends.
        arn: The queue's ARN.
        body: The message.
        attributes: Message attributes as SendMessage takes them.
        group: `MessageGroupId` and `MessageDeduplicationId`, for a FIFO queue.

    Raises:
        NotDelivered: There is none, or its policy does not let the sender.
    """
    region = _region(arn)
    found = _must_stand(cloud, region, "sqs", "GetQueueUrl", {"QueueName": arn.rsplit(":", 1)[-1]})
    url = found["QueueUrl"]
    asked = {"QueueUrl": url, "AttributeNames": ["Policy"]}
    text = (cloud.call("sqs", "GetQueueAttributes", asked, region).get("Attributes") or {}).get("Policy")
    _check(cloud, sender, "sqs:SendMessage", arn, text or "{}")
    params = {"QueueUrl": url, "MessageBody": body} | (group or {})
    _send(cloud, region, "sqs", "SendMessage", params | ({"MessageAttributes": attributes} if attributes else {}))


def publish_to_topic(
    cloud: Cloud, sender: Sender, arn: str, message: str, *, subject: str | None = None, mail: str | None = None
) -> None:
    """Publish to a topic; mail addresses may get a text of their own.

    Raises:
        NotDelivered: There is none, or its policy does not let the sender.
    """
    region = _region(arn)
    found = _must_stand(cloud, region, "sns", "GetTopicAttributes", {"TopicArn": arn})
    _check(cloud, sender, "sns:Publish", arn, found["Attributes"]["Policy"])
    params: Params = {"TopicArn": arn, "Message": message}
    if mail is not None:
        params |= {"Message": json.dumps({"default": message, "email": mail}), "MessageStructure": "json"}
    _send(cloud, region, "sns", "Publish", params | ({"Subject": subject} if subject else {}))


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _must_stand(cloud: Cloud, region: str, service: str, operation: str, params: Params) -> Params:
    try:
        return cloud.call(service, operation, params, region)
    except Refusal as refusal:
        raise NotDelivered("NO_RESOURCE", refusal.message or refusal.code) from refusal


def _check(cloud: Cloud, sender: Sender, action: str, arn: str, policy: str) -> None:
    context = {"aws:SourceArn": sender.arn, "aws:SourceAccount": cloud.account, "aws:SecureTransport": "true"}
    if sender.service == "cloudwatch.amazonaws.com":
        context["aws:SourceOwner"] = cloud.account  # so alarms may use a topic's default policy, unlike rules
    if not admits(json.loads(policy), sender.service, action, arn, context):
        text = f"{sender.service} is not authorized to perform: {action} on resource: {arn} for {sender.arn}"
        raise NotDelivered("NO_PERMISSIONS", text)


def _send(cloud: Cloud, region: str, service: str, operation: str, params: Params) -> None:
    try:
        cloud.call(service, operation, params, region)
    except Refusal as refusal:
        slow = "Throttl" in refusal.code or "TooManyRequests" in refusal.code
        code = "THROTTLING" if slow else "ERROR_FROM_TARGET"
        passing = slow or (refusal.status or 400) >= 500  # noqa: PLR2004 - HTTP
        raise NotDelivered(code, f"{refusal.code}: {refusal.message}", passing=passing) from refusal
