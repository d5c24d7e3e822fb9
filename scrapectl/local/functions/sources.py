"""Feeds functions from queues: takes messages, calls the function with a batch, deletes what it dealt with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.functions.invocation import invoke
from scrapectl.local.registry import Params, Refusal
from scrapectl.local.services import iam

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

POLLERS = 5
"""How many batches of one queue are worked on at once (Lambda starts with five)."""

_RECEIVED_AT_ONCE = 10
_RIGHTS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


@dataclass
class Sources:
    """By mapping: how many batches are under way, and since when messages wait for their batch to fill."""

    under_way: Counter[str] = field(default_factory=Counter)
    waiting_since: dict[str, float] = field(default_factory=dict)


def poll(cloud: Cloud) -> None:
    """Start a batch for every enabled mapping whose queue has messages."""
    for region, mapping in list(_mappings(cloud)):
        act = _next_batch(cloud, region, mapping)
        if act is not None:
            outbox_of(cloud).add(act)


def _mappings(cloud: Cloud) -> Iterator[tuple[str, Params]]:
    """Enabled mappings of queues, by region, as ListEventSourceMappings answers them."""
    for service, region in sorted(cloud.used):
        if service != "lambda":
            continue
        backend: Any = moto_private.get_backend("lambda")[cloud.account][region]
        if not backend.list_event_source_mappings(None, None):  # looking costs nothing where there are none
            continue
        for mapping in cloud.call("lambda", "ListEventSourceMappings", {}, region)["EventSourceMappings"]:
            if mapping["State"] == "Enabled" and ":sqs:" in mapping["EventSourceArn"]:
                yield region, mapping


def _next_batch(cloud: Cloud, region: str, mapping: Params) -> Callable[[], None] | None:
    sources = cloud.store(Sources, "global")
    with cloud.lock:
        visible = _visible(cloud, mapping["EventSourceArn"])
        if not visible or sources.under_way[mapping["UUID"]] >= POLLERS:
            return None
        now = cloud.clock.now()
        since = sources.waiting_since.setdefault(mapping["UUID"], now)
        if visible < mapping["BatchSize"] and now - since < mapping.get("MaximumBatchingWindowInSeconds", 0):
            return None
        sources.waiting_since.pop(mapping["UUID"], None)
        sources.under_way[mapping["UUID"]] += 1

    def act() -> None:
        try:
            _work(cloud, region, mapping)
        finally:
            with cloud.lock:
                sources.under_way[mapping["UUID"]] -= 1

    return act


def _visible(cloud: Cloud, queue: str) -> int:
    region, name = queue.split(":")[3], queue.rsplit(":", 1)[-1]
    backend: Any = moto_private.get_backend("sqs")[cloud.account][region]
    return len(backend.queues[name].messages) if name in backend.queues else 0


def _work(cloud: Cloud, region: str, mapping: Params) -> None:
    """Take a batch and have the function deal with it; what it does not, becomes visible again in its time."""
    queue: str = mapping["EventSourceArn"]
    place = queue.split(":")[3]
    try:
        url = cloud.call("sqs", "GetQueueUrl", {"QueueName": queue.rsplit(":", 1)[-1]}, place)["QueueUrl"]
        role = cloud.call("lambda", "GetFunctionConfiguration", {"FunctionName": mapping["FunctionArn"]}, region)[
            "Role"
        ]
        if not all(iam.role_may(cloud, role, right, queue) for right in _RIGHTS):
            return
        messages = _receive(cloud, place, url, mapping["BatchSize"])
        if not messages:
            return
        payload = json.dumps({"Records": [_record(message, queue) for message in messages]})
        answer = invoke(cloud, region, mapping["FunctionArn"], payload)
    except Refusal:
        return  # the queue or the function went, or too many run: the messages come again
    reports = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or [])
    failed = _failed(answer.payload, messages, reports=reports) if not answer.failed else None
    for message in messages:
        if failed is not None and message["MessageId"] not in failed:
            _delete(cloud, place, url, message)


def _receive(cloud: Cloud, region: str, url: str, most: int) -> list[Params]:
    messages: list[Params] = []
    while len(messages) < most:
        wanted = min(_RECEIVED_AT_ONCE, most - len(messages))
        asked = {"QueueUrl": url, "MaxNumberOfMessages": wanted, "WaitTimeSeconds": 0}
        asked |= {"AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        found = cloud.call("sqs", "ReceiveMessage", asked, region).get("Messages") or []
        if not found:
            break
        messages += found
    return messages


def _record(message: Params, queue: str) -> Params:
    """A message as Lambda's event has it (Lambda Developer Guide, "Using Lambda with Amazon SQS")."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes") or {},
        "messageAttributes": {
            name: {
                "stringValue": value.get("StringValue"),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value["DataType"],
            }
            for name, value in (message.get("MessageAttributes") or {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue,
        "awsRegion": queue.split(":")[3],
    }


def _failed(payload: bytes, messages: list[Params], *, reports: bool) -> set[str] | None:
    """Which messages the function could not deal with; None when that is all of them.

    An answer that names what was not in the batch, or that is none of the right shape, fails the whole batch.
    """
    answer = json.loads(payload) if reports else None
    if answer is None or answer == {}:
        return set()
    entries = answer.get("batchItemFailures", None) if isinstance(answer, dict) else None
    if entries is None:
        return set()
    try:
        failed = {entry["itemIdentifier"] for entry in entries}
    except (TypeError, KeyError):
        return None
    return failed if failed <= {message["MessageId"] for message in messages} else None


def _delete(cloud: Cloud, region: str, url: str, message: Params) -> None:
    try:
        cloud.call("sqs", "DeleteMessage", {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}, region)
    except Refusal:
        return
