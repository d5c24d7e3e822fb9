"""(AWS, owner) or a spec → schedules with their next starts, true to EventBridge's own rule."""

from __future__ import annotations

import datetime as dt
import difflib
import functools
import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from scrapectl.engine.ownership import ADDRESS
from scrapectl.errors import UsageError
from scrapectl.kinds import schedule_mark
from scrapectl.operate.host_schedules import host_timings
from scrapectl.operate.hosts import StandingHost
from scrapectl.operate.jobs import definition_name
from scrapectl.operate.runnable import Runnable
from scrapectl.operate.timing import Timing
from scrapectl.spec.cron import to_aws
from scrapectl.spec.names import schedule_name
from scrapectl.units import format_duration

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws
    from scrapectl.spec.model import Function, HostSchedule, Job, Schedule, Spec, Workflow

_ABSENT = ("ResourceNotFoundException",)


def spec_timings(spec: Spec) -> list[Timing]:
    """The schedules of a spec, without AWS."""
    starts: tuple[Job | Function | Workflow, ...] = (
        *spec.jobs.values(),
        *spec.functions.values(),
        *spec.workflows.values(),
    )
    found = [_of_spec(each.key, schedule) for each in starts for schedule in each.schedules.values()]
    return [*found, *(_of_host(host.key, one) for host in spec.hosts.values() for one in host.schedules.values())]


def standing_timings(aws: Aws, owner: str, things: Mapping[str, Runnable]) -> list[Timing]:
    """The schedules that stand in the instance's group, and those of its hosts, in the order of their names."""
    listed = aws.pages("scheduler", "list_schedules", "Schedules", absent=_ABSENT, GroupName=owner) or []
    ask = functools.partial(aws.call, "scheduler", "get_schedule", absent=_ABSENT, GroupName=owner)
    answers = aws.gather([functools.partial(ask, Name=entry["Name"]) for entry in listed])
    names = {(thing.kind, thing.physical): name for name, thing in things.items()}
    found = [_standing(answer, names) for answer in answers if answer is not None]
    found += host_timings(aws, [thing for thing in things.values() if isinstance(thing, StandingHost)])
    return sorted(found, key=lambda timing: timing.name)


def of_name(timings: list[Timing], name: str | None, names: Collection[str]) -> list[Timing]:
    """Those of one job, function, workflow or host, or (None) all.

    Raises:
        UsageError: There is nothing of this name.
    """
    if name is not None and name not in names:
        close = difflib.get_close_matches(name, names, 1)
        hint = f'Did you mean "{close[0]}"?' if close else f"There are: {', '.join(names)}."
        raise UsageError(f'There is no job, function, workflow or host "{name}".', hint)
    return [timing for timing in timings if name in {None, timing.job}]


def _of_spec(job: str, schedule: Schedule) -> Timing:
    kind, text = next(
        (kind, text)
        for kind, text in (
            ("cron", schedule.cron),
            ("rate", schedule.rate and format_duration(schedule.rate)),
            ("at", schedule.at),
        )
        if text
    )
    return Timing(
        name=schedule.name or schedule_name(job, schedule.key),
        job=job,
        expression=to_aws(kind, text),
        timezone=schedule.timezone,
        enabled=schedule.enabled,
        start=_moment(schedule.from_date),
        end=_moment(schedule.to_date),
    )


def _of_host(host: str, schedule: HostSchedule) -> Timing:
    expression = to_aws("cron", schedule.cron)
    return Timing(schedule.name or schedule.key, host, expression, schedule.timezone, schedule.enabled)


def _started(told: Mapping[str, Any]) -> tuple[str, str]:
    """The kind and the physical name of what a target's input names."""
    if "FunctionName" in told:
        return "function", str(told["FunctionName"]).rpartition(":function:")[2].partition(":")[0]
    if "StateMachineArn" in told:
        return "workflow", str(told["StateMachineArn"]).rpartition(":")[2]
    return "job", definition_name(str(told.get("JobDefinition", "")))


def _standing(answer: Mapping[str, Any], names: Mapping[tuple[str, str], str]) -> Timing:
    started = _started(_input(answer["Target"].get("Input")))
    enabled = answer.get("State") == "ENABLED"
    _, mark = schedule_mark.read(answer.get("Description") or "")
    kept = mark or {}
    return Timing(
        name=answer["Name"],
        job=names.get(started, answer["Name"].partition("_")[0]),
        expression=answer["ScheduleExpression"],
        timezone=answer.get("ScheduleExpressionTimezone") or "UTC",
        enabled=enabled,
        pause="" if enabled else kept.get(schedule_mark.PAUSED, ""),
        address=kept.get(ADDRESS, ""),
        start=answer.get("StartDate"),
        end=answer.get("EndDate"),
        created=answer.get("CreationDate"),
    )


def _input(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
