"""Finds message queues that show a message again while a function still works on it, which Lambda refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec.model import MessageEvent
from scrapectl.units import format_duration

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Spec


def check_visibility(spec: Spec, findings: Findings) -> None:
    """Compare the visibility that a queue says with the timeout of each function it starts."""
    for trigger in spec.triggers.values():
        if not isinstance(trigger.on, MessageEvent) or trigger.section != "functions":
            continue
        queue, function = spec.message_queues.get(trigger.on.queue), spec.functions.get(trigger.starts)
        if queue is None or function is None or queue.existing is not None or queue.visibility >= function.timeout:
            continue
        if all(findings.is_sound(path) for path in (f"{queue.origin}.visibility", f"{function.origin}.timeout")):
            message = (
                f"{format_duration(queue.visibility)} is shorter than the timeout of the function "
                f'"{function.key}", {format_duration(function.timeout)}, which {trigger.origin} starts.'
            )
            hint = f"Write {format_duration(6 * function.timeout)}, or leave it out: six times is made."
            findings.add(f"{queue.origin}.visibility", message, hint)
