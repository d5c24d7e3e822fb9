"""(wanted, live database, what differs) → how AWS carries it out, what it refuses, and the members that ask for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from scrapectl.engine.resource import FieldChange
from scrapectl.kinds.rds_answer import DELETING, DOWN, OPTIMIZING, STOPPED, Standing
from scrapectl.kinds.rds_version import Version, is_exact, major

if TYPE_CHECKING:
    from scrapectl.kinds.rds_instance import RdsInstance

_WAITS = frozenset({"instance_class", "storage", "version", "backup_days", "multi_az"})
"""What AWS leaves for the maintenance window unless it shall be at once (ModifyDBInstance, RDS API)."""
_LEAST_STEP = 10  # per cent: AWS rounds a smaller growth up (AllocatedStorage, RDS API), so that it is never as wanted

_NEEDS_IOPS_FROM = 400  # GiB: there storage grows only with its IOPS named, and below they may not be
_LEAST_IOPS = 12_000  # what gp3 does from that size on, at no cost (Amazon RDS DB instance storage, user guide)

_MEMBERS = {
    "instance_class": "DBInstanceClass",
    "storage": "AllocatedStorage",
    "public": "PubliclyAccessible",
    "backup_days": "BackupRetentionPeriod",
    "multi_az": "MultiAZ",
    "maintenance_window": "PreferredMaintenanceWindow",
    "backup_window": "PreferredBackupWindow",
    "managed_password": "ManageMasterUserPassword",
}


class Grown(int):
    """GiB that AWS has grown storage to by itself, beyond what the spec began with."""


def least_growth(storage: int) -> int:
    """The smallest size that AWS grows a storage of so many GiB to."""
    return -(-storage * (100 + _LEAST_STEP) // 100)


def refused(want: RdsInstance, live: RdsInstance, standing: Standing) -> Mapping[str, str]:
    """Field → what to write instead, for each change that AWS would not make so; what waits is not so yet."""
    if want.engine != live.engine:  # what else differs is the other database's own
        return {
            "engine": f"A database stays with its engine: write engine: {live.engine}. For another, make a database of "
            "another name, copy the data, and take this one out."
        }
    found: dict[str, str] = {}
    storage, version = (standing.running.get(name, getattr(live, name)) for name in ("storage", "version"))
    if want.storage < storage:
        found["storage"] = (
            f"Storage never shrinks: write storage: {storage}. For less, make a database of another name, "
            "copy the data, and take this one out."
        )
    elif storage < want.storage < least_growth(storage):
        found["storage"] = (
            f"AWS grows storage by {_LEAST_STEP} % at least: write storage: {least_growth(storage)} or more, "
            f"or leave it at {storage}."
        )
    if Version(want.version).older_than(version):
        found["version"] = (
            f'A database never goes back to an older version: write version: "{version}". For an older one, make '
            "a database of another name, and copy the data."
        )
    return found


def taken_back(want: RdsInstance, standing: Standing) -> frozenset[str]:
    """Fields that wait for another value than the wanted one, which is what runs."""
    return frozenset(
        name
        for name, value in standing.running.items()
        if getattr(want, name) == value and getattr(want, name) != standing.pending[name]
    )


def at_once(want: RdsInstance, standing: Standing, changed: AbstractSet[str]) -> bool:
    """Whether AWS shall not wait for the window.

    What waits is only taken back at once ("Modifying an Amazon RDS DB instance"), and everything else that waits
    would then be made too.
    """
    return not want.in_window or taken_back(want, standing) == changed == standing.pending.keys()


def members(want: RdsInstance, standing: Standing, changed: Collection[str]) -> dict[str, Any]:
    """Spell the changed fields as ModifyDBInstance takes them."""
    asked = {_MEMBERS[name]: getattr(want, name) for name in sorted(changed) if name in _MEMBERS}
    if "security_groups" in changed:
        asked["VpcSecurityGroupIds"] = list(want.security_groups)
    if "max_storage" in changed:  # the bound at the size itself is how AWS is told that it shall not grow
        asked["MaxAllocatedStorage"] = want.max_storage or want.storage
    if "storage" in changed and want.storage >= _NEEDS_IOPS_FROM:
        asked["Iops"] = max(standing.iops, _LEAST_IOPS)
    if {"version", "minor_versions"} & set(changed):
        asked["AutoMinorVersionUpgrade"] = goes_on(want)
    if "version" in changed:  # back to what runs by its whole name: "16" alone might be a newer 16
        back = "version" in taken_back(want, standing)
        asked["EngineVersion"] = standing.version if back else str(want.version)
        if major(want.engine, want.version) != major(want.engine, standing.version):
            asked["AllowMajorVersionUpgrade"] = True
    return asked


def goes_on(want: RdsInstance) -> bool:
    """Whether AWS shall go on to newer minor versions: unless one is named."""
    return not is_exact(want.engine, want.version)


def told(want: RdsInstance, live: RdsInstance, standing: Standing, changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
    """Say how each change comes about, and what waits already."""
    if standing.state == DELETING:
        return ("it is being deleted; a new one is made when it is gone",)
    changed = {change.name for change in changes if not change.fixed}
    return (
        *_sizes(want, live, standing, changed),
        *_carried_out(want, live, standing, changed),
        *_waiting(want, standing, changed),
    )


def _sizes(want: RdsInstance, live: RdsInstance, standing: Standing, changed: Collection[str]) -> Iterator[str]:
    if isinstance(want.storage, Grown):
        yield f"AWS has grown its storage to {live.storage} GiB, and never takes it back"
    if "storage" in changed and standing.state == OPTIMIZING:
        yield "its storage was changed a short while ago: AWS may refuse another change for some hours"


def _carried_out(want: RdsInstance, live: RdsInstance, standing: Standing, changed: AbstractSet[str]) -> Iterator[str]:
    asked = changed - {"power", "pending", "status", "tags"}
    if want.always_up and standing.state in DOWN:
        yield "it is stopped: it is started, and stays up, as it has no power hours"
    elif asked and standing.state == STOPPED:
        yield "it is stopped: it is started for this change, and stopped again"
    if back := asked & taken_back(want, standing):
        yield f"{_listed(sorted(back))}: the change that waits for the window is taken back"
        asked = asked - back
    waits = sorted(name for name in asked if _waits(name, want, live)) if want.in_window else []
    if waits:
        yield f"{_listed(waits)}: waits for the window {_window(want, live)}" + _and_then(want, live, waits)
        asked = asked - set(waits)
    yield from (text for name in sorted(asked) if (text := _how(name, want, live)))


def _waits(name: str, want: RdsInstance, live: RdsInstance) -> bool:
    """Whether AWS leaves a change for the window; that of how long backups are kept only where there are none."""
    return name in _WAITS and (name != "backup_days" or 0 in {want.backup_days, live.backup_days})


def _and_then(want: RdsInstance, live: RdsInstance, waits: Collection[str]) -> str:
    ways = [text.partition(": ")[2] for name in waits if (text := _how(name, want, live))]
    return f", then {'; '.join(ways)}" if ways else ""


def _how(name: str, want: RdsInstance, live: RdsInstance) -> str:
    away = "fails over, away for a minute or two" if live.multi_az else "restarts, away for some minutes"
    if name == "version":
        if major(want.engine, want.version) != major(want.engine, live.version):
            return "version: a new major version, away for ten minutes or more, and no way back"
        return f"version: {away}"
    if name == "backup_days":
        return (
            "backup_days: away for a moment" if 0 in {want.backup_days, live.backup_days} else "backup_days: in place"
        )
    if name == "managed_password":
        return "managed_password: in place; AWS makes a new password, and the old one ends at once"
    texts = {
        "instance_class": f"instance_class: {away}",
        "storage": "storage: grows in place; AWS then takes no other change of it for some hours",
        "multi_az": "multi_az: in place, slower while AWS copies it",
    }
    return texts.get(name, f"{name}: in place")


def _waiting(want: RdsInstance, standing: Standing, changed: Collection[str]) -> Iterator[str]:
    waiting = sorted((name, value) for name, value in standing.pending.items() if name not in changed)
    if waiting and want.in_window:
        values = ", ".join(f"{name} {value}" for name, value in waiting)
        yield f"{values}: waits for the window {_window(want, want)}"


def _window(want: RdsInstance, live: RdsInstance) -> str:
    window = want.maintenance_window or live.maintenance_window or ""
    return window.partition("-")[0] if window else "for maintenance"


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)
