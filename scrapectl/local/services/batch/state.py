"""What one region of Batch holds, and how its resources settle as time passes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Call, Params

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}\Z")
TRANSITIONAL = {"CREATING", "UPDATING", "DELETING"}


@dataclass
class Resource:
    """An environment or a queue, as Describe answers it, and where it is going.

    Attributes:
        document: What Describe answers.
        settles_at: When the transition ends, on the cloud's clock.
        becomes: The status after it; DELETED takes the resource away.
        reason: The status's reason after it.
        held: ARNs that AWS still counts as attached until the transition ends.
    """

    document: Params
    settles_at: float = 0.0
    becomes: str = "VALID"
    reason: str = ""
    held: set[str] = field(default_factory=set)

    @property
    def moving(self) -> bool:
        """Whether AWS is still at work on it."""
        return self.document["status"] in TRANSITIONAL

    def move(self, status: str, becomes: str, reason: str, until: float) -> None:
        """Start a transition."""
        self.document |= {"status": status, "statusReason": ""}
        self.becomes, self.reason, self.settles_at = becomes, reason, until


@dataclass
class BatchState:
    """One region of Batch.

    Attributes:
        definitions: Every revision of each name, oldest first; also the INACTIVE ones.
        tags: Tags by ARN, jobs' included.
        exhausted: Names of environments for which AWS has no instances left; tests fill it.
        queue_deleted: Called with a queue's ARN when it is gone; whoever runs jobs ends them.
    """

    environments: dict[str, Resource] = field(default_factory=dict)
    queues: dict[str, Resource] = field(default_factory=dict)
    policies: dict[str, Params] = field(default_factory=dict)
    definitions: dict[str, list[Params]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    exhausted: set[str] = field(default_factory=set)
    queue_deleted: list[Callable[[str], None]] = field(default_factory=list)

    def settle(self, now: float) -> None:
        """End every transition whose time has come."""
        for resources in (self.queues, self.environments):
            for name, resource in list(resources.items()):
                if not resource.moving or resource.settles_at > now:
                    continue
                resource.held.clear()
                resource.document |= {"status": resource.becomes, "statusReason": resource.reason}
                if resource.becomes == "DELETED":
                    del resources[name]
                    self._forget(resources, resource)

    def _forget(self, resources: dict[str, Resource], resource: Resource) -> None:
        key = "jobQueueArn" if resources is self.queues else "computeEnvironmentArn"
        arn = resource.document[key]
        self.tags.pop(arn, None)
        if resources is self.queues:
            for told in self.queue_deleted:
                told(arn)


def state_of(call: Call) -> BatchState:
    """Return the settled state of the call's region."""
    return state_in(call.cloud, call.region)


def state_in(cloud: Cloud, region: str) -> BatchState:
    """Return a region's state, settled by the cloud's clock."""
    state = cloud.store(BatchState, region)
    state.settle(cloud.clock.now())
    return state


def refuse(message: str) -> Refusal:
    """Batch has one error for whatever the client did wrong."""
    return Refusal("ClientException", message, 400)


def check_name(name: str, what: str) -> None:
    """Refuse a name that Batch refuses."""
    if not NAME.match(name):
        raise refuse(
            f"{what} must be up to 128 characters: letters, numbers, hyphens and underscores, "
            f"starting with a letter or number: {name}"
        )


def short_name(name_or_arn: str) -> str:
    """Return the part after the last slash, which for a plain name is the name."""
    return name_or_arn.rsplit("/", 1)[-1]


def find(resources: dict[str, Resource], name_or_arn: str, what: str) -> Resource:
    """Return a resource by name or ARN.

    Raises:
        Refusal: There is none.
    """
    found = resources.get(short_name(name_or_arn))
    if found is None:
        raise refuse(f"{what} {name_or_arn} does not exist")
    return found


def find_queue(cloud: Cloud, region: str, name_or_arn: str) -> Params:
    """Return a job queue as DescribeJobQueues answers it.

    Raises:
        Refusal: There is none.
    """
    return find(state_in(cloud, region).queues, name_or_arn, "JobQueue").document


def find_definition(cloud: Cloud, region: str, name_or_arn: str) -> Params:
    """Return the job definition that a submission means: `name` is the newest ACTIVE revision, `name:3` that one.

    Raises:
        Refusal: There is none, or it is not ACTIVE.
    """
    name, _, revision = short_name(name_or_arn).partition(":")
    revisions = [d for d in state_in(cloud, region).definitions.get(name, []) if d["status"] == "ACTIVE"]
    if revision:
        revisions = [d for d in revisions if str(d["revision"]) == revision]
    if not revisions:
        raise refuse(f"JobDefinition {name_or_arn} does not exist or is not ACTIVE")
    return revisions[-1]


def named(documents: dict[str, Any], wanted: list[str] | None) -> list[Any]:
    """Return what Describe answers for names or ARNs: all without any, and nothing for what is unknown."""
    if not wanted:
        return list(documents.values())
    if len(wanted) > 100:  # noqa: PLR2004 - AWS's bound
        raise refuse("Cannot describe more than 100 resources")
    return [documents[short_name(name)] for name in wanted if short_name(name) in documents]
