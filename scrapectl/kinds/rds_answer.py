"""An entry of DescribeDBInstances → a database's fields, its state in the engine's words, and what waits (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapectl.engine.resource import Live, Status

STOPPED = "stopped"
DOWN = frozenset({"stopping", STOPPED})
DELETING = "deleting"
OPTIMIZING = "storage-optimization"
NO_SNAPSHOT_OF = frozenset({"failed", "incompatible-restore", "incompatible-network"})
"""States in which AWS deletes a database only without a final snapshot (DeleteDBInstance, RDS API)."""

# In these it answers its users, and AWS takes most changes (viewing instance status, RDS user guide).
_READY = frozenset({"available", STOPPED, OPTIMIZING, "storage-initialization", "storage-config-upgrade"})
_BROKEN = ("failed", "incompatible-", "inaccessible-", "insufficient-capacity", "restore-error", "storage-full")

_PENDING = {
    "DBInstanceClass": "instance_class",
    "AllocatedStorage": "storage",
    "EngineVersion": "version",
    "BackupRetentionPeriod": "backup_days",
    "MultiAZ": "multi_az",
}


@dataclass(frozen=True)
class Standing:
    """What no field says of a database.

    Attributes:
        state: AWS's own word ("available").
        version: What runs, whatever waits.
        pending: Field → value that AWS has taken, and not made so yet.
        running: Field → value as it is still, of those in `pending`.
        goes_on: Whether AWS goes on to newer minor versions by itself; None: not known.
        iops: What its storage does a second.
        read_at: When it was looked at: `20261121-150301`, in UTC.
    """

    state: str = "available"
    version: str = ""
    pending: Mapping[str, Any] = field(default_factory=dict)
    running: Mapping[str, Any] = field(default_factory=dict)
    goes_on: bool | None = None
    iops: int = 0
    read_at: str = field(default="", compare=False)


def standing_of(live: Live) -> Standing:
    """What a read said beyond the fields."""
    return live.detail if isinstance(live.detail, Standing) else Standing()


def standing_in(entry: Mapping[str, Any], read_at: str) -> Standing:
    """Read what no field says."""
    pending = pending_values(entry)
    return Standing(
        entry["DBInstanceStatus"],
        entry.get("EngineVersion", ""),
        pending,
        {name: entry.get(member) for member, name in _PENDING.items() if name in pending},
        entry.get("AutoMinorVersionUpgrade"),
        entry.get("Iops") or 0,
        read_at,
    )


def status_of(state: str) -> Status:
    """A stopped one is as it should be; what AWS mends or gives up is BROKEN; all else is on its way."""
    if state in _READY:
        return Status.READY
    return Status.BROKEN if state.startswith(_BROKEN) else Status.BUSY


def pending_values(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Field → value that waits, or that AWS is about to make so."""
    waiting = entry.get("PendingModifiedValues") or {}
    return {name: waiting[member] for member, name in _PENDING.items() if waiting.get(member) is not None}


def values_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are, and as they will be where a value waits."""
    storage = entry["AllocatedStorage"]
    most = entry.get("MaxAllocatedStorage")
    groups = entry.get("VpcSecurityGroups") or ()
    values = {
        "engine": entry["Engine"],
        "version": entry.get("EngineVersion", ""),
        "instance_class": entry["DBInstanceClass"],
        "storage": storage,
        "max_storage": most if most and most != storage else None,  # a bound that is reached is none
        "database": entry.get("DBName", ""),
        "username": entry.get("MasterUsername", ""),
        "subnet_group": (entry.get("DBSubnetGroup") or {}).get("DBSubnetGroupName", ""),
        "security_groups": tuple(one["VpcSecurityGroupId"] for one in groups if one.get("Status") != "removing"),
        "public": entry.get("PubliclyAccessible", False),
        "backup_days": entry.get("BackupRetentionPeriod", 0),
        "multi_az": entry.get("MultiAZ", False),
        "maintenance_window": entry.get("PreferredMaintenanceWindow"),
        "backup_window": entry.get("PreferredBackupWindow"),
        "port": port_of(entry),
        "managed_password": bool(entry.get("MasterUserSecret")),
        "encrypted": entry.get("StorageEncrypted", False),
    }
    return values | pending_values(entry)


def port_of(entry: Mapping[str, Any]) -> int | None:
    """Where it listens; AWS says so twice, and not while it is being made."""
    return (entry.get("Endpoint") or {}).get("Port") or entry.get("DbInstancePort") or None


def outputs_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """What others may refer to; what AWS does not say yet is left out."""
    found = {
        "arn": entry["DBInstanceArn"],
        "name": entry["DBInstanceIdentifier"],
        "endpoint": (entry.get("Endpoint") or {}).get("Address"),
        "port": port_of(entry),
        "database": entry.get("DBName"),
        "secret": (entry.get("MasterUserSecret") or {}).get("SecretArn"),
        "username": entry.get("MasterUsername"),
    }
    return {name: str(value) for name, value in found.items() if value}
