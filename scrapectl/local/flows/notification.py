"""A message of a topic, as each kind of subscriber gets it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from scrapectl.local.registry import Params


@dataclass(frozen=True)
class Notification:
    """What was published.

    Attributes:
        topic: The topic's ARN.
        id: The message's id.
        texts: The message by protocol; `default` for every other.
        subject: Its subject, if it has one.
        attributes: As Publish takes them.
        at: Seconds since 1970.
        group: `MessageGroupId` and `MessageDeduplicationId` of a FIFO topic.
    """

    topic: str
    id: str
    texts: dict[str, str]
    subject: str | None
    attributes: Params
    at: float
    group: dict[str, str] = field(default_factory=dict)

    def text(self, protocol: str) -> str:
        """The message for one protocol."""
        return self.texts.get(protocol, self.texts["default"])

    def envelope(self, protocol: str, subscription: str) -> Params:
        """The JSON around a message (SNS Developer Guide, "Parsing Amazon SNS message formats")."""
        region = self.topic.split(":")[3]
        root = f"https://sns.{region}.amazonaws.com"
        about: Params = {
            "Type": "Notification",
            "MessageId": self.id,
            "TopicArn": self.topic,
            "Subject": self.subject,
            "Message": self.text(protocol),
            "Timestamp": datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "SigningCertURL": f"{root}/SimpleNotificationService-local.pem",
            "UnsubscribeURL": f"{root}/?Action=Unsubscribe&SubscriptionArn={subscription}",
        }
        told = {name: {"Type": value["DataType"], "Value": _value(value)} for name, value in self.attributes.items()}
        about |= {"MessageAttributes": told} if told else {}
        return {key: value for key, value in about.items() if value is not None}

    def record(self, subscription: str) -> str:
        """The event that a function gets."""
        envelope = self.envelope("lambda", subscription)
        renamed = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
        about = {renamed.get(key, key): value for key, value in envelope.items()}
        about = {"Subject": None, "MessageAttributes": {}} | about
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription,
            "Sns": about,
        }
        return json.dumps({"Records": [record]})


def _value(attribute: Params) -> str:
    if "BinaryValue" in attribute:
        return base64.b64encode(attribute["BinaryValue"]).decode()
    return str(attribute.get("StringValue", ""))
