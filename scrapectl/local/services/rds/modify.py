"""ModifyDBInstance: what is changed at once, what waits for the maintenance window, and what is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.rds import stand_in
from scrapectl.local.services.rds.checks import check_groups, check_numbers, check_password
from scrapectl.local.services.rds.describe import document_of
from scrapectl.local.services.rds.instances import check_reachable, not_here
from scrapectl.local.services.rds.passwords import drop_secret, make_secret, new_password, rotate_secret
from scrapectl.local.services.rds.state import USABLE, Instance, Step, contradicts, find, wrong_state
from scrapectl.local.services.rds.versions import (
    Size,
    check_class,
    check_iops,
    check_storage,
    check_upgrade,
    whole_version,
)
from scrapectl.local.services.rds.windows import check_windows, next_window

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

# The user guide, "Settings for DB instances": what waits for the window unless ApplyImmediately says otherwise.
_DEFERRED = ("AllocatedStorage", "BackupRetentionPeriod", "DBInstanceClass", "EngineVersion", "Iops", "MultiAZ",
             "StorageThroughput", "StorageType")  # fmt: skip
_AT_ONCE = ("AutoMinorVersionUpgrade", "CopyTagsToSnapshot", "DeletionProtection", "MaxAllocatedStorage",
            "PreferredBackupWindow", "PreferredMaintenanceWindow", "PubliclyAccessible")  # fmt: skip
_PASSWORD = ("ManageMasterUserPassword", "MasterUserPassword", "MasterUserSecretKmsKeyId", "RotateMasterUserPassword")
_KNOWN = {*_DEFERRED, *_AT_ONCE, *_PASSWORD, "AllowMajorVersionUpgrade", "ApplyImmediately", "DBInstanceIdentifier",
          "VpcSecurityGroupIds"}  # fmt: skip
_GROWS_BY = 1.1
_RESTARTS = {"DBInstanceClass", "EngineVersion"}


@operation("rds", "ModifyDBInstance")
def modify(call: Call) -> Params:
    """Change an instance that runs; what AWS refuses is refused before anything is changed."""
    not_here(call, _KNOWN)
    instance, params = find(call), call.params
    if instance.status not in USABLE:
        raise wrong_state("Database instance is not in available state.")
    wanted = {name: params[name] for name in (*_DEFERRED, *_AT_ONCE) if name in params}
    _check(call, instance, wanted)
    _check_password(call, instance)
    groups = None
    if params.get("VpcSecurityGroupIds"):
        vpc = instance.document["DBSubnetGroup"]["VpcId"]
        groups = check_groups(call, params["VpcSecurityGroupIds"], vpc)
    instance.document |= {name: value for name, value in wanted.items() if name in _AT_ONCE}
    if groups:
        instance.document["VpcSecurityGroups"] = [{"VpcSecurityGroupId": g, "Status": "active"} for g in groups]
    _change_password(call, instance)
    _defer(call, instance, {name: value for name, value in wanted.items() if name in _DEFERRED})
    return {"DBInstance": document_of(instance)}


def _check(call: Call, instance: Instance, wanted: dict[str, Any]) -> None:
    """Refuse what AWS refuses; `wanted` then holds the version and the storage as AWS takes them."""
    document = instance.document
    engine, after = document["Engine"], document | instance.pending | wanted
    if "EngineVersion" in wanted:
        wanted["EngineVersion"] = whole_version(engine, wanted["EngineVersion"])
        allowed = bool(call.params.get("AllowMajorVersionUpgrade"))
        check_upgrade(engine, document["EngineVersion"], wanted["EngineVersion"], allowed=allowed)
    if "DBInstanceClass" in wanted:
        check_class(engine, after["EngineVersion"], wanted["DBInstanceClass"])
    check_numbers(call.params)
    if wanted.get("PreferredMaintenanceWindow"):
        wanted["PreferredMaintenanceWindow"] = wanted["PreferredMaintenanceWindow"].lower()
    if wanted.keys() & {"PreferredBackupWindow", "PreferredMaintenanceWindow", "BackupRetentionPeriod"}:
        backs_up = after["BackupRetentionPeriod"] > 0
        check_windows(after["PreferredBackupWindow"], after["PreferredMaintenanceWindow"], backs_up=backs_up)
    if wanted.get("PubliclyAccessible") and not document["PubliclyAccessible"]:
        check_reachable(call, document["DBSubnetGroup"]["VpcId"])
    _check_storage(call, instance, wanted)


def _check_storage(call: Call, instance: Instance, wanted: dict[str, Any]) -> None:
    document = instance.document
    before, now = document["AllocatedStorage"], call.cloud.clock.now()
    asked: int = wanted.get("AllocatedStorage") or before
    gib = asked
    if gib < before:
        raise contradicts(f"The new storage size {gib} GiB is smaller than the current {before} GiB: it can only grow.")
    changes = any(wanted.get(name, document[name]) != document[name] for name in ("AllocatedStorage", "StorageType"))
    if changes and instance.storage_until > now:
        raise contradicts(
            "You can't currently modify the storage of this DB instance because the previous storage change is being "
            "optimized."
        )
    if gib > before:  # "rounded up so that they are 10% greater" (botocore's model)
        wanted["AllocatedStorage"] = gib = max(gib, math.ceil(round(before * _GROWS_BY, 6)))
    kind = str(wanted.get("StorageType", document["StorageType"]))
    if wanted.get("MaxAllocatedStorage") == gib:  # "autoscaling is turned off" (user guide, on storage autoscaling)
        wanted["MaxAllocatedStorage"] = None
    if wanted.keys() & {"AllocatedStorage", "StorageType", "MaxAllocatedStorage", "Iops"}:
        if wanted.get("MaxAllocatedStorage") in {before, asked}:  # how a client says that it shall not grow by itself
            wanted["MaxAllocatedStorage"] = None
        check_storage(Size(document["Engine"], kind, gib, wanted.get("MaxAllocatedStorage")))
        check_iops(document["Engine"], kind, gib, wanted.get("Iops"))


def _check_password(call: Call, instance: Instance) -> None:
    params, managed = call.params, "MasterUserSecret" in instance.document
    manage = params.get("ManageMasterUserPassword", managed)
    check_password(params.get("MasterUserPassword"), instance.document["Engine"], managed=manage)
    if managed and not manage and not params.get("MasterUserPassword"):
        raise contradicts("MasterUserPassword is required when ManageMasterUserPassword is disabled.")
    if params.get("RotateMasterUserPassword") and not (managed and params.get("ApplyImmediately")):
        raise contradicts("RotateMasterUserPassword needs a managed password and ApplyImmediately.")


def _change_password(call: Call, instance: Instance) -> None:
    """Change who keeps the password, and the password: both take effect at once, whatever ApplyImmediately says."""
    params, managed = call.params, "MasterUserSecret" in instance.document
    manage = params.get("ManageMasterUserPassword", managed)
    before = instance.password
    if manage and not managed:
        instance.password = new_password()
        make_secret(call, instance, params.get("MasterUserSecretKmsKeyId"))
    elif managed and not manage:
        drop_secret(call.cloud, call.region, instance)
    elif params.get("RotateMasterUserPassword"):
        instance.password = new_password()
        rotate_secret(call.cloud, call.region, instance)
    instance.password = params.get("MasterUserPassword") or instance.password
    if instance.password == before:
        return
    status = instance.status
    instance.becomes("resetting-master-credentials")
    stand_in.restart(call.cloud, instance)
    instance.later(call.cloud.clock.now() + call.cloud.delays.database_notice, lambda: instance.becomes(status))


def _defer(call: Call, instance: Instance, wanted: dict[str, Any]) -> None:
    """Note what is to change; make it now, or in the next window."""
    for name, value in wanted.items():
        if value == instance.document[name]:
            instance.pending.pop(name, None)  # taken back
        else:
            instance.pending[name] = value
    cloud = call.cloud
    if not instance.pending:
        instance.window = None
    elif call.params.get("ApplyImmediately"):
        _begin(cloud, instance)
    else:
        _await_window(cloud, instance)


def _await_window(cloud: Cloud, instance: Instance) -> None:
    now = cloud.clock.now()
    at = next_window(instance.document["PreferredMaintenanceWindow"], now)

    def open_window() -> None:
        instance.window = None
        if instance.status in USABLE:
            _begin(cloud, instance)
        else:  # nothing is changed while it is stopped: the next window has to do
            later = next_window(instance.document["PreferredMaintenanceWindow"], cloud.clock.now() + 86_400)
            instance.window = Step(later, open_window)

    instance.window = Step(at, open_window)


def _begin(cloud: Cloud, instance: Instance) -> None:
    """Make all that is pending: AWS still answers the old state for a moment, then modifying."""
    instance.window = None
    started_at = cloud.clock.now() + cloud.delays.database_notice
    done_at = started_at + cloud.delays.database_modify

    def make() -> None:
        if _RESTARTS & instance.pending.keys():
            stand_in.restart(cloud, instance)
        instance.becomes("modifying")

    def be_made() -> None:
        grows = bool({"AllocatedStorage", "StorageType"} & instance.pending.keys())
        instance.document |= instance.pending
        instance.pending.clear()
        instance.becomes("available")
        if grows and cloud.delays.database_storage:
            _optimize(cloud, instance, done_at)

    instance.later(started_at, make)
    instance.later(done_at, be_made)


def _optimize(cloud: Cloud, instance: Instance, since: float) -> None:
    """After a change of its storage an instance can be used, but not its storage changed again."""
    instance.storage_until = since + cloud.delays.database_storage
    instance.becomes("storage-optimization")

    def be_optimal() -> None:
        if instance.status == "storage-optimization":
            instance.becomes("available")

    instance.later(instance.storage_until, be_optimal)
