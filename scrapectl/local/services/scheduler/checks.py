"""What CreateSchedule and UpdateSchedule refuse, in AWS's words where they are known (AWS-FACTS sections 1 and 8.2)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from scrapectl.local.registry import Call, Params
from scrapectl.local.services import iam
from scrapectl.local.services.scheduler.state import invalid
from scrapectl.spec.cron import CronProblem, check_timezone, next_times

NOT_ASSUMABLE = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
UNIVERSAL = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:([a-z0-9-]+):([a-zA-Z0-9]+)\Z")
_READING = ("get", "list", "describe")
_LATE_START = 300.0


def check_schedule(call: Call, group: str) -> None:
    """Refuse a schedule that AWS refuses, its role included.

    Raises:
        Refusal: `ValidationException` with AWS's message.
    """
    params = call.params
    _check_times(params, call.cloud.clock.now())
    _check_window(params["FlexibleTimeWindow"])
    target = params["Target"]
    _check_target(call, target)
    context = {"aws:SourceArn": call.arn(f"schedule-group/{group}")}
    if not iam.can_be_assumed(call.cloud, target["RoleArn"], "scheduler.amazonaws.com", context):
        raise invalid(NOT_ASSUMABLE)


def _check_times(params: Params, now: float) -> None:
    zone = params.get("ScheduleExpressionTimezone") or "UTC"
    if check_timezone(zone) is not None:
        raise invalid(f"Invalid ScheduleExpressionTimezone {zone}.")
    expression = params["ScheduleExpression"]
    try:
        next_times(expression, zone, datetime.now(UTC), 0)
        if expression.startswith("at("):
            next_times(expression, zone, datetime(1970, 1, 1, tzinfo=UTC), 1)
    except CronProblem as problem:
        raise invalid(f"Invalid Schedule Expression {expression}.") from problem
    start, end = params.get("StartDate"), params.get("EndDate")
    if start and end and start >= end:
        raise invalid("The StartDate you specify must come before the EndDate.")
    if start and not expression.startswith("at(") and _seconds(start) < now - _LATE_START:
        raise invalid("The StartDate you specify cannot be earlier than 5 minutes ago.")


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _check_window(window: dict[str, Any]) -> None:
    minutes = window.get("MaximumWindowInMinutes")
    if window["Mode"] == "OFF" and minutes is not None:
        raise invalid("MaximumWindowInMinutes must not be set when the flexible time window is OFF.")
    if window["Mode"] == "FLEXIBLE" and minutes is None:
        raise invalid("MaximumWindowInMinutes must be set when the flexible time window is FLEXIBLE.")


def _check_target(call: Call, target: dict[str, Any]) -> None:
    arn = target["Arn"]
    universal = UNIVERSAL.match(arn)
    if universal:
        _check_universal(universal[2], target.get("Input"))
    elif arn.split(":")[2:3] == ["scheduler"] or len(arn.split(":")) < 6:  # noqa: PLR2004 - the parts of an ARN
        raise invalid("Provided Arn is not in correct format.")
    elif arn.split(":")[3] != call.region:
        raise invalid("The target must be in the same Region as the schedule.")
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead_letters is None:
        return
    parts = dead_letters.split(":")
    if parts[2:3] != ["sqs"] or dead_letters.endswith(".fifo"):
        raise invalid("The dead-letter queue must be a standard Amazon SQS queue.")
    if parts[3] != call.region:
        raise invalid("The dead-letter queue must be in the same Region as the schedule.")


def _check_universal(api: str, text: str | None) -> None:
    if not text:
        raise invalid("Input must be provided for a universal target.")
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise invalid("The Input for the target is not valid JSON.") from error
    if not isinstance(fields, dict):
        raise invalid("The Input for the target is not a JSON object.")
    if not api[0].islower() or api.startswith(_READING):
        raise invalid(f"{api} is not supported as a universal target.")
