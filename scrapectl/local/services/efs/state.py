"""What one region of EFS holds, and how its things go from state to state as time passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Call, Params

AVAILABLE, DELETING = "available", "deleting"


@dataclass
class Thing:
    """A file system, a mount target or an access point.

    Attributes:
        document: What Describe answers, but for state, tags and sizes.
        state: Its life cycle's, in AWS's word.
        until: When it leaves that state, on the cloud's clock; None when it stays.
    """

    document: dict[str, Any]
    state: str = "creating"
    until: float | None = None

    def begins(self, state: str, until: float) -> None:
        """Enter a state that passes."""
        self.state, self.until = state, until

    def settle(self, now: float) -> bool:
        """Leave a state that has passed; whether the thing still is."""
        if self.until is not None and self.until <= now:
            if self.state == DELETING:
                return False
            self.state, self.until = AVAILABLE, None
        return True


@dataclass
class FileSystem(Thing):
    """A file system.

    Attributes:
        tags: By key.
        lifecycle: LifecyclePolicies as they were put.
        backup: Whether AWS Backup keeps copies.
        policy: The text of its policy; None without.
        slowed_at: When its throughput was last lowered, or its mode changed.
    """

    tags: dict[str, str] = field(default_factory=dict)
    lifecycle: list[dict[str, str]] = field(default_factory=list)
    backup: bool = False
    policy: str | None = None
    slowed_at: float | None = None

    @property
    def id(self) -> str:
        """`fs-…`."""
        return str(self.document["FileSystemId"])


@dataclass
class MountTarget(Thing):
    """A mount target; `groups` are the ids of its security groups."""

    groups: list[str] = field(default_factory=list)


@dataclass
class AccessPoint(Thing):
    """An access point."""

    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class EfsState:
    """One region of EFS; everything by its id."""

    file_systems: dict[str, FileSystem] = field(default_factory=dict)
    mount_targets: dict[str, MountTarget] = field(default_factory=dict)
    access_points: dict[str, AccessPoint] = field(default_factory=dict)

    def mount_targets_of(self, file_system: str) -> list[MountTarget]:
        """The mount targets of a file system, in the order they were made."""
        return [one for one in self.mount_targets.values() if one.document["FileSystemId"] == file_system]

    def access_points_of(self, file_system: str) -> list[AccessPoint]:
        """The access points of a file system."""
        return [one for one in self.access_points.values() if one.document["FileSystemId"] == file_system]


def state_of(call: Call) -> EfsState:
    """Return the settled state of the call's region."""
    return state_in(call.cloud, call.region)


def state_in(cloud: Cloud, region: str) -> EfsState:
    """Return a region's state, settled by the cloud's clock; interfaces of mount targets that went go with them."""
    state, now = cloud.store(EfsState, region), cloud.clock.now()
    for things in (state.file_systems, state.access_points):
        for name, thing in list(things.items()):
            if not thing.settle(now):
                del things[name]
    for name, target in list(state.mount_targets.items()):
        if not target.settle(now):
            del state.mount_targets[name]
            cloud.call(
                "ec2", "DeleteNetworkInterface", {"NetworkInterfaceId": target.document["NetworkInterfaceId"]}, region
            )
    return state


def find_file_system(call: Call, named: str) -> FileSystem:
    """Return a file system by id or ARN.

    Raises:
        Refusal: There is none.
    """
    name = named.rsplit("/", 1)[-1]
    found = state_of(call).file_systems.get(name)
    if found is None:
        raise Refusal("FileSystemNotFound", f"File system '{name}' does not exist.", 404)
    return found


def must_be_available(thing: FileSystem) -> None:
    """Refuse what EFS does with a file system that is at rest alone.

    Raises:
        Refusal: It is not.
    """
    if thing.state != AVAILABLE:
        text = f"File system '{thing.id}' is in life cycle state '{thing.state}'; it must be '{AVAILABLE}'."
        raise Refusal("IncorrectFileSystemLifeCycleState", text, 409)


def bad_request(message: str) -> Refusal:
    """What EFS does not take."""
    return Refusal("BadRequest", message, 400)


def shown_time(seconds: float) -> datetime:
    """A time of the cloud's clock as answers have it."""
    return datetime.fromtimestamp(seconds, UTC)


def shown(thing: Thing, **more: Any) -> Params:
    """What Describe answers of a thing."""
    return {**thing.document, "LifeCycleState": thing.state, **more}
