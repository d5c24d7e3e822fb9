"""What one region of Redshift holds, and how its clusters go from state to state as time passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local.paging import tag_list
from scrapectl.local.registry import Refusal
from scrapectl.local.timeline import Timeline

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Call, Params


@dataclass
class Cluster:
    """A cluster: what DescribeClusters answers but for roles, tags and what waits; `roles` are ARN to state."""

    document: dict[str, Any]
    password: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pending: dict[str, Any] = field(default_factory=dict)
    time: Timeline = field(default_factory=Timeline)

    @property
    def name(self) -> str:
        """Its identifier."""
        return str(self.document["ClusterIdentifier"])

    @property
    def status(self) -> str:
        """Its state in AWS's word."""
        return str(self.document["ClusterStatus"])

    def becomes(self, status: str) -> None:
        """Change its state now."""
        self.document["ClusterStatus"] = status
        self.document["ClusterAvailabilityStatus"] = {"available": "Available"}.get(status, "Modifying")


@dataclass
class RedshiftState:
    """One region; everything by its name."""

    clusters: dict[str, Cluster] = field(default_factory=dict)
    subnet_groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    group_tags: dict[str, dict[str, str]] = field(default_factory=dict)
    snapshots: dict[str, dict[str, Any]] = field(default_factory=dict)


def state_in(cloud: Cloud, region: str) -> RedshiftState:
    """Return a region's state, settled by the cloud's clock."""
    state = cloud.store(RedshiftState, region)
    for cluster in list(state.clusters.values()):
        cluster.time.settle(cloud.clock.now())
    return state


def state_of(call: Call) -> RedshiftState:
    """Return the settled state of the call's region."""
    return state_in(call.cloud, call.region)


def find(call: Call, name: str | None = None) -> Cluster:
    """Return a cluster by its name; by default the one that the call names.

    Raises:
        Refusal: There is none.
    """
    wanted = (name or call.params["ClusterIdentifier"]).lower()
    found = state_of(call).clusters.get(wanted)
    if found is None:
        raise Refusal("ClusterNotFound", f"Cluster {wanted} not found.", 404)
    return found


def check_idle(cluster: Cluster) -> None:
    """Refuse a change while another is under way.

    Raises:
        Refusal: In AWS's words (AWS-FACTS §17).
    """
    if cluster.status != "available" or cluster.pending:
        text = (
            "There is an operation running on the Cluster. Please try to perform the operation again after that "
            f"operation is complete. Cluster {cluster.name} is {cluster.status}."
        )
        raise Refusal("InvalidClusterState", text, 400)


def shown(cluster: Cluster) -> Params:
    """Give what DescribeClusters answers."""
    return {
        **cluster.document,
        "IamRoles": [{"IamRoleArn": arn, "ApplyStatus": state} for arn, state in cluster.roles.items()],
        "PendingModifiedValues": dict(cluster.pending),
        "Tags": tag_list(cluster.tags),
    }


def invalid(text: str) -> Refusal:
    """A parameter that Redshift does not take."""
    return Refusal("InvalidParameterValue", text, 400)


def contradicts(text: str) -> Refusal:
    """Parameters that do not go together."""
    return Refusal("InvalidParameterCombination", text, 400)
