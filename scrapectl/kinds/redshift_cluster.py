"""Turns a provisioned warehouse into a cluster of Redshift, of which AWS changes one thing at a time."""

from __future__ import annotations

import dataclasses
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
from scrapectl.kinds.redshift_subnet_group import cluster_subnet_group_arn
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("ClusterNotFound", "ClusterNotFoundFault")
_DELETING = "deleting"
_BROKEN = frozenset(
    {"hardware-failure", "incompatible-hsm", "incompatible-network", "incompatible-parameters", "incompatible-restore"}
)
_IN_SYNC, _REMOVING = "in-sync", "removing"


def cluster_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a cluster will have; its own calls answer the ARN of its namespace alone."""
    return f"arn:{partition}:redshift:{region}:{account}:cluster:{name}"


@dataclass(frozen=True, kw_only=True)
class RedshiftCluster(Resource):
    """A cluster.

    Attributes:
        name: In small letters.
        node_type: "ra3.large".
        nodes: How many; one is a cluster of a single node.
        database: The name of the database that it is made with.
        username: Of the user that owns it.
        subnet_group: Name of the subnet group.
        security_groups: Ids, in any order.
        public: Whether it has a public address.
        roles: ARNs of the roles by which it may read for COPY.
        managed_password: AWS makes, keeps and changes the password; False only of what others changed, never wanted.
    """

    name: Identity[str]
    node_type: str
    nodes: int
    database: Fixed[str]
    username: Fixed[str]
    subnet_group: Fixed[Any]
    security_groups: tuple[Any, ...]
    public: bool = False
    roles: frozenset[Any] = frozenset()
    managed_password: bool = True
    encrypted: Fixed[bool] = True

    kind: ClassVar[str] = "redshift_cluster"
    tells_the_spec: ClassVar[bool] = True
    holds_data: ClassVar[bool] = True
    contents_name: ClassVar[tuple[str, str]] = ("warehouse", "warehouses")
    # AWS-FACTS §19: 5 to 15 minutes, and a resize takes longer.
    pace: ClassVar[Pace] = Pace(first=30.0, interval=30.0, limit=4500.0)
    sweep: ClassVar[str | None] = "redshift:{region}:{account}:cluster:"
    listing: ClassVar[Listing | None] = Listing("redshift", "describe_clusters", "Clusters", "ClusterIdentifier")
    needs: ClassVar[Needs] = Needs(
        read=("redshift:DescribeClusters",),
        create=(
            "iam:CreateServiceLinkedRole",
            "redshift:CreateCluster",
            "redshift:CreateTags",
            *MANAGED_PASSWORD,
        ),
        update=(
            "redshift:CreateTags",
            "redshift:DeleteTags",
            "redshift:ModifyCluster",
            "redshift:ModifyClusterIamRoles",
            *MANAGED_PASSWORD,
        ),
        delete=("redshift:DeleteCluster", *FORGETS_PASSWORD),
        given={"roles": ("iam:PassRole",)},
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "redshift:cluster": ("redshift:{region}:{account}:cluster:{name}",),
            "secretsmanager:Secret": (SECRET,),
        },
        passed_to="redshift.amazonaws.com",
        linked=("redshift.amazonaws.com",),
    )

    def __post_init__(self) -> None:
        """Sort what AWS holds as a set; done again when references are put in."""
        object.__setattr__(self, "security_groups", tuple(sorted(self.security_groups, key=str)))

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read it by its name, with its tags."""
        (name,) = key
        answer = aws.call("redshift", "describe_clusters", absent=ABSENT, ClusterIdentifier=name)
        if answer is None or not answer["Clusters"]:
            return None
        (found,) = answer["Clusters"]
        arn = cluster_arn(aws.partition, aws.region, aws.account, name)
        tags = tags_from_list(found.get("Tags") or ())
        state = found["ClusterStatus"]
        status, reason = _status(found)
        return Live(cls(**_values(found)), _outputs(found, arn), tags, status, reason, standing_now(state))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Make it; AWS takes minutes, and makes the password."""
        aws.call(
            "redshift",
            "create_cluster",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            ClusterIdentifier=self.name,
            DBName=self.database,
            MasterUsername=self.username,
            ManageMasterPassword=True,
            ClusterSubnetGroupName=self.subnet_group,
            VpcSecurityGroupIds=list(self.security_groups),
            PubliclyAccessible=self.public,
            Encrypted=self.encrypted,
            IamRoles=sorted(self.roles),
            Tags=tag_list(tags),
            **self._size(),
        )

    def update(self, aws: Aws, update: Update) -> None:
        """Change the first thing that differs: while one is under way Redshift refuses the next."""
        changed = update.changed
        if "roles" in changed:
            self._change_roles(aws, cast("RedshiftCluster", update.live.resource))
            return
        asked = next((members for names, members in self._changes() if changed & names), None)
        if asked is not None:
            aws.call("redshift", "modify_cluster", ClusterIdentifier=self.name, **asked)

    def _changes(self) -> tuple[tuple[frozenset[str], dict[str, Any]], ...]:
        return (
            (frozenset({"security_groups"}), {"VpcSecurityGroupIds": list(self.security_groups)}),
            (frozenset({"managed_password"}), {"ManageMasterPassword": True}),
            (frozenset({"public"}), {"PubliclyAccessible": self.public}),
            (frozenset({"node_type", "nodes"}), self._size()),
        )

    def _change_roles(self, aws: Aws, live: RedshiftCluster) -> None:
        aws.call(
            "redshift",
            "modify_cluster_iam_roles",
            ClusterIdentifier=self.name,
            AddIamRoles=sorted(self.roles - live.roles),
            RemoveIamRoles=sorted(live.roles - self.roles),
        )

    def _size(self) -> dict[str, Any]:
        """Type and number go together; of a single node Redshift takes no number."""
        if self.nodes == 1:
            return {"NodeType": self.node_type, "ClusterType": "single-node"}
        return {"NodeType": self.node_type, "ClusterType": "multi-node", "NumberOfNodes": self.nodes}

    def differ(self, live: Live) -> tuple[FieldChange, ...]:
        """Count one that is on its way out."""
        deleting = standing_of(live).state == _DELETING
        return (FieldChange("status", _DELETING, "READY"),) if deleting else ()

    def told(self, live: Live, changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
        """Say what a change of its size does to who uses it."""
        if standing_of(live).state == _DELETING:
            return ("it is being deleted; a new one is made when it is gone",)
        resized = {change.name for change in changes} & {"node_type", "nodes"}
        return ("it is resized: it can be read, and not written, until that is done",) if resized else ()

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; its last state stays as a snapshot if wanted."""
        del removal
        if standing_of(live).state == _DELETING:
            return
        ending: dict[str, Any] = {"SkipFinalClusterSnapshot": True}
        if leaves_snapshot(live):
            ending = {"SkipFinalClusterSnapshot": False, "FinalClusterSnapshotIdentifier": final_snapshot(live)}
        aws.call("redshift", "delete_cluster", absent=ABSENT, ClusterIdentifier=live.outputs["name"], **ending)

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
    def stands_in(cls, live: Live) -> tuple[str, ...]:
        """Its subnet group, which it names without saying of which account."""
        place = live.outputs["arn"].split(":")
        group = cast("RedshiftCluster", live.resource).subnet_group
        return (cluster_subnet_group_arn(place[1], place[3], place[4], group),) if len(place) > len("arn") else ()

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN."""
        name = arn.partition(":cluster:")[2]
        return (name,) if name else None


def _values(found: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are, and as they will be where a value waits."""
    waiting = found.get("PendingModifiedValues") or {}
    groups, roles = found.get("VpcSecurityGroups") or (), found.get("IamRoles") or ()
    return {
        "name": found["ClusterIdentifier"],
        "node_type": waiting.get("NodeType") or found["NodeType"],
        "nodes": waiting.get("NumberOfNodes") or found["NumberOfNodes"],
        "database": found.get("DBName", ""),
        "username": found.get("MasterUsername", ""),
        "subnet_group": found.get("ClusterSubnetGroupName", ""),
        "security_groups": tuple(one["VpcSecurityGroupId"] for one in groups),
        "public": waiting.get("PubliclyAccessible", found.get("PubliclyAccessible", False)),
        "roles": frozenset(one["IamRoleArn"] for one in roles if one.get("ApplyStatus") != _REMOVING),
        "managed_password": bool(found.get("MasterPasswordSecretArn")),
        "encrypted": found.get("Encrypted", False),
    }


def _outputs(found: Mapping[str, Any], arn: str) -> dict[str, str]:
    at = found.get("Endpoint") or {}
    known = {
        "arn": arn,
        "name": found["ClusterIdentifier"],
        "endpoint": at.get("Address"),
        "port": at.get("Port"),
        "database": found.get("DBName"),
        "secret": found.get("MasterPasswordSecretArn"),
    }
    return {name: str(value) for name, value in known.items() if value}


def _status(found: Mapping[str, Any]) -> tuple[Status, str]:
    """READY when it is available, every role is in sync (COPY fails before, AWS-FACTS §17) and nothing waits."""
    state = found["ClusterStatus"]
    if state in _BROKEN:
        return Status.BROKEN, f"it is {state}"
    if state != "available" or found.get("ClusterAvailabilityStatus", "Available") != "Available":
        return Status.BUSY, f"it is {state}"
    unsettled = [one["IamRoleArn"] for one in found.get("IamRoles") or () if one.get("ApplyStatus") != _IN_SYNC]
    if unsettled:
        return Status.BUSY, f"its role {unsettled[0].rsplit('/', 1)[-1]} is not in sync"
    return (Status.BUSY, "it is being changed") if found.get("PendingModifiedValues") else (Status.READY, "")
