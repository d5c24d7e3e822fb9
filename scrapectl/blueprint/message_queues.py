"""`message_queues` → an SQS queue each, with its dead-letter queue."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.blueprint.pipeline import DAY, DEAD_LETTER_DAYS
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.topics import queue_policy
from scrapectl.blueprint.triggers import queue_statements
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Policy, Ref
from scrapectl.kinds.sqs_queue import DeadLetter, SqsQueue, queue_arn
from scrapectl.spec import names
from scrapectl.spec.model import MessageQueue


def desired(scope: Scope) -> Iterator[Desired]:
    """Two queues for each entry that is ours."""
    for key, queue in scope.spec.message_queues.items():
        if queue.existing is not None:
            continue
        dead_name = dead_letter_name(scope, queue)
        dead_address = dead_letter_address(scope, queue)
        dead = SqsQueue(name=dead_name, retention=DEAD_LETTER_DAYS * DAY, visibility=30)
        yield scope.desire(dead_address, dead, queue)
        arn = Ref(dead_address, "arn", dead_letter_arn(scope, queue))
        own = scope.arn("message_queues", key)
        statements = [*queue_policy(scope, key, own), *queue_statements(scope, key, own)]
        main = SqsQueue(
            name=scope.physical("message_queues", key),
            retention=queue.retention,
            visibility=queue.visibility,
            dead_letter=DeadLetter(arn, queue.dead_letter_after),  # type: ignore[arg-type]  # a Ref until it is applied
            policy=Policy({"Version": "2012-10-17", "Statement": statements}) if statements else None,
        )
        yield scope.desire_entry("message_queues", queue, main)


def dead_letter_name(scope: Scope, queue: MessageQueue) -> str:
    """The physical name of a message queue's dead-letter queue."""
    return names.dead_letter_name(scope.spec.pipeline, scope.spec.stage, queue.key, queue.name)


def dead_letter_address(scope: Scope, queue: MessageQueue) -> str:
    """Its address."""
    return f"sqs_queue.{scope.base(queue.key, 'dead')}"


def dead_letter_arn(scope: Scope, queue: MessageQueue) -> str:
    """Its ARN."""
    return queue_arn(*scope.place, dead_letter_name(scope, queue))
