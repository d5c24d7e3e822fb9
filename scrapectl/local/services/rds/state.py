"""What one region of RDS holds, and how its instances go from state to state as time passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Refusal

if TYPE_CHECKING:
    from threading import Thread

    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Call, Params

USABLE = {"available", "storage-optimization"}


@dataclass(frozen=True)
class Step:
    """What happens to an instance at a time of the cloud's clock."""

    at: float
    act: Callable[[], None]


@dataclass
class Instance:
    """A DB instance.

    Attributes:
        document: What Describe answers, but for endpoint, tags and pending values.
        password: The master user's.
        tags: By key.
        pending: Changes that were taken but are not made yet, by their name in the document.
        window: What the next maintenance window does, and when; None when nothing waits for it.
        steps: What is still to happen, in order.
        work: How many things its real server is still busy with; steps wait for them.
        worker: What its server was last given to do.
        port: Where its real server listens; None when none does.
        storage_until: Until when the storage cannot be changed again.
    """

    document: Params
    password: str
    tags: dict[str, str]
    pending: dict[str, Any] = field(default_factory=dict)
    window: Step | None = None
    steps: list[Step] = field(default_factory=list)
    work: int = 0
    worker: Thread | None = None
    port: int | None = None
    storage_until: float = 0.0

    @property
    def name(self) -> str:
        """Its identifier."""
        return str(self.document["DBInstanceIdentifier"])

    @property
    def status(self) -> str:
        """Its state in AWS's word."""
        return str(self.document["DBInstanceStatus"])

    def becomes(self, status: str) -> None:
        """Change its state now."""
        self.document["DBInstanceStatus"] = status

    def later(self, at: float, act: Callable[[], None]) -> None:
        """Let something happen at a time, after all that was planned before."""
        self.steps.append(Step(at, act))
        self.steps.sort(key=lambda step: step.at)  # a change goes on while storage is optimized, for hours

    def settle(self, now: float) -> None:
        """Do every step whose time has come, unless its server is still busy."""
        while self.steps and not self.work and self.steps[0].at <= now:
            self.steps.pop(0).act()
        if self.window and self.window.at <= now and not self.steps:
            self.window.act()


@dataclass
class RdsState:
    """One region of RDS; everything by its name.

    Attributes:
        tags: Of subnet groups and snapshots, by ARN.
        taken: When each snapshot is whole.
    """

    instances: dict[str, Instance] = field(default_factory=dict)
    subnet_groups: dict[str, Params] = field(default_factory=dict)
    snapshots: dict[str, Params] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)

    def settle(self, now: float) -> None:
        """Let everything happen whose time has come."""
        for instance in list(self.instances.values()):
            instance.settle(now)


def state_of(call: Call) -> RdsState:
    """Return the settled state of the call's region."""
    return state_in(call.cloud, call.region)


def state_in(cloud: Cloud, region: str) -> RdsState:
    """Return a region's state, settled by the cloud's clock."""
    state = cloud.store(RdsState, region)
    state.settle(cloud.clock.now())
    return state


def invalid(message: str) -> Refusal:
    """A parameter that RDS does not take."""
    return Refusal("InvalidParameterValue", message, 400)


def contradicts(message: str) -> Refusal:
    """Parameters that do not go together, or not with what stands."""
    return Refusal("InvalidParameterCombination", message, 400)


def wrong_state(message: str) -> Refusal:
    """What RDS answers when an instance is busy, or stopped."""
    return Refusal("InvalidDBInstanceState", message, 400)


def find(call: Call, name: str | None = None) -> Instance:
    """Return an instance by its name, in whatever case; by default the one the call names.

    Raises:
        Refusal: There is none.
    """
    wanted = (name or call.params["DBInstanceIdentifier"]).lower()
    found = state_of(call).instances.get(wanted)
    if found is None:
        raise Refusal("DBInstanceNotFound", f"DBInstance {wanted} not found.", 404)
    return found
