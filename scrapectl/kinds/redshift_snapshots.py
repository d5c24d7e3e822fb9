"""Says what becomes of a warehouse's data when it goes: the name of its last snapshot, and what Redshift is told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from scrapectl.engine.ownership import ON_DESTROY
from scrapectl.engine.resource import Live

# "Managing Amazon Redshift admin passwords using AWS Secrets Manager": asked in the caller's name; the secret's own
# name begins with "redshift!" and the warehouse's.
MANAGED_PASSWORD = (
    "secretsmanager:CreateSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetRandomPassword",
    "secretsmanager:RotateSecret",
    "secretsmanager:TagResource",
    "secretsmanager:UpdateSecret",
)
FORGETS_PASSWORD = ("secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret")
SECRET = "secretsmanager:{region}:{account}:secret:redshift!{exact}-*"  # noqa: S105 - the beginning of an ARN


@dataclass(frozen=True)
class Standing:
    """What no field says: AWS's word for the state, and when it was read, which names a last snapshot."""

    state: str = "available"
    read_at: str = ""


def standing_now(state: str) -> Standing:
    """Note the state with the time of this look."""
    return Standing(state, f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}")


def standing_of(live: Live) -> Standing:
    """What a read noted."""
    return live.detail if isinstance(live.detail, Standing) else Standing()


def leaves_snapshot(live: Live) -> bool:
    """Whether the data outlives it: where nothing says so, it does."""
    return live.tags.get(ON_DESTROY, "snapshot") == "snapshot"


def final_snapshot(live: Live) -> str:
    """Name the last snapshot, as it was told in the plan."""
    return f"{live.outputs['name']}-final-{standing_of(live).read_at}"


def remains_of(live: Live, deleting: str) -> str:
    """Name the snapshot that stays; `deleting` is AWS's word for the state of what goes already."""
    if standing_of(live).state == deleting:
        return "the final snapshot that it is being deleted with, if there is one"
    if not leaves_snapshot(live):
        return ""
    return f"its last state, as the snapshot {final_snapshot(live)}, which costs by its size until you delete it"
