"""What one region of the Scheduler holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapectl.local.registry import Call, Params, Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

DEFAULT_GROUP = "default"


@dataclass
class Group:
    """A schedule group; `gone_at` is when its deletion ends, None while it is wanted."""

    document: Params
    tags: dict[str, str]
    token: str | None = None
    gone_at: float | None = None


@dataclass
class Schedule:
    """A schedule as GetSchedule answers it.

    Attributes:
        document: What GetSchedule answers.
        fired_until: Every start up to this moment was given to the target, or left out because it was disabled.
        next_at: The next start after that, once it was computed; infinity when there is none.
    """

    document: Params
    fired_until: float
    token: str | None = None
    next_at: float | None = None


@dataclass
class Attempt:
    """A start that the target has not taken yet."""

    document: Params
    scheduled_at: float
    execution: str
    tries: int = 0
    due_at: float = 0.0


@dataclass
class SchedulerState:
    """One region's groups, schedules by group and name, and starts that wait for another try."""

    groups: dict[str, Group] = field(default_factory=dict)
    schedules: dict[tuple[str, str], Schedule] = field(default_factory=dict)
    waiting: list[Attempt] = field(default_factory=list)

    def settle(self, now: float) -> None:
        """Take groups away whose deletion has ended, with their schedules."""
        for name, group in list(self.groups.items()):
            if group.gone_at is not None and group.gone_at <= now:
                del self.groups[name]
                for key in [key for key in self.schedules if key[0] == name]:
                    del self.schedules[key]


def state_in(cloud: Cloud, region: str) -> SchedulerState:
    """Return a region's state, settled by the cloud's clock; it always has the group `default`."""
    state = cloud.store(SchedulerState, region)
    now = cloud.clock.now()
    state.settle(now)
    if DEFAULT_GROUP not in state.groups:
        arn = f"arn:aws:scheduler:{region}:{cloud.account}:schedule-group/{DEFAULT_GROUP}"
        state.groups[DEFAULT_GROUP] = Group(new_group(DEFAULT_GROUP, arn, now), {})
    return state


def state_of(call: Call) -> SchedulerState:
    """Return the settled state of the call's region."""
    return state_in(call.cloud, call.region)


def new_group(name: str, arn: str, now: float) -> Params:
    """A group as GetScheduleGroup answers it."""
    return {
        "Name": name,
        "Arn": arn,
        "State": "ACTIVE",
        "CreationDate": moment(now),
        "LastModificationDate": moment(now),
    }


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def invalid(message: str) -> Refusal:
    """Scheduler's answer to a parameter it does not take."""
    return Refusal("ValidationException", message, 400)


def missing(message: str) -> Refusal:
    """Scheduler's answer to a name it does not know."""
    return Refusal("ResourceNotFoundException", message, 404)


def conflict(message: str) -> Refusal:
    """Scheduler's answer to a name that is taken or on its way out."""
    return Refusal("ConflictException", message, 409)
