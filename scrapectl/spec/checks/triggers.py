"""Finds triggers that AWS would refuse, or that would start nothing, twice, or themselves."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from scrapectl.spec.checks.workflows import all_steps
from scrapectl.spec.findings import show
from scrapectl.spec.model import BucketPlace, CopyStep, MessageEvent, UploadEvent

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Spec, Trigger

# A key of S3 has at most 1024 bytes.
_LONGEST_KEY = 1024
# Lambda, "Creating and configuring an Amazon SQS event source mapping": more than ten need a window of a second.
_BATCH_WITHOUT_WINDOW = 10


def check_triggers(spec: Spec, findings: Findings) -> None:
    """Check every trigger, and those that meet."""
    for trigger in spec.triggers.values():
        if isinstance(trigger.on, UploadEvent):
            _check_upload(spec, trigger, trigger.on, findings)
        elif trigger.starts not in spec.loaders:  # what messages a loader takes is checked with it
            _check_messages(trigger, trigger.on, findings)
    for one, other in combinations(spec.triggers.values(), 2):
        if _overlap(one, other):
            message = "hears of the same uploads by notification as {}, and S3 takes one for each."
            _tell_both((one, other), message, "Write via: eventbridge in one, or part their places.", findings)
        elif _same_source(one, other):
            message = "hands the messages of the same queue to the same function as {}."
            _tell_both((one, other), message, "Remove one.", findings)


def _check_upload(spec: Spec, trigger: Trigger, event: UploadEvent, findings: Findings) -> None:
    for path, text in (("on.upload", event.place.prefix), ("on.suffix", event.suffix)):
        if len(text.encode()) > _LONGEST_KEY:
            message = f"is longer than a key of S3, which has {_LONGEST_KEY} bytes."
            findings.add(f"{trigger.origin}.{path}", message, "Write a shorter one.")
        if "*" in text:  # legal in a key, and in nobody's
            message = f"{show(text)} has a *, which would be taken as it stands."
            findings.add(f"{trigger.origin}.{path}", message, _without_stars(path, text))
    if trigger.via == "notification" and trigger.section == "message_queues":
        message = "a notification of a bucket is put into no message queue here."
        findings.add(f"{trigger.origin}.via", message, "Write via: eventbridge.")
    if trigger.via == "notification" and "deliver" in trigger.places:
        message = "deliver is EventBridge's, and a notification does not pass it."
        findings.add(f"{trigger.origin}.deliver", message, "Remove it, or write via: eventbridge.")
    if trigger.section == "workflows" and not event.suffix:
        _check_loop(spec, trigger, event, findings)


def _without_stars(path: str, text: str) -> str:
    kept = text.partition("*")[0] if path == "on.upload" else text.rpartition("*")[2]
    what = "the place's beginning" if path == "on.upload" else "the key's end"
    return f"Write {what}: {kept}" if kept else "Leave it out: every key below the place is meant."


def _check_loop(spec: Spec, trigger: Trigger, event: UploadEvent, findings: Findings) -> None:
    """What a workflow copies into the place that starts it would start it again, for ever."""
    for step in all_steps(spec.workflows[trigger.starts].steps):
        target = step.target if isinstance(step, CopyStep) else None
        if isinstance(target, BucketPlace) and meet_in(target, event.place):
            message = f"uploads there start {trigger.origin} (line {trigger.where.line}), which starts this copy."
            findings.add(f"{step.origin}.to", message, "Copy to another place, or give the trigger a suffix.")


def _check_messages(trigger: Trigger, event: MessageEvent, findings: Findings) -> None:
    if trigger.section != "functions":
        what = trigger.section.removesuffix("s").replace("_", " ")
        message = f"messages start functions alone, and {show(trigger.starts)} is a {what}."
        findings.add(f"{trigger.origin}.start", message, "Write start: {function: NAME}.")
    if event.batch > _BATCH_WITHOUT_WINDOW and event.window == 0:
        message = f"more than {_BATCH_WITHOUT_WINDOW} messages at once have to be collected."
        findings.add(f"{trigger.origin}.on.batch", message, "Write window: 1s or more.")


def _overlap(one: Trigger, other: Trigger) -> bool:
    """S3 refuses two notifications for which one key could be meant ("Event notification types", filtering rules)."""
    a, b = one.on, other.on
    if not (isinstance(a, UploadEvent) and isinstance(b, UploadEvent) and one.via == other.via == "notification"):
        return False
    suffixes = a.suffix.endswith(b.suffix) or b.suffix.endswith(a.suffix)
    return meet_in(a.place, b.place) and suffixes


def _same_source(one: Trigger, other: Trigger) -> bool:
    a, b = one.on, other.on
    both = isinstance(a, MessageEvent) and isinstance(b, MessageEvent) and a.queue == b.queue
    return both and (one.section, one.starts) == (other.section, other.starts)


def meet_in(one: BucketPlace, other: BucketPlace) -> bool:
    """Whether one key may lie in both places."""
    prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    return one.bucket == other.bucket and prefixes


def _tell_both(both: tuple[Trigger, Trigger], message: str, hint: str, findings: Findings) -> None:
    for trigger, beside in (both, both[::-1]):
        text = message.format(f"{beside.origin} (line {beside.where.line})")
        findings.add(f"{trigger.origin}.on", text, hint)
