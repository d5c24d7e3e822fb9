"""`message_queues` → an SQS queue each, with its dead-letter queue."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.blueprint.pipeline import DAY, DEAD_LETTER_DAYS
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.sqs_queue import DeadLetter, SqsQueue, queue_arn
from scrapectl.spec import names


def desired(scope: Scope) -> Iterator[Desired]:
    """Two queues for each entry that is ours."""
    for key, queue in scope.spec.message_queues.items():
        if queue.existing is not None:
            continue
        dead_name = names.dead_letter_name(scope.spec.pipeline, scope.spec.stage, key, queue.name)
        dead_address = f"sqs_queue.{scope.base(key, 'dead')}"
        dead = SqsQueue(name=dead_name, retention=DEAD_LETTER_DAYS * DAY, visibility=30)
        yield scope.desire(dead_address, dead, queue)
        arn = Ref(dead_address, "arn", queue_arn(*scope.place, dead_name))
        main = SqsQueue(
            name=scope.physical("message_queues", key),
            retention=queue.retention,
            visibility=queue.visibility,
            dead_letter=DeadLetter(arn, queue.dead_letter_after),  # type: ignore[arg-type]  # a Ref until it is applied
        )
        yield scope.desire_entry("message_queues", queue, main)
