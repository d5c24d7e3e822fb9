"""Finds topics and alerts that could tell nobody, or of nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    if spec.alerts.queue_age is not None and not spec.message_queues:
        message = "there is no message queue whose age could be watched."
        findings.add("alerts.queue_age", message, "Remove it, or add message_queues.")
