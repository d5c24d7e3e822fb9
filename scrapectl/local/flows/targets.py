"""Delivers an event to one target of a rule: its input, tries as its retry policy says, a dead letter in the end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.flows.reach import NotDelivered, Sender, call_function, publish_to_topic, send_to_queue
from scrapectl.local.flows.target_input import input_of
from scrapectl.local.registry import Params

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_MOST_WAIT = 300.0  # seconds between two tries


@dataclass
class Delivery:
    """One event on its way to one target of one rule.

    Attributes:
        region: The rule's region.
        rule: The rule's ARN.
        target: As PutTargets took it.
        event: As it was put on the bus.
        since: When, on the cloud's clock.
        tries: How often it was tried.
    """

    region: str
    rule: str
    target: Params
    event: Params
    since: float
    tries: int = 0


def deliver(cloud: Cloud, delivery: Delivery) -> None:
    """Try to deliver; what fails for good, or for too long, is buried in the target's dead-letter queue."""
    delivery.tries += 1
    try:
        _carry(cloud, delivery)
    except NotDelivered as reason:
        exhausted = _exhausted(cloud, delivery)
        if reason.passing and exhausted is None:
            outbox_of(cloud).add(lambda: deliver(cloud, delivery), min(2.0**delivery.tries, _MOST_WAIT))
        else:
            _bury(cloud, delivery, reason, exhausted if reason.passing else None)


def _carry(cloud: Cloud, delivery: Delivery) -> None:
    sender = Sender("events.amazonaws.com", delivery.rule)
    arn, text = delivery.target["Arn"], input_of(delivery.target, delivery.event, delivery.rule)
    service = arn.split(":")[2]
    if service == "lambda":
        call_function(cloud, sender, arn, text)
    elif service == "sqs":
        group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId")
        send_to_queue(cloud, sender, arn, text, group={"MessageGroupId": group} if group else None)
    elif service == "sns":
        publish_to_topic(cloud, sender, arn, text)
    else:
        raise NotDelivered("INTERNAL_ERROR", f"the embedded cloud does not deliver events to {arn}")


def _exhausted(cloud: Cloud, delivery: Delivery) -> str | None:
    """Which limit of the retry policy is reached, as dead letters name it."""
    policy = delivery.target.get("RetryPolicy") or {}
    if delivery.tries > policy.get("MaximumRetryAttempts", 185):
        return "MaximumRetryAttempts"
    if cloud.clock.now() - delivery.since >= policy.get("MaximumEventAgeInSeconds", 86_400):
        return "MaximumEventAgeInSeconds"
    return None


def _bury(cloud: Cloud, delivery: Delivery, reason: NotDelivered, exhausted: str | None) -> None:
    """Send the event to the dead-letter queue with EventBridge's attributes; without queue or right it is lost."""
    queue = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
    if queue is None:
        return
    about = {
        "RULE_ARN": delivery.rule,
        "TARGET_ARN": delivery.target["Arn"],
        "ERROR_CODE": reason.code,
        "ERROR_MESSAGE": reason.message or "-",
        "RETRY_ATTEMPTS": str(delivery.tries - 1),
    } | ({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {})
    attributes = {key: {"DataType": "String", "StringValue": value} for key, value in about.items()}
    sender = Sender("events.amazonaws.com", delivery.rule)
    try:
        send_to_queue(cloud, sender, queue, json.dumps(delivery.event), attributes=attributes)
    except NotDelivered:
        return
