"""Starts every schedule whose time has come, tries again what failed, and buries what never worked as a dead letter."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapectl.local.registry import Params, Refusal
from scrapectl.local.services import iam
from scrapectl.local.services.scheduler.state import Attempt, Schedule, SchedulerState, moment, state_in
from scrapectl.local.services.scheduler.target import Target, deliver
from scrapectl.spec.cron import next_times

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

NEVER = float("inf")
_MOST_WAIT = 300.0  # seconds between two tries
_TOO_LATE = 120.0  # seconds; a laptop that wakes up does not start all that was due while it slept


def fire_due(cloud: Cloud) -> None:
    """Start, in the order of their times, every schedule of every region that is due by the cloud's clock."""
    for region in list(cloud.stores(SchedulerState)):
        with cloud.lock:
            due = _take_due(cloud, region)
        for attempt in due:
            _try(cloud, region, attempt)


def _take_due(cloud: Cloud, region: str) -> list[Attempt]:
    """Return what is to be started now, and count it as started."""
    now, state = cloud.clock.now(), state_in(cloud, region)
    due = [attempt for attempt in state.waiting if attempt.due_at <= now]
    state.waiting = [attempt for attempt in state.waiting if attempt.due_at > now]
    for key, schedule in list(state.schedules.items()):
        while (at := _next(schedule)) <= now:
            missed = cloud.clock.jumps and now - at > _TOO_LATE
            if schedule.document["State"] == "ENABLED" and not missed:
                due.append(Attempt(schedule.document, at, str(uuid.uuid4()), due_at=at))
            schedule.fired_until, schedule.next_at = at, None
        if _next(schedule) == NEVER and schedule.document["ActionAfterCompletion"] == "DELETE":
            del state.schedules[key]
    return sorted(due, key=lambda attempt: attempt.due_at)


def _next(schedule: Schedule) -> float:
    if schedule.next_at is None:
        document = schedule.document
        times = next_times(
            document["ScheduleExpression"],
            document["ScheduleExpressionTimezone"],
            moment(schedule.fired_until),
            1,
            start=_aware(document.get("StartDate")),
            end=_aware(document.get("EndDate")),
            anchor=document["CreationDate"],
        )
        schedule.next_at = times[0].timestamp() if times else NEVER
    return schedule.next_at


def _aware(time: datetime | None) -> datetime | None:
    """Parsed requests carry times without zone, which are UTC."""
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time


def _try(cloud: Cloud, region: str, attempt: Attempt) -> None:
    attempt.tries += 1
    target = attempt.document["Target"]
    group = f"arn:aws:scheduler:{region}:{cloud.account}:schedule-group/{attempt.document['GroupName']}"
    try:
        deliver(cloud, region, Target(target["Arn"], target["RoleArn"], group, _input(attempt)))
    except Refusal as refusal:
        exhausted = _exhausted(cloud, attempt)
        if _may_pass(refusal) and exhausted is None:
            attempt.due_at = cloud.clock.now() + min(2.0**attempt.tries, _MOST_WAIT)
            with cloud.lock:
                state_in(cloud, region).waiting.append(attempt)
        else:
            _bury(cloud, region, attempt, _about(attempt, refusal, exhausted if _may_pass(refusal) else None))


def _input(attempt: Attempt) -> str:
    """The target's input with the Scheduler's own words filled in."""
    text: str = attempt.document["Target"].get("Input") or "{}"
    words = {
        "scheduled-time": moment(attempt.scheduled_at).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": attempt.execution,
        "attempt-number": str(attempt.tries),
        "schedule-arn": attempt.document["Arn"],
    }
    for word, value in words.items():
        text = text.replace(f"<aws.scheduler.{word}>", value)
    return text


def _may_pass(refusal: Refusal) -> bool:
    """Whether another try may succeed."""
    slow = "Throttl" in refusal.code or "TooManyRequests" in refusal.code
    return slow or (refusal.status or 400) >= 500  # noqa: PLR2004 - HTTP


def _exhausted(cloud: Cloud, attempt: Attempt) -> str | None:
    """Which limit of the retry policy is reached, as dead letters name it."""
    policy = attempt.document["Target"]["RetryPolicy"]
    if attempt.tries > policy["MaximumRetryAttempts"]:
        return "MaximumRetryAttempts"
    if cloud.clock.now() - attempt.scheduled_at >= policy["MaximumEventAgeInSeconds"]:
        return "MaximumEventAgeInSeconds"
    return None


def _about(attempt: Attempt, refusal: Refusal, exhausted: str | None) -> dict[str, str]:
    """The message attributes of a dead letter (Scheduler User Guide, "Configuring a dead-letter queue")."""
    about = {
        "ERROR_CODE": refusal.code,
        "ERROR_MESSAGE": refusal.message,
        "EXECUTION_ID": attempt.execution,
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": str(attempt.tries - 1),
        "SCHEDULED_TIME": moment(attempt.scheduled_at).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "SCHEDULE_ARN": attempt.document["Arn"],
        "TARGET_ARN": attempt.document["Target"]["Arn"],
    }
    return about | ({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {})


def _bury(cloud: Cloud, region: str, attempt: Attempt, about: dict[str, str]) -> None:
    """Send the input to the dead-letter queue with what went wrong; without a queue, or the right, it is lost."""
    target = attempt.document["Target"]
    arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if arn is None or not iam.role_may(cloud, target["RoleArn"], "sqs:SendMessage", arn):
        return
    try:
        url = cloud.call("sqs", "GetQueueUrl", {"QueueName": arn.rsplit(":", 1)[-1]}, region)["QueueUrl"]
        cloud.call("sqs", "SendMessage", _message(url, _input(attempt), about), region)
    except Refusal:
        return  # AWS drops it as well when the queue is gone


def _message(url: str, body: str, about: dict[str, str]) -> Params:
    attributes = {key: {"DataType": "String", "StringValue": value or "-"} for key, value in about.items()}
    return {"QueueUrl": url, "MessageBody": body, "MessageAttributes": attributes}
