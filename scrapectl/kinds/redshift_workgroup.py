"""Turns a serverless warehouse's capacity into a workgroup of Redshift Serverless, changed by one parameter a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Fixed, Identity
from scrapectl.engine.resource import (
    Aws,
    FieldChange,
    Key,
    Listing,
    Live,
    Needs,
    Pace,
    Removal,
    Resource,
    Scopes,
    Status,
    Update,
)
from scrapectl.kinds.redshift_namespace import ABSENT, SERVICE, called, owned_of, small_tag_list, tags_of
from scrapectl.kinds.redshift_snapshots import standing_now, standing_of

_DELETING = "DELETING"
# Redshift looks at the network in the caller's name (CloudFormation's AWS::RedshiftServerless::Workgroup, create).
_LOOKS = (
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
)
# Field → the one parameter of UpdateWorkgroup, in the order in which they are sent.
_PARAMETERS = {
    "security_groups": "securityGroupIds",
    "subnets": "subnetIds",
    "public": "publiclyAccessible",
    "rpus": "baseCapacity",
}


@dataclass(frozen=True, kw_only=True)
class RedshiftWorkgroup(Resource):
    """A workgroup.

    Attributes:
        name: In small letters.
        namespace: Name of the namespace whose data it works on.
        rpus: Base capacity.
        subnets: Ids, in three zones, in any order.
        security_groups: Ids, in any order.
        public: Whether it has public addresses.
    """

    name: Identity[str]
    namespace: Fixed[Any]
    rpus: int
    subnets: tuple[Any, ...]
    security_groups: tuple[Any, ...]
    public: bool = False

    kind: ClassVar[str] = "redshift_workgroup"
    pace: ClassVar[Pace] = Pace(first=10.0, interval=10.0, limit=1200.0)  # AWS-FACTS §19: no waiter, 10 s, 20 min
    needs: ClassVar[Needs] = Needs(
        read=("redshift-serverless:GetWorkgroup", "redshift-serverless:ListTagsForResource"),
        create=(*_LOOKS, "redshift-serverless:CreateWorkgroup", "redshift-serverless:TagResource"),
        update=(
            *_LOOKS,
            "redshift-serverless:TagResource",
            "redshift-serverless:UntagResource",
            "redshift-serverless:UpdateWorkgroup",
        ),
        delete=("redshift-serverless:DeleteWorkgroup",),
        owned=("redshift-serverless:ListTagsForResource", "redshift-serverless:ListWorkgroups"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "redshift-serverless:workgroup": ("redshift-serverless:{region}:{account}:workgroup/{tagged}",),
            "ec2:vpc": ("ec2:{region}:{account}:vpc/{any}",),
        }
    )
    listing: ClassVar[Listing | None] = Listing(SERVICE, "list_workgroups", "workgroups", "workgroupName")

    def __post_init__(self) -> None:
        """Sort what AWS holds as sets; done again when references are put in."""
        object.__setattr__(self, "subnets", tuple(sorted(self.subnets, key=str)))
        object.__setattr__(self, "security_groups", tuple(sorted(self.security_groups, key=str)))

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read it by its name, then its tags by its ARN, which holds an id."""
        (name,) = key
        answer = aws.call(SERVICE, "get_workgroup", absent=ABSENT, workgroupName=name)
        if answer is None:
            return None
        found = answer["workgroup"]
        tags = tags_of(aws, found["workgroupArn"])
        if tags is None:
            return None
        resource = cls(
            name=found["workgroupName"],
            namespace=found.get("namespaceName", ""),
            rpus=found["baseCapacity"],
            subnets=tuple(found.get("subnetIds") or ()),
            security_groups=tuple(found.get("securityGroupIds") or ()),
            public=found.get("publiclyAccessible", False),
        )
        state = found["status"]
        ready = state == "AVAILABLE"
        reason = "" if ready else f"it is {state.lower()}"
        status = Status.READY if ready else Status.BUSY
        return Live(resource, _outputs(found), tags, status, reason, standing_now(state))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Make it; that takes some minutes."""
        aws.call(
            SERVICE,
            "create_workgroup",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            workgroupName=self.name,
            namespaceName=self.namespace,
            baseCapacity=self.rpus,
            subnetIds=list(self.subnets),
            securityGroupIds=list(self.security_groups),
            publiclyAccessible=self.public,
            tags=small_tag_list(tags),
        )

    def update(self, aws: Aws, update: Update) -> None:
        """Send the first parameter that differs: Redshift takes one in a call, and refuses the next meanwhile."""
        for field, parameter in _PARAMETERS.items():
            if field in update.changed:
                value = getattr(self, field)
                asked: dict[str, Any] = {parameter: list(value) if isinstance(value, tuple) else value}
                aws.call(SERVICE, "update_workgroup", workgroupName=self.name, **asked)
                return

    def differ(self, live: Live) -> tuple[FieldChange, ...]:
        """Count one that is on its way out."""
        return (FieldChange("status", _DELETING, "READY"),) if standing_of(live).state == _DELETING else ()

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; the data is its namespace's."""
        del removal
        if standing_of(live).state != _DELETING:
            aws.call(SERVICE, "delete_workgroup", absent=ABSENT, workgroupName=live.outputs["name"])

    @classmethod
    def stands_in(cls, live: Live) -> tuple[str, ...]:
        """Its namespace, which Redshift does not delete before."""
        return (called(cast("RedshiftWorkgroup", live.resource).namespace),)

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List all and read their tags: an ARN holds an id, and the key is the name."""
        found = aws.pages(SERVICE, "list_workgroups", "workgroups")
        return owned_of(aws, owner, {one["workgroupName"]: one["workgroupArn"] for one in found})


def _outputs(found: Mapping[str, Any]) -> dict[str, str]:
    at = found.get("endpoint") or {}
    known = {
        "arn": found["workgroupArn"],
        "name": found["workgroupName"],
        "endpoint": at.get("address"),
        "port": at.get("port") or found.get("port"),
    }
    return {name: str(value) for name, value in known.items() if value}
