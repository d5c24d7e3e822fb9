"""What one region of AppStream holds, and how fleets go from state to state as time passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from scrapectl.local.registry import Refusal
from scrapectl.local.services.ec2_interfaces import release

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Call

STARTING, RUNNING, STOPPING, STOPPED = "STARTING", "RUNNING", "STOPPING", "STOPPED"
_AFTER = {STARTING: RUNNING, STOPPING: STOPPED}


@dataclass
class Fleet:
    """A fleet.

    Attributes:
        document: What DescribeFleets answers, but for state and capacity.
        desired: How many instances it shall have while it runs.
        state: STOPPED when it is made.
        until: When a state that passes is over, on the cloud's clock.
        tags: By key.
    """

    document: dict[str, Any]
    desired: int
    state: str = STOPPED
    until: float = 0.0
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return str(self.document["Arn"])

    def begins(self, state: str, until: float) -> None:
        """Enter a state that passes."""
        self.state, self.until = state, until


@dataclass
class Stack:
    """A stack; `fleet` is the name of the one it streams from."""

    document: dict[str, Any]
    fleet: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return str(self.document["Arn"])


Thing = TypeVar("Thing", Fleet, Stack)


@dataclass
class AppstreamState:
    """One region's fleets and stacks, by name."""

    fleets: dict[str, Fleet] = field(default_factory=dict)
    stacks: dict[str, Stack] = field(default_factory=dict)


def state_in(cloud: Cloud, region: str) -> AppstreamState:
    """Return a region's state, settled by the cloud's clock."""
    state, now = cloud.store(AppstreamState, region), cloud.clock.now()
    for fleet in state.fleets.values():
        if fleet.state in _AFTER and fleet.until <= now:
            fleet.state = _AFTER[fleet.state]
            if fleet.state == STOPPED:
                release(cloud, region, fleet.arn)
    return state


def find_fleet(call: Call, name: str) -> Fleet:
    """Return a fleet by name.

    Raises:
        Refusal: There is none.
    """
    return _present(state_in(call.cloud, call.region).fleets.get(name), "Fleet", name)


def find_stack(call: Call, name: str) -> Stack:
    """Return a stack by name.

    Raises:
        Refusal: There is none.
    """
    return _present(state_in(call.cloud, call.region).stacks.get(name), "Stack", name)


def _present(thing: Thing | None, kind: str, name: str) -> Thing:
    if thing is None:
        raise Refusal("ResourceNotFoundException", f"{kind} {name} not found.", 400)
    return thing


def new_document(call: Call, kind: str, names: tuple[str, ...]) -> dict[str, Any]:
    """Write down what was asked for under these names, with an ARN and a time.

    Raises:
        Refusal: The name is taken.
    """
    params, state = call.params, state_in(call.cloud, call.region)
    taken: Any = state.fleets if kind == "fleet" else state.stacks
    if params["Name"] in taken:
        text = f"The {kind} {params['Name']} already exists."
        raise Refusal("ResourceAlreadyExistsException", text, 400)
    made = {name: params[name] for name in ("Name", *names) if name in params}
    arn = call.arn(f"{kind}/{params['Name']}")
    return {**made, "Arn": arn, "CreatedTime": datetime.fromtimestamp(call.cloud.clock.now(), UTC)}
