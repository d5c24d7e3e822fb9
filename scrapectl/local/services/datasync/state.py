"""What one region of DataSync holds: locations, tasks, and their executions in order."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Call

ENDED = frozenset({"SUCCESS", "ERROR"})


@dataclass
class Location:
    """A location; `type` is "s3" or "efs", `document` what Describe answers."""

    document: dict[str, Any]
    type: str
    tags: dict[str, str]

    @property
    def arn(self) -> str:
        """Its ARN."""
        return str(self.document["LocationArn"])

    @property
    def folder(self) -> str:
        """The folder or prefix in it, without slashes around it: `in/reports`."""
        return str(self.document["LocationUri"]).partition("://")[2].partition("/")[2].strip("/")

    @property
    def host(self) -> str:
        """The bucket's name, or the file system's id."""
        host = str(self.document["LocationUri"]).partition("://")[2].partition("/")[0]
        return host if self.type == "s3" else host.rpartition(".")[2]  # efs://us-east-2.fs-…/


@dataclass
class Execution:
    """One run of a task.

    Attributes:
        document: What Describe answers, but for its status.
        status: In DataSync's word.
        due: When its next phase begins, on the cloud's clock.
        begun: When each of its phases began, by its name.
        paths: What it found to copy.
    """

    document: dict[str, Any]
    tags: dict[str, str]
    status: str = "QUEUED"
    due: float = 0.0
    begun: dict[str, float] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return str(self.document["TaskExecutionArn"])


@dataclass
class Task:
    """A task.

    Attributes:
        document: What Describe answers, but for its status.
        ready_at: When it has been made, on the cloud's clock.
        interfaces: Ids of the network interfaces that it reaches its file systems by.
    """

    document: dict[str, Any]
    tags: dict[str, str]
    ready_at: float
    interfaces: list[str] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return str(self.document["TaskArn"])

    @property
    def open(self) -> list[Execution]:
        """Its executions that have not ended, the one that runs first."""
        return [one for one in self.executions if one.status not in ENDED]

    def status(self, now: float) -> str:
        """Its state in DataSync's word."""
        if now < self.ready_at:
            return "CREATING"
        if self.open:
            return "QUEUED" if self.open[0].status == "QUEUED" else "RUNNING"
        return "AVAILABLE"


@dataclass
class DatasyncState:
    """One region of DataSync; everything by its ARN."""

    locations: dict[str, Location] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)


def state_of(call: Call) -> DatasyncState:
    """Return the state of the call's region."""
    return call.cloud.store(DatasyncState, call.region)


def state_in(cloud: Cloud, region: str) -> DatasyncState:
    """Return a region's state."""
    return cloud.store(DatasyncState, region)


def find_location(call: Call, arn: str) -> Location:
    """Return a location.

    Raises:
        Refusal: There is none.
    """
    found = state_of(call).locations.get(arn)
    if found is None:
        raise invalid(f"Location {arn.rsplit('/', 1)[-1]} is not found.")
    return found


def find_task(call: Call, arn: str) -> Task:
    """Return a task.

    Raises:
        Refusal: There is none.
    """
    found = state_of(call).tasks.get(arn)
    if found is None:
        raise invalid(f"Task {arn.rsplit('/', 1)[-1]} is not found.")
    return found


def invalid(message: str) -> Refusal:
    """The one error that DataSync knows of what it does not take, also of what is not there (AWS-FACTS §15)."""
    return Refusal("InvalidRequestException", message, 400)


def new_id(kind: str) -> str:
    """An id as DataSync makes them: `loc-` and 17 hex digits."""
    return f"{kind}-{secrets.token_hex(9)[:17]}"


def shown_time(seconds: float) -> datetime:
    """A time of the cloud's clock as answers have it."""
    return datetime.fromtimestamp(seconds, UTC)
