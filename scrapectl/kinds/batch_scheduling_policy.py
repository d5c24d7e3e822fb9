"""Turns the shares of a fair-share queue into a scheduling policy of AWS Batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds.batch_describe import GONE, arn_name, describe
from scrapectl.kinds.tags import own_tags

WEIGHT_DECIMALS = 4
"""Batch keeps weights as 32-bit floats: 0.3333 comes back as 0.33329999446868896."""


def scheduling_policy_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a scheduling policy of this name has."""
    return f"arn:{partition}:batch:{region}:{account}:scheduling-policy/{name}"


@dataclass(frozen=True, kw_only=True)
class BatchSchedulingPolicy(Resource):
    """A fair-share policy.

    Attributes:
        shares: (identifier, weight) in any order; of two, the one with the smaller weight gets more.
        decay_seconds: How long past use counts.
        reservation: computeReservation, 0 to 99.
    """

    name: Identity[str]
    shares: tuple[tuple[str, float], ...]
    decay_seconds: int = 0
    reservation: int = 0

    kind: ClassVar[str] = "batch_scheduling_policy"
    sweep: ClassVar[str | None] = "batch:{region}:{account}:scheduling-policy/"
    listing: ClassVar[Listing | None] = Listing("batch", "list_scheduling_policies", "schedulingPolicies", "arn")
    needs: ClassVar[Needs] = Needs(
        read=("batch:DescribeSchedulingPolicies",),
        create=("batch:CreateSchedulingPolicy", "batch:TagResource"),
        update=("batch:TagResource", "batch:UntagResource", "batch:UpdateSchedulingPolicy"),
        delete=("batch:DeleteSchedulingPolicy",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {"batch:scheduling-policy": ("batch:{region}:{account}:scheduling-policy/{name}",)}
    )

    def __post_init__(self) -> None:
        """Order the shares, and round their weights to what AWS keeps exactly."""
        shares = sorted((share, round(float(weight), WEIGHT_DECIMALS)) for share, weight in self.shares)
        object.__setattr__(self, "shares", tuple(shares))

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read all by their ARNs, which their names determine: the only describe there is."""
        arns = [scheduling_policy_arn(aws.partition, aws.region, aws.account, name) for (name,) in keys]
        entries = describe(aws, "describe_scheduling_policies", "schedulingPolicies", arns=arns)
        return {(entry["name"],): cls._live(entry) for entry in entries}

    @classmethod
    def _live(cls, entry: Mapping[str, Any]) -> Live:
        policy = entry.get("fairsharePolicy") or {}  # a quota-share policy, never ours, has none
        resource = cls(
            name=entry["name"],
            shares=tuple(
                (share["shareIdentifier"], share.get("weightFactor", 1.0))
                for share in policy.get("shareDistribution", ())
            ),
            decay_seconds=policy.get("shareDecaySeconds", 0),
            reservation=policy.get("computeReservation", 0),
        )
        return Live(resource, {"arn": entry["arn"], "name": resource.name}, own_tags(entry.get("tags", {})))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; it stands at once, whole, so the answer counts."""
        answer = aws.call(
            "batch",
            "create_scheduling_policy",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: "Object already exists"
            name=self.name,
            fairsharePolicy=self._fair_share(),
            tags=dict(tags),
        )
        return Live(self, {"arn": answer["arn"], "name": self.name}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Replace the whole policy: AWS takes no part of it alone."""
        aws.call(
            "batch", "update_scheduling_policy", arn=update.live.outputs["arn"], fairsharePolicy=self._fair_share()
        )

    def _fair_share(self) -> dict[str, Any]:
        return {
            "shareDecaySeconds": self.decay_seconds,
            "computeReservation": self.reservation,
            "shareDistribution": [{"shareIdentifier": share, "weightFactor": weight} for share, weight in self.shares],
        }

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; AWS refuses while a queue holds it."""
        del removal
        aws.call("batch", "delete_scheduling_policy", absent=GONE, arn=live.outputs["arn"])

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name at the end of the ARN."""
        name = arn_name(arn, "scheduling-policy")
        return (name,) if name else None
