"""Turns a message queue into SQS's: a standard queue, encrypted, with its dead-letter queue and its policy."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Update
from scrapectl.engine.values import Policy
from scrapectl.kinds.tags import own_tags

# The service's own name for the code comes first; SDKs that speak its JSON protocol may show the second.
ABSENT = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
SSE_SQS = "sqs"


def queue_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a queue will have."""
    return f"arn:{partition}:sqs:{region}:{account}:{name}"


@dataclass(frozen=True)
class DeadLetter:
    """Where messages go that were received `max_receive` times and not deleted; `arn` is a queue's."""

    arn: str
    max_receive: int


@dataclass(frozen=True)
class SqsQueue(Resource):
    """A standard queue.

    Attributes:
        retention: Seconds that a message stays, 60 to 1209600.
        visibility: Seconds that a received message is hidden, to 43200.
        policy: Who else may send to it.
        encryption: "sqs" for SSE-SQS, else the id of a KMS key, or "none".
    """

    name: Identity[str]
    retention: int
    visibility: int
    dead_letter: DeadLetter | None = None
    policy: Policy | None = None
    encryption: str = SSE_SQS

    kind: ClassVar[str] = "sqs_queue"
    tells_the_spec: ClassVar[bool] = True
    # Attributes take up to a minute to be seen everywhere, and a deleted queue answers for as long (AWS-FACTS §6).
    pace: ClassVar[Pace] = Pace(first=0.0, interval=2.0, limit=120.0)
    sweep: ClassVar[str | None] = "sqs:{region}:{account}:"
    listing: ClassVar[Listing | None] = Listing("sqs", "list_queues", "QueueUrls", "", {"MaxResults": 1000})
    needs: ClassVar[Needs] = Needs(
        read=("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags"),
        create=("sqs:CreateQueue", "sqs:TagQueue"),
        update=("sqs:GetQueueUrl", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"),
        delete=("sqs:DeleteQueue",),
    )
    scopes: ClassVar[Scopes] = Scopes({"sqs:queue": ("sqs:{region}:{account}:{name}",)})

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Find the queue's URL, then its attributes and tags side by side."""
        (name,) = key
        found = aws.call("sqs", "get_queue_url", absent=ABSENT, QueueName=name)
        if found is None:
            return None
        ask: Callable[..., Callable[[], Any]] = functools.partial
        answer, tags = aws.gather(
            [
                ask(aws.call, "sqs", "get_queue_attributes", absent=ABSENT, AttributeNames=["All"], **found),
                ask(aws.call, "sqs", "list_queue_tags", absent=ABSENT, **found),
            ]
        )
        if answer is None or tags is None:  # it went between the calls
            return None
        attributes = answer["Attributes"]
        outputs = {"arn": attributes["QueueArn"], "name": name, "url": found["QueueUrl"]}
        return Live(_from_attributes(name, attributes), outputs, own_tags(tags.get("Tags", {})))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it whole; AWS answers with its URL, and it may be named at once."""
        attributes = {name: value for name, value in self._attributes().items() if value}
        answer = aws.call("sqs", "create_queue", QueueName=self.name, Attributes=attributes, tags=dict(tags))
        arn = queue_arn(aws.partition, aws.region, aws.account, self.name)
        return Live(self, {"arn": arn, "name": self.name, "url": answer["QueueUrl"]}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Set the attributes that differ, all in one call."""
        attributes = self._attributes()
        changed = {
            _ATTRIBUTES[name]: attributes[_ATTRIBUTES[name]] for name in sorted(update.changed & set(_ATTRIBUTES))
        }
        if "encryption" in update.changed and cast("SqsQueue", update.live.resource).encryption != "none":
            changed["KmsMasterKeyId"] = ""  # a queue has one kind of encryption
        if changed:
            aws.call("sqs", "set_queue_attributes", QueueUrl=update.live.outputs["url"], Attributes=changed)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it with its messages."""
        del removal
        aws.call("sqs", "delete_queue", absent=ABSENT, QueueUrl=live.outputs["url"])

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN."""
        parts = arn.split(":")
        return (parts[5],) if parts[2] == "sqs" else None

    def _attributes(self) -> dict[str, str]:
        """All attributes as AWS takes them: as text; what is absent is empty."""
        dead = self.dead_letter
        redrive = {"deadLetterTargetArn": dead.arn, "maxReceiveCount": dead.max_receive} if dead else None
        return {
            "MessageRetentionPeriod": str(self.retention),
            "VisibilityTimeout": str(self.visibility),
            "RedrivePolicy": json.dumps(redrive) if redrive else "",
            "Policy": self.policy.to_json() if self.policy else "",
            "SqsManagedSseEnabled": "true",
        }


_ATTRIBUTES = {
    "retention": "MessageRetentionPeriod",
    "visibility": "VisibilityTimeout",
    "dead_letter": "RedrivePolicy",
    "policy": "Policy",
    "encryption": "SqsManagedSseEnabled",
}


def _from_attributes(name: str, attributes: Mapping[str, str]) -> SqsQueue:
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    dead = DeadLetter(redrive["deadLetterTargetArn"], int(redrive["maxReceiveCount"])) if redrive else None
    policy = attributes.get("Policy")
    managed = attributes.get("SqsManagedSseEnabled") == "true"
    return SqsQueue(
        name=name,
        retention=int(attributes["MessageRetentionPeriod"]),
        visibility=int(attributes["VisibilityTimeout"]),
        dead_letter=dead,
        policy=Policy.from_json(policy) if policy else None,
        encryption=attributes.get("KmsMasterKeyId") or (SSE_SQS if managed else "none"),
    )
