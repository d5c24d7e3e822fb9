"""Turns the subscriptions of a topic into a set that compares by what AWS lets anyone change."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from scrapectl.engine.resource import Aws

PENDING = "PendingConfirmation"
_ABSENT = ("NotFound",)


@dataclass(frozen=True)
class Subscription:
    """Who hears of a topic's messages.

    Attributes:
        protocol: "email", "sqs" or "lambda".
        endpoint: The mail address, or the ARN of the queue or function.
        raw: A queue gets the message as it was published, without SNS's envelope.
    """

    protocol: str
    endpoint: Any
    raw: bool = False


class Subscribed(frozenset[Subscription]):
    """What a topic has, those in `pending` not confirmed.

    It equals what is wanted when the confirmed ones are those, give or take pending ones: AWS can neither end these,
    nor must anything wait for them; they end by themselves (AWS-FACTS §7).
    """

    pending: frozenset[Subscription]

    def __new__(cls, confirmed: Iterable[Subscription], pending: Iterable[Subscription] = ()) -> Self:
        """Make the set of both."""
        unconfirmed = frozenset(pending)
        subscribed = super().__new__(cls, {*confirmed, *unconfirmed})
        subscribed.pending = unconfirmed
        return subscribed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, frozenset) and frozenset(self - self.pending) <= other <= frozenset(self)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(Subscribed)  # equal ones may hold different members


Arns = Mapping[tuple[str, str], str]
"""(protocol, endpoint) → the ARN of a confirmed subscription."""


def read_subscriptions(aws: Aws, topic: str) -> tuple[Subscribed, Arns] | None:
    """Read a topic's subscriptions, and how queues get their messages; None when the topic is gone."""
    entries = aws.pages("sns", "list_subscriptions_by_topic", "Subscriptions", absent=_ABSENT, TopicArn=topic)
    if entries is None:
        return None
    pending = [entry for entry in entries if entry["SubscriptionArn"] == PENDING]
    standing = [entry for entry in entries if entry["SubscriptionArn"].startswith("arn:")]  # else: "Deleted"
    raw = aws.gather([functools.partial(_is_raw, aws, entry) for entry in standing])
    confirmed = [_subscription(entry, raw=is_raw) for entry, is_raw in zip(standing, raw, strict=True)]
    arns = {(entry["Protocol"], entry["Endpoint"]): entry["SubscriptionArn"] for entry in standing}
    return Subscribed(confirmed, (_subscription(entry) for entry in pending)), arns


def _subscription(entry: Mapping[str, str], *, raw: bool = False) -> Subscription:
    return Subscription(entry["Protocol"], entry["Endpoint"], raw)


def _is_raw(aws: Aws, entry: Mapping[str, str]) -> bool:
    if entry["Protocol"] != "sqs":  # of what is subscribed here, only queues know the difference
        return False
    arn = entry["SubscriptionArn"]
    answer = aws.call("sns", "get_subscription_attributes", absent=_ABSENT, SubscriptionArn=arn)
    return bool(answer and answer["Attributes"].get("RawMessageDelivery") == "true")
