"""What one region of CloudTrail holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Call

# What a new trail logs: every management event (CloudTrail User Guide, "Logging management events").
EVERYTHING = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}


@dataclass
class Trail:
    """A trail.

    Attributes:
        document: What GetTrail answers.
        selectors: Its event selectors, as they were put.
        started_at: When it last began to log; None: it does not.
        stopped_at: When it last ended; None: never.
        tags: By key.
    """

    document: dict[str, Any]
    selectors: list[dict[str, Any]] = field(default_factory=lambda: [EVERYTHING])
    started_at: float | None = None
    stopped_at: float | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return str(self.document["TrailARN"])


@dataclass
class TrailState:
    """One region's trails, by name."""

    trails: dict[str, Trail] = field(default_factory=dict)


def trails_in(cloud: Cloud, region: str) -> dict[str, Trail]:
    """Return a region's trails, by name."""
    return cloud.store(TrailState, region).trails


def find_trail(call: Call, named: str) -> Trail:
    """Return a trail by name or ARN.

    Raises:
        Refusal: There is none.
    """
    found = trails_in(call.cloud, call.region).get(named.rsplit("/", 1)[-1])
    if found is None:
        raise Refusal("TrailNotFoundException", f"Unknown trail: {named} for the user: {call.account}", 400)
    return found
