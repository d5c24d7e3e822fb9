"""A bucket's notification configuration, checked as S3 checks it: destinations that let it in, and no overlaps."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from scrapectl.local.policy import admits
from scrapectl.local.registry import Call, Params, Refusal, operation

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

SERVICE = "s3.amazonaws.com"
# Member of a configuration, member that names its destination, and what S3 does there.
_SORTS = (
    ("LambdaFunctionConfigurations", "LambdaFunctionArn", "lambda:InvokeFunction"),
    ("QueueConfigurations", "QueueArn", "sqs:SendMessage"),
    ("TopicConfigurations", "TopicArn", "sns:Publish"),
)
_UNREACHED = "Unable to validate the following destination configurations"
_OVERLAP = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
    "overlapping for the same event type."
)


@dataclass(frozen=True)
class Destination:
    """Where one entry sends its events.

    Attributes:
        id: The entry's.
        arn: Of a function, a queue or a topic.
        action: What S3 does there, as policies name it.
        events: `s3:ObjectCreated:*` and the like.
    """

    id: str
    arn: str
    action: str
    events: tuple[str, ...]
    prefix: str
    suffix: str

    def takes(self, event: str, key: str) -> bool:
        """Whether it wants an event of an object."""
        wanted = any(event == one or (one.endswith("*") and event.startswith(one[:-1])) for one in self.events)
        return wanted and key.startswith(self.prefix) and key.endswith(self.suffix)


@dataclass
class Configurations:
    """What was put, by bucket name; names are global, so this stands once for the account."""

    told: dict[str, Params] = field(default_factory=dict)


def configuration_of(cloud: Cloud, bucket: str) -> Params:
    """Return what was put for a bucket; empty when nothing was."""
    return cloud.store(Configurations, "global").told.get(bucket, {})


def forget(cloud: Cloud, bucket: str) -> None:
    """Drop what was put for a bucket that is gone."""
    cloud.store(Configurations, "global").told.pop(bucket, None)


def destinations_of(configuration: Params) -> Iterator[Destination]:
    """Read the entries."""
    for member, arn, action in _SORTS:
        for entry in configuration.get(member) or ():
            rules = ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
            found = {rule["Name"].lower(): rule["Value"] for rule in rules}
            given = (found.get("prefix", ""), found.get("suffix", ""))
            yield Destination(entry.get("Id", ""), entry[arn], action, tuple(entry["Events"]), *given)


@operation("s3", "PutBucketNotificationConfiguration")
def put(call: Call) -> Params:
    """Replace the whole configuration; entries without an id get one."""
    bucket = call.params["Bucket"]
    call.moto({"Bucket": bucket}, "HeadBucket")
    wanted = dict(call.params.get("NotificationConfiguration") or {})
    for member, _, _ in _SORTS:
        if wanted.get(member):
            wanted[member] = [
                {**entry, "Id": entry.get("Id") or str(uuid.uuid4()), "Events": list(entry["Events"])}
                for entry in wanted[member]
            ]
    found = list(destinations_of(wanted))
    if len({one.id for one in found}) < len(found):
        raise _refused("Configuration id must be unique")
    if any(_overlap(*two) for two in combinations(found, 2)):
        raise _refused(_OVERLAP)
    for one in found:
        if not call.params.get("SkipDestinationValidation") and not _lets_in(call, bucket, one):
            raise _refused(_UNREACHED)
    call.cloud.store(Configurations, "global").told[bucket] = wanted
    return {}


def _refused(text: str) -> Refusal:
    return Refusal("InvalidArgument", text, 400)


def _overlap(one: Destination, other: Destination) -> bool:
    """Whether an event of one key could be meant by both (S3 User Guide, "Configuring notifications … filtering")."""
    prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    suffixes = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
    events = any(_meet(a, b) for a in one.events for b in other.events)
    return prefixes and suffixes and events


def _meet(one: str, other: str) -> bool:
    return one == other or any(a.endswith("*") and b.startswith(a[:-1]) for a, b in ((one, other), (other, one)))


def _lets_in(call: Call, bucket: str, destination: Destination) -> bool:
    """Whether the destination stands in the bucket's region, is no FIFO, and its policy lets this bucket in."""
    region = destination.arn.split(":")[3]
    if region != call.region or destination.arn.endswith(".fifo"):
        return False
    try:
        policy = _policy(call, destination)
    except Refusal:
        return False
    context = {"aws:SourceArn": f"arn:aws:s3:::{bucket}", "aws:SourceAccount": call.account}
    secure = {**context, "aws:SecureTransport": "true"}
    return admits(json.loads(policy or "{}"), SERVICE, destination.action, destination.arn, secure)


def _policy(call: Call, destination: Destination) -> str | None:
    region, name = call.region, destination.arn.rsplit(":", 1)[-1]
    service = destination.action.partition(":")[0]
    if service == "lambda":
        return str(call.cloud.call("lambda", "GetPolicy", {"FunctionName": destination.arn}, region)["Policy"])
    if service == "sqs":
        url = call.cloud.call("sqs", "GetQueueUrl", {"QueueName": name}, region)["QueueUrl"]
        asked = {"QueueUrl": url, "AttributeNames": ["Policy"]}
        found: Params = call.cloud.call("sqs", "GetQueueAttributes", asked, region).get("Attributes") or {}
        return found.get("Policy")
    attributes = call.cloud.call("sns", "GetTopicAttributes", {"TopicArn": destination.arn}, region)["Attributes"]
    return str(attributes["Policy"])


@operation("s3", "GetBucketNotificationConfiguration")
def get(call: Call) -> Params:
    """Answer what was put. S3 writes the names of rules with a capital."""
    bucket = call.params["Bucket"]
    call.moto({"Bucket": bucket}, "HeadBucket")
    found = dict(configuration_of(call.cloud, bucket))
    for member, _, _ in _SORTS:
        if found.get(member):
            found[member] = [_as_answered(entry) for entry in found[member]]
    return found


def _as_answered(entry: Params) -> Params:
    rules = ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
    named = [{**rule, "Name": rule["Name"].capitalize()} for rule in rules]
    return {**entry, "Filter": {"Key": {"FilterRules": named}}} if named else entry
