"""Measures what a cloud can know of itself: a queue's messages and their age, a function's calls and errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.functions.table import functions_of

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

MINUTE = 60


@dataclass(frozen=True)
class Metric:
    """What an alarm watches: namespace, name, and dimensions by name."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    def of(self, dimension: str) -> str:
        """The value of a dimension; empty when it has none."""
        return dict(self.dimensions).get(dimension, "")


def minute_of(now: float) -> int:
    """The minute that a measurement belongs to; one at its very end still does."""
    return -int(-now // MINUTE) - 1


def measure(cloud: Cloud, region: str, metric: Metric, minute: int) -> list[float]:
    """Return what CloudWatch would have of a metric for a minute as it is now; nothing when it would have nothing.

    A queue is measured once a minute, as SQS does it; a function counts once for each call.
    """
    if metric.namespace == "AWS/SQS":
        backend: Any = moto_private.get_backend("sqs")[cloud.account][region]
        queue = backend.queues.get(metric.of("QueueName"))
        look = _OF_QUEUES.get(metric.name)
        return [look(queue, cloud.clock.now())] if queue is not None and look is not None else []
    if metric.namespace == "AWS/Lambda":
        return _calls(cloud, region, metric, minute)
    return []


def _calls(cloud: Cloud, region: str, metric: Metric, minute: int) -> list[float]:
    """Invocations and Errors exist where there were calls, Throttles where there were some."""
    name = metric.of("FunctionName")
    mine = [
        what
        for at, place, function, what in functions_of(cloud).ended
        if (place, function) == (region, name) and minute_of(at) == minute
    ]
    calls = [1.0] * mine.count("Invocations")
    if metric.name == "Errors" and calls:
        return [1.0] * mine.count("Errors") + [0.0] * (len(calls) - mine.count("Errors"))
    return {"Invocations": calls, "Throttles": [1.0] * mine.count("Throttles")}.get(metric.name, [])


def _oldest(queue: Any, now: float) -> float:
    """Age in whole seconds of the oldest message that was not deleted, whether it is visible or not."""
    sent = [message.sent_timestamp / 1000 for message in queue._messages]  # noqa: SLF001 - moto has no other list
    return float(max(int(now - min(sent)), 0)) if sent else 0.0


_OF_QUEUES: dict[str, Callable[[Any, float], float]] = {
    "ApproximateNumberOfMessagesVisible": lambda queue, _now: float(queue.approximate_number_of_messages),
    "ApproximateNumberOfMessagesNotVisible": lambda queue, _now: float(
        queue.approximate_number_of_messages_not_visible
    ),
    "ApproximateNumberOfMessagesDelayed": lambda queue, _now: float(queue.approximate_number_of_messages_delayed),
    "ApproximateAgeOfOldestMessage": _oldest,
}
