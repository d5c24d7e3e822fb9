"""A group and how many instances it wants → instances that are started, and such that are ended."""

from __future__ import annotations

import functools
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from scrapectl.local.hosts.instance import NotLaunched, hosts_of
from scrapectl.local.services.autoscaling.events import tell_launch, tell_state
from scrapectl.local.services.autoscaling.state import (
    IN_SERVICE,
    TERMINATING,
    Group,
    Instance,
    moment,
    state_in,
)

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


def reach_desired(cloud: Cloud, region: str, group: Group, cause: str) -> None:
    """Start what is missing, and end what is too much, the oldest first; one that failed to start is told."""
    going = [one for one in group.instances.values() if one.state != TERMINATING]
    for instance in going[: max(0, len(going) - group.desired)]:
        terminate(cloud, region, group, instance)
    for _ in range(0 if group.going or "Launch" in group.suspended else group.desired - len(going)):
        _launch(cloud, region, group, cause)


def terminate(cloud: Cloud, region: str, group: Group, instance: Instance) -> dict[str, Any]:
    """End an instance: it hears of it, and is gone when its process is."""
    instance.state = TERMINATING
    activity = _activity(cloud, group, f"Terminating EC2 instance: {instance.id}", "a user request")
    if not hosts_of(cloud).terminate(instance.id):
        forget(cloud, region, group, instance)
    return activity


def ended(cloud: Cloud, region: str, group: str, instance: str) -> None:
    """Note that an instance's process has ended.

    One that nobody ended stays in its group: its health is not looked after, and nothing takes its place.
    """
    state = state_in(cloud, region)
    found = state.groups.get(group)
    one = found.instances.get(instance) if found else None
    if found is None or one is None:
        return
    if one.state == TERMINATING or "HealthCheck" not in found.suspended:
        forget(cloud, region, found, one)
        reach_desired(cloud, region, found, "an instance was taken out of service")
    else:
        one.lost = True
        tell_state(cloud, region, one.id, "terminated")


def forget(cloud: Cloud, region: str, group: Group, instance: Instance) -> None:
    """Take an instance out of its group, and a group away that waited for its last one."""
    state = state_in(cloud, region)
    group.instances.pop(instance.id, None)
    state.gone[instance.id] = instance
    if not instance.lost:
        tell_state(cloud, region, instance.id, "terminated")
    if group.going and not group.instances:
        state.groups.pop(group.name, None)


def _launch(cloud: Cloud, region: str, group: Group, cause: str) -> None:
    instance = Instance(f"i-{secrets.token_hex(8)}0"[:19], f"{region}a", cloud.clock.now(), IN_SERVICE)
    try:
        over = functools.partial(ended, cloud, region, group.name, instance.id)
        hosts_of(cloud).launch(region, instance.id, group.document["LaunchTemplate"], over)
    except NotLaunched as problem:
        text = "Launching a new EC2 instance.  Status Reason: " + str(problem)
        activity = _activity(cloud, group, text, cause)
        activity |= {"StatusCode": "Failed", "StatusMessage": str(problem)}
    else:
        group.instances[instance.id] = instance
        activity = _activity(cloud, group, f"Launching a new EC2 instance: {instance.id}", cause)
        tell_state(cloud, region, instance.id, "running")
    tell_launch(cloud, region, group, activity, instance.id)


def _activity(cloud: Cloud, group: Group, description: str, cause: str) -> dict[str, Any]:
    now = moment(cloud.clock.now())
    activity = {
        "ActivityId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "Description": description,
        "Cause": f"At {now:%Y-%m-%dT%H:%M:%SZ} {cause}.",
        "StartTime": now,
        "EndTime": now,
        "StatusCode": "Successful",
        "Progress": 100,
    }
    group.activities.append(activity)
    return activity
