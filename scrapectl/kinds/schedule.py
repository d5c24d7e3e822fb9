"""Turns a time and what shall happen then into a schedule of EventBridge Scheduler, in the pipeline's group."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, cast

from scrapectl.engine.marks import Identity, Local
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Aws, FieldChange, Key, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds import schedule_mark
from scrapectl.kinds.schedule_group import ABSENT

ON, OFF = "ENABLED", "DISABLED"
_PAST_START = ("ValidationException:The StartDate you specify cannot be earlier",)


def schedule_arn(partition: str, region: str, account: str, group: str, name: str) -> str:
    """Say the ARN that a schedule of this name has."""
    return f"arn:{partition}:scheduler:{region}:{account}:schedule/{group}/{name}"


@dataclass(frozen=True, kw_only=True)
class Schedule(Resource):
    """A schedule. It carries no tags: what they would say stands at the end of its Description (`schedule_mark`).

    Attributes:
        group: The schedule group, which is the owner.
        expression: cron(…), rate(…) or at(…).
        timezone: IANA name.
        flex_minutes: It starts within so many minutes; None: at the minute.
        state: ENABLED or DISABLED.
        start: UTC, "2026-12-01T00:00:00Z"; a datetime is taken too.
        end: As `start`.
        target_arn: A universal target, `arn:aws:scheduler:::aws-sdk:batch:submitJob`.
        role_arn: What Scheduler assumes.
        input: The request of the target, as plain JSON values with AWS's member names; compared by meaning.
        retries: How often handing over is tried again, 0 to 185.
        within_seconds: For how long, 60 to 86400.
        dead_letter: ARN of the queue that takes what could not be handed over.
        description: The user's words.
        paused: Since when and by whom it is paused (`given` says so, never a spec); "" when it is not.
    """

    group: Identity[str]
    name: Identity[str]
    expression: str
    timezone: str = "UTC"
    flex_minutes: int | None = None
    state: str = ON
    start: Any = None
    end: Any = None
    target_arn: str
    role_arn: Any
    input: Any = None
    retries: int = 185
    within_seconds: int = 86400
    dead_letter: Any = None
    description: str = ""
    paused: Local[str] = ""

    kind: ClassVar[str] = "schedule"
    tags_in_update: ClassVar[bool] = True
    acts: ClassVar[bool] = True
    gone_at_once: ClassVar[bool] = True
    owned_lists_all: ClassVar[bool] = True
    needs: ClassVar[Needs] = Needs(
        read=("scheduler:GetSchedule",),
        create=("iam:PassRole", "scheduler:CreateSchedule"),
        update=("iam:PassRole", "scheduler:UpdateSchedule"),
        delete=("scheduler:DeleteSchedule",),
        owned=("scheduler:ListSchedules",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {"scheduler:schedule": ("scheduler:{region}:{account}:schedule/{owner}/*",)},
        passed_to="scheduler.amazonaws.com",
    )

    def __post_init__(self) -> None:
        """Take the one spelling of times, JSON and words."""
        object.__setattr__(self, "flex_minutes", self.flex_minutes or None)
        object.__setattr__(self, "start", _utc(self.start))
        object.__setattr__(self, "end", _utc(self.end))
        object.__setattr__(self, "input", _json_values(self.input))
        object.__setattr__(self, "description", self.description.strip()[: schedule_mark.WORDS_LIMIT].rstrip())

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read one; AWS reads no more than one at a time."""
        group, name = key
        answer = aws.call("scheduler", "get_schedule", absent=ABSENT, GroupName=group, Name=name)
        return None if answer is None else cls._live(answer)

    @classmethod
    def _live(cls, answer: Mapping[str, Any]) -> Live:
        words, tags = schedule_mark.read(answer.get("Description") or "")
        target = answer["Target"]
        retry = target.get("RetryPolicy") or {}
        resource = cls(
            group=answer["GroupName"],
            name=answer["Name"],
            expression=answer["ScheduleExpression"],
            timezone=answer.get("ScheduleExpressionTimezone") or "UTC",
            flex_minutes=answer["FlexibleTimeWindow"].get("MaximumWindowInMinutes"),
            state=answer["State"],
            start=answer.get("StartDate") or (tags or {}).get(schedule_mark.START),
            end=answer.get("EndDate"),
            target_arn=target["Arn"],
            role_arn=target["RoleArn"],
            input=_parsed(target.get("Input")),
            retries=retry.get("MaximumRetryAttempts", 185),
            within_seconds=retry.get("MaximumEventAgeInSeconds", 86400),
            dead_letter=(target.get("DeadLetterConfig") or {}).get("Arn"),
            description=words,
        )
        return _standing(resource, answer["Arn"], tags)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; AWS takes all of it or nothing, so the answer counts."""
        answer = self._send(aws, "create_schedule", tags)
        _, kept = schedule_mark.read(schedule_mark.write(self.description, tags))
        return _standing(self, answer["ScheduleArn"], kept)

    def update(self, aws: Aws, update: Update) -> None:
        """Send all of it: what an update leaves out goes back to AWS's default. A pause stays while it holds."""
        paused = {schedule_mark.PAUSED: self.paused} if self.paused else {}
        self._send(aws, "update_schedule", {**update.tags, **paused})

    def given(self, live: Live) -> Self:
        """Leave a paused one off, until the spec itself turns it off: then the pause has ended.

        A pause is only put on what the spec has on. One that was turned on in AWS by hand is paused no longer.
        """
        off = cast("Schedule", live.resource).state == OFF
        paused = live.tags.get(schedule_mark.PAUSED, "")
        return replace(self, state=OFF, paused=paused) if paused and off and self.state != OFF else self

    def told(self, live: Live, changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
        """Say that it is paused."""
        del live, changes
        return (
            (f"paused {self.paused}; it starts nothing until it is resumed (schedule resume)",) if self.paused else ()
        )

    def differ(self, live: Live) -> tuple[FieldChange, ...]:
        """A pause that has ended leaves the mark, or it would begin again with the spec's next edit."""
        ended = live.tags.get(schedule_mark.PAUSED) if not self.paused else None
        return (FieldChange("paused", ended, None),) if ended else ()

    @classmethod
    def pause(cls, aws: Aws, live: Live, since: str) -> None:
        """Turn it off, with a mark that the next apply heeds: when and by whom. "" ends the pause and turns it on."""
        turned = replace(cast("Schedule", live.resource), state=OFF if since else ON)
        kept = {key: value for key, value in live.tags.items() if key != schedule_mark.PAUSED}
        turned._send(aws, "update_schedule", {**kept, schedule_mark.PAUSED: since})  # noqa: SLF001 - its own

    @classmethod
    def retag(cls, aws: Aws, live: Live, put: Mapping[str, str], drop: Sequence[str]) -> None:
        """Send the same schedule with another mark."""
        kept = {key: value for key, value in live.tags.items() if key not in drop}
        cast("Schedule", live.resource)._send(aws, "update_schedule", {**kept, **put})  # noqa: SLF001 - its own

    def _send(self, aws: Aws, operation: str, tags: Mapping[str, str]) -> Any:
        """Send the whole; a start that has passed is refused by AWS, and kept in the mark instead."""
        times = {"StartDate": _moment(self.start), "EndDate": _moment(self.end)}
        given: dict[str, Any] = {member: time for member, time in times.items() if time is not None}
        answer = aws.call("scheduler", operation, absent=_PAST_START, **self._members(tags), **given)
        if answer is not None:
            return answer
        del given["StartDate"]
        marked = {**tags, schedule_mark.START: self.start}
        return aws.call("scheduler", operation, **self._members(marked), **given)

    def _members(self, tags: Mapping[str, str]) -> dict[str, Any]:
        flex = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": self.flex_minutes}
        return {
            "GroupName": self.group,
            "Name": self.name,
            "Description": schedule_mark.write(self.description, tags),
            "ScheduleExpression": self.expression,
            "ScheduleExpressionTimezone": self.timezone,
            "FlexibleTimeWindow": flex if self.flex_minutes else {"Mode": "OFF"},
            "State": self.state,
            "Target": self._target(),
        }

    def _target(self) -> dict[str, Any]:
        retry = {"MaximumRetryAttempts": self.retries, "MaximumEventAgeInSeconds": self.within_seconds}
        target: dict[str, Any] = {"Arn": self.target_arn, "RoleArn": self.role_arn, "RetryPolicy": retry}
        if self.input is not None:
            target["Input"] = json.dumps(self.input, separators=(",", ":"), ensure_ascii=False)
        if self.dead_letter:
            target["DeadLetterConfig"] = {"Arn": self.dead_letter}
        return target

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; it is gone at once."""
        del removal
        group, name = live.resource.key()
        aws.call("scheduler", "delete_schedule", absent=ABSENT, GroupName=group, Name=name)

    @classmethod
    def stands_in(cls, live: Live) -> tuple[str, ...]:
        """Name its group: a group that goes first would end it in its own time, firing meanwhile."""
        in_group, _, _ = live.outputs["arn"].rpartition("/")
        return (in_group.replace(":schedule/", ":schedule-group/"),)

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List the group that has the owner's name; an absent group holds none."""
        entries = aws.pages("scheduler", "list_schedules", "Schedules", absent=ABSENT, GroupName=owner)
        return [(owner, entry["Name"]) for entry in entries or ()]


def _standing(schedule: Schedule, arn: str, tags: Mapping[str, str] | None) -> Live:
    """Build what is live: one that carries our mark is its group's, and the group is the owner."""
    marked = {} if tags is None else {PIPELINE: schedule.group, **tags}
    marked.pop(schedule_mark.START, None)
    return Live(schedule, {"arn": arn, "name": schedule.name}, marked)


def _parsed(text: str | None) -> Any:
    """Read JSON; another hand's input that is none stays text."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def _json_values(value: Any) -> Any:
    """Make lists of tuples and plain maps of mappings, as JSON reads them back; references stay."""
    if isinstance(value, Mapping):
        return {key: _json_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_values(item) for item in value]
    return value


def _utc(time: dt.datetime | str | None) -> str | None:
    """Spell a time as AWS keeps it: UTC, whole seconds."""
    moment = _moment(time)
    return None if moment is None else moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(time: dt.datetime | str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(time) if isinstance(time, str) else time
