"""SNS's Publish: checks a message and hands it to every subscription, each on its own way."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.flows.mail import send_mail
from scrapectl.local.flows.notification import Notification
from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.flows.reach import NotDelivered, Sender, call_function, send_to_queue
from scrapectl.local.registry import Call, Params, Refusal, operation

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

MOST_BYTES = 256 * 1024
LONGEST_SUBJECT = 100
_NO_SUBJECT = "AWS Notification Message"
_MOST_IN_BATCH = 10


@operation("sns", "Publish")
def publish(call: Call) -> Params:
    """Take a message in; telephones and apps stay with moto."""
    arn = str(call.params.get("TopicArn") or call.params.get("TargetArn") or "")
    if not arn or ":endpoint/" in arn:
        return call.moto()
    return {"MessageId": _take(call, arn, call.params)}


@operation("sns", "PublishBatch")
def publish_batch(call: Call) -> Params:
    """Take up to ten messages in; each is answered for itself."""
    entries: list[Params] = call.params["PublishBatchRequestEntries"]
    ids = [entry["Id"] for entry in entries]
    if not 1 <= len(entries) <= _MOST_IN_BATCH:
        raise Refusal("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.", 400)
    if len(set(ids)) < len(ids):
        raise Refusal("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.", 400)
    good, bad = [], []
    for entry in entries:
        try:
            good.append({"Id": entry["Id"], "MessageId": _take(call, call.params["TopicArn"], entry)})
        except Refusal as refusal:
            bad.append({"Id": entry["Id"], "Code": refusal.code, "Message": refusal.message, "SenderFault": True})
    return {"Successful": good, "Failed": bad}


def _take(call: Call, arn: str, params: Params) -> str:
    """Check a message and hand it on; return its id."""
    topic: Any = moto_private.get_backend("sns")[call.account][call.region].topics.get(arn)
    if topic is None:
        raise Refusal("NotFound", "Topic does not exist", 404)
    texts = _texts(params)
    _check_subject(params.get("Subject"))
    if topic.fifo_topic and not params.get("MessageGroupId"):
        raise _invalid("The MessageGroupId parameter is required for FIFO topics")
    group = {key: params[key] for key in ("MessageGroupId", "MessageDeduplicationId") if params.get(key)}
    number, now = str(uuid.uuid4()), call.cloud.clock.now()
    attributes = params.get("MessageAttributes") or {}
    _spread(call, Notification(arn, number, texts, params.get("Subject"), attributes, now, group))
    return number


def _texts(params: Params) -> dict[str, str]:
    message = params["Message"]
    if not message:
        raise _invalid("Empty message")
    if len(message.encode()) > MOST_BYTES:
        raise _invalid("Message too long")
    if not params.get("MessageStructure"):
        return {"default": message}
    try:
        texts = json.loads(message)
    except ValueError as error:
        raise _invalid("Message Structure - JSON message body failed to parse") from error
    if not isinstance(texts, dict) or not isinstance(texts.get("default"), str):
        raise _invalid("Message Structure - No default entry in JSON message body")
    return {key: value for key, value in texts.items() if isinstance(value, str)}


def _check_subject(subject: str | None) -> None:
    """ASCII, printable, up to 100 characters, starting with a letter, a digit or a sign (API reference, Publish)."""
    if subject is None:
        return
    printable = subject.isascii() and subject.isprintable()
    if not printable or not 1 <= len(subject) <= LONGEST_SUBJECT or subject.startswith(" "):
        raise _invalid("Subject")


def _invalid(reason: str) -> Refusal:
    return Refusal("InvalidParameter", f"Invalid parameter: {reason}", 400)


def _spread(call: Call, notification: Notification) -> None:
    backend: Any = moto_private.get_backend("sns")[call.account][call.region]
    for subscription in list(backend.subscriptions.values()):
        if subscription.topic.arn == notification.topic and _wanted(subscription, notification):
            _hand_over(call.cloud, subscription, notification)


def _wanted(subscription: Any, notification: Notification) -> bool:
    """Whether a subscription's filter, if it has one, lets a message through; moto has the filters right."""
    matcher = subscription._filter_policy_matcher  # noqa: SLF001 - moto keeps it there alone
    attributes = {
        name: {"Type": value["DataType"], "Value": value.get("StringValue", value.get("BinaryValue"))}
        for name, value in notification.attributes.items()
    }
    return matcher is None or bool(matcher.matches(attributes, notification.texts["default"]))


def _hand_over(cloud: Cloud, subscription: Any, notification: Notification) -> None:
    outbox_of(cloud).add(lambda: _deliver(cloud, subscription, notification))


def _deliver(cloud: Cloud, subscription: Any, notification: Notification) -> None:
    """Bring a message to a subscriber; what cannot arrive goes to the subscription's dead-letter queue, or is lost."""
    sender = Sender("sns.amazonaws.com", notification.topic)
    try:
        _bring(cloud, sender, subscription, notification)
    except NotDelivered:
        redrive = subscription.attributes.get("RedrivePolicy")
        if not redrive:
            return
        letter = json.dumps(notification.envelope(subscription.protocol, subscription.arn))
        try:
            send_to_queue(cloud, sender, json.loads(redrive)["deadLetterTargetArn"], letter)
        except NotDelivered:
            return


def _bring(cloud: Cloud, sender: Sender, subscription: Any, notification: Notification) -> None:
    protocol, to = subscription.protocol, subscription.endpoint
    envelope = notification.envelope(protocol, subscription.arn)
    if protocol == "sqs" and str(subscription.attributes.get("RawMessageDelivery")).lower() == "true":
        text, attributes = notification.text(protocol), notification.attributes
        send_to_queue(cloud, sender, to, text, attributes=attributes, group=notification.group)
    elif protocol == "sqs":
        send_to_queue(cloud, sender, to, json.dumps(envelope), group=notification.group)
    elif protocol == "lambda":
        call_function(cloud, sender, to, notification.record(subscription.arn))
    elif protocol in {"email", "email-json"}:
        text = notification.text(protocol) if protocol == "email" else json.dumps(envelope)
        send_mail(cloud, to, notification.subject or _NO_SUBJECT, text, notification.topic)
