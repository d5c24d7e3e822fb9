"""Turns a serverless warehouse's data into a namespace of Redshift Serverless: its database, its user, its roles."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scrapectl.engine.marks import Fixed, Identity
from scrapectl.engine.ownership import PIPELINE
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
from scrapectl.kinds.redshift_snapshots import (
    FORGETS_PASSWORD,
    MANAGED_PASSWORD,
    SECRET,
    final_snapshot,
    leaves_snapshot,
    remains_of,
    standing_now,
    standing_of,
)

ABSENT = ("ResourceNotFoundException",)
SERVICE = "redshift-serverless"
_DELETING = "DELETING"
_IN_SYNC = "in-sync"


@dataclass(frozen=True, kw_only=True)
class RedshiftNamespace(Resource):
    """A namespace.

    Attributes:
        name: In small letters.
        database: The name of the database that it is made with.
        username: Of the user that owns it.
        roles: ARNs of the roles by which it may read for COPY.
        managed_password: AWS makes, keeps and changes the password; False only of what others changed, never wanted.
    """

    name: Identity[str]
    database: Fixed[str]
    username: Fixed[str]
    roles: frozenset[Any] = frozenset()
    managed_password: bool = True

    kind: ClassVar[str] = "redshift_namespace"
    tells_the_spec: ClassVar[bool] = True
    holds_data: ClassVar[bool] = True
    contents_name: ClassVar[tuple[str, str]] = ("warehouse", "warehouses")
    pace: ClassVar[Pace] = Pace(first=5.0, interval=10.0, limit=1200.0)  # AWS-FACTS §19: no waiter, 10 s, 20 min
    needs: ClassVar[Needs] = Needs(
        read=("redshift-serverless:GetNamespace", "redshift-serverless:ListTagsForResource"),
        create=(
            "iam:CreateServiceLinkedRole",
            "redshift-serverless:CreateNamespace",
            "redshift-serverless:TagResource",
            *MANAGED_PASSWORD,
        ),
        update=(
            "redshift-serverless:TagResource",
            "redshift-serverless:UntagResource",
            "redshift-serverless:UpdateNamespace",
            *MANAGED_PASSWORD,
        ),
        delete=("redshift-serverless:DeleteNamespace", *FORGETS_PASSWORD),
        owned=("redshift-serverless:ListNamespaces", "redshift-serverless:ListTagsForResource"),
        given={"roles": ("iam:PassRole",)},
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "redshift-serverless:namespace": ("redshift-serverless:{region}:{account}:namespace/{tagged}",),
            "secretsmanager:Secret": (SECRET,),
        },
        passed_to="redshift.amazonaws.com redshift-serverless.amazonaws.com",
        linked=("redshift.amazonaws.com",),
    )
    listing: ClassVar[Listing | None] = Listing(SERVICE, "list_namespaces", "namespaces", "namespaceName")

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read it by its name, then its tags by its ARN, which holds an id."""
        (name,) = key
        answer = aws.call(SERVICE, "get_namespace", absent=ABSENT, namespaceName=name)
        if answer is None:
            return None
        found = answer["namespace"]
        tags = tags_of(aws, found["namespaceArn"])
        return None if tags is None else cls._live(found, tags)

    @classmethod
    def _live(cls, found: Mapping[str, Any], tags: Mapping[str, str]) -> Live:
        roles = [_role(text) for text in found.get("iamRoles") or ()]
        resource = cls(
            name=found["namespaceName"],
            database=found.get("dbName", ""),
            username=found.get("adminUsername", ""),
            roles=frozenset(arn for arn, status in roles if status != "removing"),
            managed_password=bool(found.get("adminPasswordSecretArn")),
        )
        known = {
            "arn": found["namespaceArn"],
            "name": found["namespaceName"],
            "called": called(found["namespaceName"]),
            "database": found.get("dbName"),
            "secret": found.get("adminPasswordSecretArn"),
        }
        outputs = {name: str(value) for name, value in known.items() if value}
        state = found["status"]
        ready = state == "AVAILABLE" and all(status == _IN_SYNC for _, status in roles)
        reason = "" if ready else f"it is {state.lower()}"
        status = Status.READY if ready else Status.BUSY
        return Live(resource, outputs, tags, status, reason, standing_now(state))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Make it; AWS makes the password."""
        aws.call(
            SERVICE,
            "create_namespace",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            namespaceName=self.name,
            dbName=self.database,
            adminUsername=self.username,
            manageAdminPassword=True,
            iamRoles=sorted(self.roles),
            tags=small_tag_list(tags),
        )

    def update(self, aws: Aws, update: Update) -> None:
        """Change one thing: Redshift takes one in a call, and while it is under way refuses the next."""
        if "roles" in update.changed:
            aws.call(SERVICE, "update_namespace", namespaceName=self.name, iamRoles=sorted(self.roles))
        elif "managed_password" in update.changed:
            aws.call(SERVICE, "update_namespace", namespaceName=self.name, manageAdminPassword=True)

    def differ(self, live: Live) -> tuple[FieldChange, ...]:
        """Count one that is on its way out."""
        return (FieldChange("status", _DELETING, "READY"),) if standing_of(live).state == _DELETING else ()

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; its last state stays as a snapshot if wanted."""
        del removal
        if standing_of(live).state == _DELETING:
            return
        ending: dict[str, Any] = {"finalSnapshotName": final_snapshot(live)} if leaves_snapshot(live) else {}
        aws.call(SERVICE, "delete_namespace", absent=ABSENT, namespaceName=live.outputs["name"], **ending)

    @classmethod
    def contents(cls, aws: Aws, live: Live) -> int:
        """One warehouse: what is in it is never looked at."""
        del aws, live
        return 1

    @classmethod
    def as_planned(cls, live: Live, planned: Live) -> Live:
        """Keep the name of the snapshot that was told."""
        return dataclasses.replace(
            live, detail=dataclasses.replace(standing_of(live), read_at=standing_of(planned).read_at)
        )

    @classmethod
    def remains_of(cls, live: Live) -> str:
        """Name the snapshot that stays."""
        return remains_of(live, _DELETING)

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List all and read their tags: an ARN holds an id, and the key is the name."""
        found = aws.pages(SERVICE, "list_namespaces", "namespaces")
        return owned_of(aws, owner, {one["namespaceName"]: one["namespaceArn"] for one in found})


def called(name: str) -> str:
    """Say how a workgroup's read names its namespace: by its bare name, of what kind it is."""
    return f"{RedshiftNamespace.kind}:{name}"


