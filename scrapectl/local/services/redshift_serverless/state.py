"""What one region of Redshift Serverless holds, and how it goes from state to state as time passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Refusal
from scrapectl.local.timeline import Timeline

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Call

AVAILABLE, CREATING, MODIFYING, DELETING = "AVAILABLE", "CREATING", "MODIFYING", "DELETING"


@dataclass
class Namespace:
    """A namespace: what GetNamespace answers but for its roles; `roles` are ARN to state."""

    document: dict[str, Any]
    password: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    time: Timeline = field(default_factory=Timeline)

    @property
    def arn(self) -> str:
        """Its ARN, which ends in an id."""
        return str(self.document["namespaceArn"])


@dataclass
class Workgroup:
    """A workgroup: what GetWorkgroup answers."""

    document: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    time: Timeline = field(default_factory=Timeline)

    @property
    def arn(self) -> str:
        """Its ARN, which ends in an id."""
        return str(self.document["workgroupArn"])


@dataclass
class ServerlessState:
    """One region; everything by its name."""

    namespaces: dict[str, Namespace] = field(default_factory=dict)
    workgroups: dict[str, Workgroup] = field(default_factory=dict)
    snapshots: dict[str, dict[str, Any]] = field(default_factory=dict)


def state_in(cloud: Cloud, region: str) -> ServerlessState:
    """Return a region's state, settled by the cloud's clock."""
    state, now = cloud.store(ServerlessState, region), cloud.clock.now()
    for workgroup in list(state.workgroups.values()):
        workgroup.time.settle(now)
    for namespace in list(state.namespaces.values()):
        namespace.time.settle(now)
    return state


def find_namespace(call: Call, name: str) -> Namespace:
    """Return a namespace by name.

    Raises:
        Refusal: There is none.
    """
    found = state_in(call.cloud, call.region).namespaces.get(name)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"namespace {name} is not found", 404)
    return found


def find_workgroup(call: Call, name: str) -> Workgroup:
    """Return a workgroup by name.

    Raises:
        Refusal: There is none.
    """
    found = state_in(call.cloud, call.region).workgroups.get(name)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"workgroup {name} is not found", 404)
    return found


def workgroup_of(call: Call, namespace: str) -> Workgroup | None:
    """Return the workgroup that works on a namespace; None when none does."""
    known = state_in(call.cloud, call.region).workgroups.values()
    return next((each for each in known if each.document["namespaceName"] == namespace), None)


def check_idle(thing: Namespace | Workgroup | None, what: str) -> None:
    """Refuse a change while another is under way.

    Raises:
        Refusal: In AWS's words (AWS-FACTS §17).
    """
    if thing is not None and thing.document["status"] != AVAILABLE:
        text = f"There is an operation running on the existing {what}. Try again after it is done."
        raise Refusal("ConflictException", text, 400)


def invalid(text: str) -> Refusal:
    """A parameter that Redshift Serverless does not take."""
    return Refusal("ValidationException", text, 400)
