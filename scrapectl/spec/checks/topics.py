"""Finds topics and alerts that could tell nobody, or of nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.units import format_duration

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Spec


def check_topics(spec: Spec, findings: Findings) -> None:
    """Check who subscribes to each topic, and that alerts have something to watch."""
    for topic in spec.topics.values():
        for number, key in enumerate(topic.queues):
            if spec.message_queues[key].existing is not None:
                message = f'the queue "{key}" is not ours, and its policy would have to let the topic send.'
                findings.add(f"{topic.origin}.queues.{number}", message, "Subscribe it where it is made.")
        if topic.kms is not None and spec.region and topic.kms.split(":")[3] != spec.region:
            message = f"the key is in {topic.kms.split(':')[3]}, and the topic in {spec.region}."
            findings.add(f"{topic.origin}.kms", message, f"Write the ARN of a key of {spec.region}.")
    if spec.alerts.queue_age is not None:
        _check_age(spec, spec.alerts.queue_age, findings)


def _check_age(spec: Spec, age: int, findings: Findings) -> None:
    """Alarms watch the queues that are made here; a message that is gone before is never too old."""
    ours = [queue for queue in spec.message_queues.values() if queue.existing is None]
    longest = max((queue.retention for queue in ours), default=None)
    if longest is None:
        message = "there is no message queue of this pipeline's own whose age could be watched."
        findings.add("alerts.queue_age", message, "Remove it, or add message_queues.")
    elif age >= longest and all(findings.is_sound(f"{queue.origin}.retention") for queue in ours):
        message = f"no message is ever that old: after {format_duration(longest)} it is gone from its queue."
        findings.add("alerts.queue_age", message, "Write a shorter time, or a longer retention for a queue.")
