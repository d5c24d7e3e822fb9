"""DB snapshots: taken by hand or with an instance's last breath, listed, deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapectl.local.paging import page, tag_list
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.rds.checks import check_identifier
from scrapectl.local.services.rds.state import USABLE, Instance, find, state_of, wrong_state
from scrapectl.local.services.rds.tags import check_tags

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_LONGEST = 255
_COPIED = ("DBInstanceIdentifier", "DbiResourceId", "Engine", "EngineVersion", "AllocatedStorage", "AvailabilityZone",
           "MasterUsername", "LicenseModel", "StorageType", "Iops", "StorageThroughput", "KmsKeyId",
           "InstanceCreateTime")  # fmt: skip


@operation("rds", "CreateDBSnapshot")
def create(call: Call) -> Params:
    """Take a snapshot of an instance that runs."""
    instance = find(call)
    if instance.status not in USABLE:
        raise _unavailable(instance)
    return {
        "DBSnapshot": take(call, instance, call.params["DBSnapshotIdentifier"], check_tags(call.params.get("Tags")))
    }


def _unavailable(instance: Instance) -> Refusal:
    return wrong_state(
        f"Cannot create a snapshot because the database instance {instance.name} is not currently in the available "
        "state."
    )


def check_final(call: Call, instance: Instance, name: str) -> None:
    """Refuse a final snapshot of an instance that is neither running nor stopped, and a name in use.

    Raises:
        Refusal: As AWS says it.
    """
    if instance.status not in USABLE | {"stopped"}:
        raise _unavailable(instance)
    _check_name(call, name)


def _check_name(call: Call, name: str) -> str:
    name = check_identifier(name, "DBSnapshotIdentifier", _LONGEST)
    if name in state_of(call).snapshots:
        text = f"Cannot create the snapshot because a snapshot with the identifier {name} already exists."
        raise Refusal("DBSnapshotAlreadyExists", text, 400)
    return name


def take(call: Call, instance: Instance, name: str, tags: dict[str, str]) -> dict[str, Any]:
    """Take a snapshot and return it as Describe answers it; with the instance's tags when it copies them.

    Raises:
        Refusal: The name is none, or in use.
    """
    name, state, document = _check_name(call, name), state_of(call), instance.document
    arn, cloud = call.arn(f"snapshot:{name}"), call.cloud
    snapshot = {key: document.get(key) for key in _COPIED} | {
        "DBSnapshotIdentifier": name,
        "DBSnapshotArn": arn,
        "SnapshotType": "manual",
        "Status": "creating",
        "PercentProgress": 0,
        "Encrypted": document["StorageEncrypted"],
        "Port": document["ListenerPort"],
        "VpcId": document["DBSubnetGroup"]["VpcId"],
        "SnapshotCreateTime": datetime.fromtimestamp(cloud.clock.now(), UTC),
        "SnapshotTarget": "region",
    }
    state.snapshots[name] = snapshot
    state.tags[arn] = (dict(instance.tags) if document["CopyTagsToSnapshot"] else {}) | tags
    state.taken[name] = cloud.clock.now() + cloud.delays.database_snapshot
    return _shown(cloud, call, snapshot)


def _shown(cloud: Cloud, call: Call, snapshot: dict[str, Any]) -> dict[str, Any]:
    state = state_of(call)
    if state.taken.get(snapshot["DBSnapshotIdentifier"], 0.0) <= cloud.clock.now():
        snapshot |= {"Status": "available", "PercentProgress": 100}
    return snapshot | {"TagList": tag_list(state.tags.get(snapshot["DBSnapshotArn"], {}))}


@operation("rds", "DescribeDBSnapshots")
def describe(call: Call) -> Params:
    """Answer the named snapshot, an instance's, or all."""
    params, state = call.params, state_of(call)
    name, of = params.get("DBSnapshotIdentifier"), params.get("DBInstanceIdentifier")
    found = [_find(call, name)] if name else list(state.snapshots.values())
    found = [one for one in found if not of or one["DBInstanceIdentifier"] == of.lower()]
    found = [one for one in found if params.get("SnapshotType", "manual") == one["SnapshotType"]]
    shown, marker = page(found, params.get("MaxRecords"), params.get("Marker"), code="InvalidParameterValue")
    return {"DBSnapshots": [_shown(call.cloud, call, one) for one in shown], "Marker": marker}


def _find(call: Call, name: str) -> dict[str, Any]:
    name = name.rpartition(":")[2].lower()
    if name not in state_of(call).snapshots:
        raise Refusal("DBSnapshotNotFound", f"DBSnapshot {name} not found.", 404)
    found: dict[str, Any] = state_of(call).snapshots[name]
    return found


@operation("rds", "DeleteDBSnapshot")
def delete(call: Call) -> Params:
    """Delete a snapshot that is whole."""
    snapshot, state = _find(call, call.params["DBSnapshotIdentifier"]), state_of(call)
    shown = _shown(call.cloud, call, snapshot)
    if shown["Status"] != "available":
        text = f"Cannot delete the snapshot {shown['DBSnapshotIdentifier']} because it is being created."
        raise Refusal("InvalidDBSnapshotState", text, 400)
    del state.snapshots[shown["DBSnapshotIdentifier"]]
    state.tags.pop(shown["DBSnapshotArn"], None)
    return {"DBSnapshot": shown | {"Status": "deleted"}}
