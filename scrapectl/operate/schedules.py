"""(AWS, owner) or a spec → schedules with their next starts, true to EventBridge's own rule."""

from __future__ import annotations

import datetime as dt
import difflib
import functools
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.engine.ownership import ADDRESS
from scrapectl.errors import UsageError
from scrapectl.kinds import schedule_mark
from scrapectl.operate.jobs import definition_name
from scrapectl.operate.runnable import Runnable
from scrapectl.spec.cron import next_times, to_aws
from scrapectl.spec.names import schedule_name
from scrapectl.units import format_duration

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws
    from scrapectl.spec.model import Function, Job, Schedule, Spec, Workflow

_ABSENT = ("ResourceNotFoundException",)


@dataclass(frozen=True)
class Timing:
    """A schedule: `expression` in AWS's own words, `created` is where a rate without a start counts from.

    `job` is the job, function or workflow that it starts.
    `pause` says since when and by whom it is paused; "" when it is not. `address` is the mark's.
    """

    name: str
    job: str
    expression: str
    timezone: str
    enabled: bool
    pause: str = ""
    address: str = ""
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    created: dt.datetime | None = None

    @property
    def paused(self) -> bool:
        """Whether somebody paused it; the spec has it on."""
        return bool(self.pause)

    def next(self, after: dt.datetime, count: int) -> list[dt.datetime]:
        """Its next starts; none while it is off."""
        if not self.enabled:
            return []
        return next_times(
            self.expression, self.timezone, after, count, start=self.start, end=self.end, anchor=self.created
        )


def spec_timings(spec: Spec) -> list[Timing]:
    """The schedules of a spec, without AWS."""
    starts: tuple[Job | Function | Workflow, ...] = (
        *spec.jobs.values(),
        *spec.functions.values(),
        *spec.workflows.values(),
    )
    return [_of_spec(each.key, schedule) for each in starts for schedule in each.schedules.values()]


def standing_timings(aws: Aws, owner: str, things: Mapping[str, Runnable]) -> list[Timing]:
    """The schedules that stand in the instance's group, in the order of their names."""
    listed = aws.pages("scheduler", "list_schedules", "Schedules", absent=_ABSENT, GroupName=owner) or []
    ask = functools.partial(aws.call, "scheduler", "get_schedule", absent=_ABSENT, GroupName=owner)
    answers = aws.gather([functools.partial(ask, Name=entry["Name"]) for entry in listed])
    names = {(thing.kind, thing.physical): name for name, thing in things.items()}
    found = [_standing(answer, names) for answer in answers if answer is not None]
    return sorted(found, key=lambda timing: timing.name)


def of_name(timings: list[Timing], name: str | None, names: Collection[str]) -> list[Timing]:
    """Those of one job, function or workflow, or (None) all.

    Raises:
        UsageError: There is nothing of this name.
    """
    if name is not None and name not in names:
        close = difflib.get_close_matches(name, names, 1)
        hint = f'Did you mean "{close[0]}"?' if close else f"There are: {', '.join(names)}."
        raise UsageError(f'There is no job, function or workflow "{name}".', hint)
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
