"""Scheduled actions of hosts → when they start something; paused and resumed through a tag of their group."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from scrapectl.kinds import autoscaling_pause
from scrapectl.kinds.autoscaling_group import AutoscalingGroup
from scrapectl.kinds.autoscaling_pause import ScheduledAction, pauses, put_actions, tag_of, value_of
from scrapectl.operate.hosts import StandingHost
from scrapectl.operate.timing import Timing
from scrapectl.spec.cron_unix import six_fields

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws, Live


def host_timings(aws: Aws, hosts: Iterable[StandingHost]) -> list[Timing]:
    """The schedules of hosts, those that are paused as well; a stop starts nothing, and is not told.

    One whose pause was cut short has its tag and still its actions: it stands.
    """
    wanted = list(hosts)
    answers = aws.gather([functools.partial(standing_actions, aws, host) for host in wanted])
    found = []
    for host, actions in zip(wanted, answers, strict=True):
        starts = [action for action in actions if action.desired]
        found += [_timing(host, action) for action in starts]
        for name, pause in pauses(host.tags or {}).items():
            if name not in {start.schedule for start in starts}:
                found += [_timing(host, action, pause.since) for action in pause.actions if action.desired]
    return found


def standing_actions(aws: Aws, host: StandingHost) -> list[ScheduledAction]:
    """The scheduled actions of a host's group."""
    listed = aws.pages(
        "autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions", AutoScalingGroupName=host.physical
    )
    return [ScheduledAction.read(action) for action in listed]


def pause(aws: Aws, live: Live, schedule: str, since: str) -> None:
    """Keep a schedule in a tag, then take its actions away: cut off between the two, it is done again."""
    group = live.resource
    actions = _of(group, schedule)
    AutoscalingGroup.retag(aws, live, {tag_of(schedule): value_of(actions, since)}, ())
    aws.call(
        "autoscaling",
        "batch_delete_scheduled_action",
        AutoScalingGroupName=live.outputs["name"],
        ScheduledActionNames=[action.name for action in actions],
    )


def resume(aws: Aws, live: Live, schedule: str) -> None:
    """Put the actions of a paused schedule back, then drop its tag."""
    held = pauses(live.tags)[schedule]
    put_actions(aws, live.outputs["name"], [action.request() for action in held.actions])
    AutoscalingGroup.retag(aws, live, {}, [autoscaling_pause.tag_of(schedule)])


def _of(group: object, schedule: str) -> Sequence[ScheduledAction]:
    actions = group.actions if isinstance(group, AutoscalingGroup) else ()
    return sorted((action for action in actions if action.schedule == schedule), key=lambda action: action.name)


def _timing(host: StandingHost, action: ScheduledAction, since: str = "") -> Timing:
    (text, *_) = six_fields(action.recurrence)
    return Timing(
        name=action.name,
        job=host.name,
        expression=f"cron({text})",
        timezone=action.timezone,
        enabled=not since,
        pause=since,
    )
