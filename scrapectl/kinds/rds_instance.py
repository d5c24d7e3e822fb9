"""Turns a database into an instance of RDS: what it is made of, and what of it may change (`rds_steps` says how)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

from scrapectl.engine.marks import Defaulted, Fixed, Identity, Local
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
    Update,
)
from scrapectl.kinds import rds_changes, rds_steps
from scrapectl.kinds.rds_answer import DELETING, outputs_of, standing_in, standing_of, status_of, values_of
from scrapectl.kinds.rds_steps import ABSENT, STOP_AGAIN
from scrapectl.kinds.rds_subnet_group import subnet_group_arn
from scrapectl.kinds.rds_version import Version
from scrapectl.kinds.tags import tag_list, tags_from_list

__all__ = ["STOP_AGAIN", "RdsInstance", "db_instance_arn"]

_STORAGE_TYPE = "gp3"


def db_instance_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a database will have."""
    return f"arn:{partition}:rds:{region}:{account}:db:{name}"


@dataclass(frozen=True, kw_only=True)
class RdsInstance(Resource):
    """A database with its own instance.

    Attributes:
        name: In small letters.
        engine: "postgres", "mysql".
        version: As much of it as shall be held: "16" is every 16.x.
        instance_class: "db.t4g.micro".
        storage: GiB; with `max_storage` the size that it begins with.
        max_storage: GiB that AWS may grow it to; None: it does not.
        database: The name of the one database that it is made with.
        username: Of the user that owns it.
        subnet_group: Name of the subnet group.
        security_groups: Ids, in any order.
        public: Whether it has a public address.
        backup_days: For how many days AWS keeps automated backups; 0: it makes none.
        maintenance_window: `sat:05:00-sat:06:00`, in UTC.
        backup_window: `04:00-04:30`, in UTC.
        managed_password: AWS makes, keeps and changes the password; False only of what others changed, never wanted.
        in_window: Changes that take it away for a while wait for the maintenance window.
        always_up: It has no power hours: found stopped, it is started.
    """

    name: Identity[str]
    engine: Fixed[str]
    version: str
    instance_class: str
    storage: int
    max_storage: int | None = None
    database: Fixed[str]
    username: Fixed[str]
    subnet_group: Fixed[Any]
    security_groups: tuple[Any, ...]
    public: bool = False
    backup_days: int
    multi_az: bool = False
    maintenance_window: Defaulted[str] = None
    backup_window: Defaulted[str] = None
    port: Fixed[Defaulted[int]] = None
    managed_password: bool = True
    encrypted: Fixed[bool] = True
    in_window: Local[bool] = False
    always_up: Local[bool] = False

    kind: ClassVar[str] = "rds_instance"
    tells_the_spec: ClassVar[bool] = True
    holds_data: ClassVar[bool] = True
    contents_name: ClassVar[tuple[str, str]] = ("database", "databases")
    # For a while AWS answers the state from before a write, as if the change waited (Terraform first looks after 60 s).
    pace: ClassVar[Pace] = Pace(first=30.0, interval=15.0, limit=3600.0)
    sweep: ClassVar[str | None] = "rds:{region}:{account}:db:"
    listing: ClassVar[Listing | None] = Listing("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier")
    needs: ClassVar[Needs] = Needs(
        read=("rds:DescribeDBInstances",),
        create=(
            "iam:CreateServiceLinkedRole",
            "kms:DescribeKey",
            "rds:AddTagsToResource",
            "rds:CreateDBInstance",
            "secretsmanager:CreateSecret",
            "secretsmanager:TagResource",
        ),
        update=(
            "kms:DescribeKey",
            "rds:AddTagsToResource",
            "rds:ModifyDBInstance",
            "rds:RemoveTagsFromResource",
            "rds:StartDBInstance",
            "rds:StopDBInstance",
            "secretsmanager:CreateSecret",
            "secretsmanager:TagResource",
        ),
        delete=("rds:CreateDBSnapshot", "rds:DeleteDBInstance"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "rds:db": ("rds:{region}:{account}:db:{name}",),
            "rds:og": ("rds:{region}:{account}:og:default{any}",),
            "rds:pg": ("rds:{region}:{account}:pg:default{any}",),
            "rds:snapshot": ("rds:{region}:{account}:snapshot:{name}-*",),
            "secretsmanager:Secret": ("secretsmanager:{region}:{account}:secret:rds!db-*",),
            "kms:key": ("kms:{region}:{account}:key/{any}",),
        },
        linked=("rds.amazonaws.com",),
    )

    def __post_init__(self) -> None:
        """Compare versions by what they say, and sort what AWS holds as a set; done again with references put in."""
        object.__setattr__(self, "version", Version(self.version))
        object.__setattr__(self, "security_groups", tuple(sorted(self.security_groups, key=str)))

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read it by its name: one listing of all would ask for leave to see those of others."""
        (name,) = key
        answer = aws.call("rds", "describe_db_instances", absent=ABSENT, DBInstanceIdentifier=name)
        return cls._live(answer["DBInstances"][0]) if answer and answer["DBInstances"] else None

    @classmethod
    def _live(cls, entry: Mapping[str, Any]) -> Live:
        standing = standing_in(entry, f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}")
        return Live(
            cls(name=entry["DBInstanceIdentifier"], **values_of(entry)),
            outputs_of(entry),
            tags_from_list(entry.get("TagList") or ()),
            status_of(standing.state),
            f"it is {standing.state}",
            standing,
        )

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it; AWS takes minutes, and makes the password."""
        chosen: dict[str, Any] = {
            "PreferredMaintenanceWindow": self.maintenance_window,
            "PreferredBackupWindow": self.backup_window,
            "Port": self.port,
            "MaxAllocatedStorage": self.max_storage,
        }
        aws.call(
            "rds",
            "create_db_instance",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            DBInstanceIdentifier=self.name,
            Engine=self.engine,
            EngineVersion=str(self.version),
            AutoMinorVersionUpgrade=rds_changes.goes_on(self),
            DBInstanceClass=self.instance_class,
            AllocatedStorage=self.storage,
            StorageType=_STORAGE_TYPE,
            StorageEncrypted=self.encrypted,
            DBName=self.database,
            MasterUsername=self.username,
            ManageMasterUserPassword=True,
            DBSubnetGroupName=self.subnet_group,
            VpcSecurityGroupIds=list(self.security_groups),
            PubliclyAccessible=self.public,
            BackupRetentionPeriod=self.backup_days,
            MultiAZ=self.multi_az,
            Tags=tag_list(tags),
            **{member: value for member, value in chosen.items() if value is not None},
        )
        return None

    def update(self, aws: Aws, update: Update) -> None:
        """Take the next step: start a stopped one, change what runs, stop again what was started for it."""
        rds_steps.change(aws, self, update)

    def given(self, live: Live) -> Self:
        """Take the size that AWS has grown it to for the wanted one, between the first size and the bound."""
        standing, most = cast("RdsInstance", live.resource), self.max_storage
        storage = standing_of(live).running.get("storage", standing.storage)
        if most is None or not self.storage < storage <= most:
            return self
        bound = None if storage == most else most
        return dataclasses.replace(self, storage=rds_changes.Grown(storage), max_storage=bound)

    def fixed(self, live: Live) -> frozenset[str]:
        """Storage does not shrink, nor grow by little; a version never goes back."""
        return frozenset(self._refused(live))

    def way_out(self, live: Live) -> str:
        """Say what to write instead."""
        return " ".join(self._refused(live).values())

    def _refused(self, live: Live) -> Mapping[str, str]:
        return rds_changes.refused(self, cast("RdsInstance", live.resource), standing_of(live))

    def differ(self, live: Live) -> tuple[FieldChange, ...]:
        """Count what no field says: on its way out, up or down otherwise than wanted, waiting though due at once."""
        standing, resource = standing_of(live), cast("RdsInstance", live.resource)
        if standing.state == DELETING:
            return (FieldChange("status", DELETING, "READY"),)
        found = []
        # A change of the version itself carries it along.
        if resource.version == self.version and standing.goes_on not in {None, rds_changes.goes_on(self)}:
            found.append(FieldChange("minor_versions", standing.goes_on, rds_changes.goes_on(self)))
        if standing.pending and not self.in_window:
            found.append(FieldChange("pending", "waits for the window", "at once"))
        return (*found, *rds_steps.power(self, live))

    def told(self, live: Live, changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
        """Say how AWS carries each change out."""
        return rds_changes.told(self, cast("RdsInstance", live.resource), standing_of(live), changes)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it, running or stopped; its last state stays as a snapshot if wanted."""
        del removal
        rds_steps.end(aws, live)

    @classmethod
    def contents(cls, aws: Aws, live: Live) -> int:
        """One database: what is in it is never looked at."""
        del aws, live
        return 1

    @classmethod
    def as_planned(cls, live: Live, planned: Live) -> Live:
        """Keep the name of the snapshot that was told, however long something else was waited for first."""
        told = dataclasses.replace(standing_of(live), read_at=standing_of(planned).read_at)
        return dataclasses.replace(live, detail=told)

    @classmethod
    def remains_of(cls, live: Live) -> str:
        """Name the snapshot that stays."""
        return rds_steps.remains_of(live)

    @classmethod
    def stands_in(cls, live: Live) -> tuple[str, ...]:
        """Its subnet group, which it names without saying of which account."""
        place = live.outputs["arn"].split(":")
        group = cast("RdsInstance", live.resource).subnet_group
        return (subnet_group_arn(place[1], place[3], place[4], group),) if len(place) > len("arn") else ()

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN."""
        name = arn.partition(":db:")[2]
        return (name,) if name else None
