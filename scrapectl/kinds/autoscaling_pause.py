"""A scheduled action of Auto Scaling, and how a paused one is kept: taken away, and written into a tag of its group.

Auto Scaling can turn off all scheduled actions of a group, and no single one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from scrapectl.engine.resource import Aws
from scrapectl.errors import AwsError

PAUSED = "scrapectl:paused-"
STOP = "_stop"
UTC = "UTC"
# What AWS takes in every tag has no "*" and no ",".
_PARTED = "="
_WRITTEN = str.maketrans("*,", "@+")
_READ = str.maketrans("@+", "*,")


@dataclass(frozen=True)
class ScheduledAction:
    """At each time of a Unix cron, read in a zone, the group wants so many instances."""

    name: str
    recurrence: str
    timezone: str
    desired: int

    @property
    def schedule(self) -> str:
        """The name of the schedule that it is of: the start bears it, the stop adds to it."""
        return self.name if self.desired else self.name.removesuffix(STOP)

    def request(self) -> dict[str, Any]:
        """Say it as AWS takes it; UTC is what is meant without a zone."""
        zone = {} if self.timezone == UTC else {"TimeZone": self.timezone}
        asked = {"ScheduledActionName": self.name, "Recurrence": self.recurrence, "DesiredCapacity": self.desired}
        return {**asked, **zone}

    @classmethod
    def read(cls, action: Mapping[str, Any]) -> Self:
        """Read what AWS answers."""
        return cls(
            action["ScheduledActionName"],
            action.get("Recurrence", ""),
            action.get("TimeZone") or UTC,
            action.get("DesiredCapacity", -1),
        )


@dataclass(frozen=True)
class Pause:
    """A schedule that is paused: since when and by whom, and the actions that come back when it is resumed."""

    since: str
    actions: tuple[ScheduledAction, ...]


def pauses(tags: Mapping[str, str]) -> dict[str, Pause]:
    """Read the pauses of a group from its tags, by the names of the schedules."""
    found = {}
    for key, value in tags.items():
        parts = value.split(_PARTED)
        if key.startswith(PAUSED) and len(parts) == 4:  # noqa: PLR2004 - start, stop, zone, since
            name, (start, stop, zone, since) = key.removeprefix(PAUSED), parts
            start, stop = start.translate(_READ), stop.translate(_READ)
            ends = (ScheduledAction(name + STOP, stop, zone, 0),) if stop else ()
            found[name] = Pause(since, (ScheduledAction(name, start, zone, 1), *ends))
    return found


def tag_of(schedule: str) -> str:
    """Say the key of the tag that keeps a paused schedule."""
    return PAUSED + schedule


def value_of(actions: Sequence[ScheduledAction], since: str) -> str:
    """Write what the tag holds: `0 5 @ @ 2=20 5 @ @ 2=America/New_York=2026-11-21T06:00:00Z by anna`."""
    start = next(action for action in actions if action.desired)
    stop = next((action.recurrence for action in actions if not action.desired), "")
    return _PARTED.join((start.recurrence.translate(_WRITTEN), stop.translate(_WRITTEN), start.timezone, since))


def put_actions(aws: Aws, group: str, actions: Sequence[Mapping[str, Any]]) -> None:
    """Put actions; AWS answers with those that it did not take.

    Raises:
        AwsError: It took not all.
    """
    answer = aws.call(
        "autoscaling",
        "batch_put_scheduled_update_group_action",
        AutoScalingGroupName=group,
        ScheduledUpdateGroupActions=list(actions),
    )
    for failed in answer.get("FailedScheduledUpdateGroupActions", ()):
        told = f"{failed.get('ErrorCode', '')} {failed.get('ErrorMessage', '')}".strip()
        raise AwsError(f"the scheduled action {failed['ScheduledActionName']} was not taken: {told}")
