"""`topics` → an SNS topic each, with who hears it and which services may speak in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.told import queues_with_alarms
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Policy
from scrapectl.kinds.sns_topic import SnsTopic, Subscription
from scrapectl.spec.model import Topic


def desired(scope: Scope) -> Iterator[Desired]:
    """One topic for each entry that is ours."""
    for topic in scope.spec.topics.values():
        if topic.existing is not None:
            continue
        resource = SnsTopic(
            name=scope.physical("topics", topic.key),
            subscriptions=frozenset(_subscriptions(scope, topic)),
            policy=_policy(scope, topic),
            kms_key=topic.kms,
        )
        places = {
            "subscriptions": topic.place_of("email" if topic.email else "queues"),
            "kms_key": topic.place_of("kms"),
        }
        yield scope.desire_entry("topics", topic, resource, places=places)


def queue_policy(scope: Scope, queue: str, arn: str) -> list[dict[str, Any]]:
    """What a message queue must allow, so that the topics that name it reach it (raw: the bare body)."""
    topics = [topic for topic in scope.spec.topics.values() if queue in topic.queues]
    return [
        {
            "Sid": f"topic{number}",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": scope.arn("topics", topic.key)}},
        }
        for number, topic in enumerate(topics, 1)
    ]


def _subscriptions(scope: Scope, topic: Topic) -> Iterator[Subscription]:
    for address in topic.email:
        yield Subscription("email", address)
    for queue in topic.queues:
        yield Subscription("sqs", scope.ref("message_queues", queue, "arn"), raw=True)


def _policy(scope: Scope, topic: Topic) -> Policy:
    """Nothing in plain text; CloudWatch only for alarms of this account, and only when there are some."""
    arn = scope.arn("topics", topic.key)
    statements: list[dict[str, Any]] = [
        {
            "Sid": "OnlyByTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    if scope.spec.alerts.to == topic.key and queues_with_alarms(scope):
        statements.append(
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": scope.facts.account}},
            }
        )
    return Policy({"Version": "2012-10-17", "Statement": statements})