def _role(text: str) -> tuple[str, str]:
    """Read a role's ARN and state: GetNamespace writes "IamRole(applyStatus=in-sync, iamRoleArn=arn:…)", in any order.

    Plain ARNs, as Terraform's provider reads them too, are in sync.
    """
    arn, status = re.search(r"arn:[^,)\s]+", text), re.search(r"applyStatus=([a-z-]+)", text)
    return arn[0] if arn else text, status[1] if status else _IN_SYNC


def owned_of(aws: Aws, owner: str, arns: Mapping[str, str]) -> list[Key]:
    """Keep the names whose ARNs carry the owner's tag."""
    asks = [functools.partial(tags_of, aws, arn) for arn in arns.values()]
    answers = aws.gather(asks)
    return [(name,) for name, tags in zip(arns, answers, strict=True) if (tags or {}).get(PIPELINE) == owner]


def tags_of(aws: Aws, arn: str) -> dict[str, str] | None:
    """Read the tags of a namespace or a workgroup; None when it went in between."""
    answer = aws.call(SERVICE, "list_tags_for_resource", absent=ABSENT, resourceArn=arn)
    return None if answer is None else {tag["key"]: tag["value"] for tag in answer.get("tags") or ()}


def small_tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Write tags in the small letters of Redshift Serverless."""
    return [{"key": key, "value": value} for key, value in tags.items()]
