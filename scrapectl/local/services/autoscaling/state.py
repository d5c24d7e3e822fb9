"""What one region of Auto Scaling holds: groups with their instances, scheduled actions and tags."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Call

PENDING, IN_SERVICE, TERMINATING = "Pending", "InService", "Terminating"


@dataclass
class Instance:
    """An instance of a group.

    Attributes:
        id: Its id.
        zone: Its Availability Zone.
        state: As a group's instances have it; `lost`: it ended by itself, which a group that looks after none of its
            instances' health does not see.
    """

    id: str
    zone: str
    started: float
    state: str = PENDING
    lost: bool = False


@dataclass
class Action:
    """A scheduled action, and the moment up to which it was carried out."""

    document: dict[str, Any]
    done_until: float


@dataclass
class Group:
    """A group.

    Attributes:
        document: What DescribeAutoScalingGroups answers, but for what follows.
        suspended: Names of processes.
        going: It is being deleted.
        tags: Key → value and whether instances get it.
    """

    document: dict[str, Any]
    desired: int
    instances: dict[str, Instance] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)
    activities: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, tuple[str, bool]] = field(default_factory=dict)
    going: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.document["AutoScalingGroupName"])


@dataclass
class AutoscalingState:
    """One region's groups, by name; `gone` keeps the instances that ended, for whoever asks EC2 of them."""

    groups: dict[str, Group] = field(default_factory=dict)
    gone: dict[str, Instance] = field(default_factory=dict)


def state_in(cloud: Cloud, region: str) -> AutoscalingState:
    """Return a region's groups."""
    return cloud.store(AutoscalingState, region)


def find(call: Call, name: str | None = None) -> Group:
    """Return a group by name, by default the one that the call names.

    Raises:
        Refusal: There is none, or it is being deleted.
    """
    wanted = name or call.params["AutoScalingGroupName"]
    found = state_in(call.cloud, call.region).groups.get(wanted)
    if found is None:
        raise invalid(f"AutoScalingGroup name not found - no such group: {wanted}")
    if found.going:
        raise Refusal("ScalingActivityInProgress", f"AutoScalingGroup {wanted} is pending delete.", 400)
    return found


def invalid(message: str) -> Refusal:
    """Auto Scaling's answer to what it does not take."""
    return Refusal("ValidationError", message, 400)


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
