"""Snapshots of namespaces: taken with a namespace's last breath, listed, deleted; what is in them is not kept."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.redshift_serverless.state import Namespace, find_namespace, invalid, state_in

_SERVICE = "redshift-serverless"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_LONGEST = 255


def check_snapshot_name(call: Call, name: str) -> None:
    """Refuse a name that is none, or in use.

    Raises:
        Refusal: As AWS says it.
    """
    if not _NAME.match(name) or len(name) > _LONGEST:
        raise invalid(f"Invalid snapshot name: {name}")
    if name in state_in(call.cloud, call.region).snapshots:
        raise Refusal("ConflictException", f"The snapshot {name} already exists.", 400)


def take(call: Call, namespace: Namespace, name: str) -> Params:
    """Note a snapshot of a namespace."""
    number = str(uuid.uuid4())
    made = {
        "snapshotName": name,
        "snapshotArn": call.arn(f"snapshot/{number}"),
        "namespaceName": namespace.document["namespaceName"],
        "namespaceArn": namespace.arn,
        "adminUsername": namespace.document["adminUsername"],
        "ownerAccount": call.account,
        "status": "AVAILABLE",
        "snapshotRetentionPeriod": call.params.get("finalSnapshotRetentionPeriod", -1),
        "snapshotCreateTime": datetime.fromtimestamp(call.cloud.clock.now(), UTC),
    }
    state_in(call.cloud, call.region).snapshots[name] = made
    return made


@operation(_SERVICE, "CreateSnapshot")
def create(call: Call) -> Params:
    """Take a snapshot."""
    namespace = find_namespace(call, call.params["namespaceName"])
    check_snapshot_name(call, call.params["snapshotName"])
    return {"snapshot": take(call, namespace, call.params["snapshotName"])}


@operation(_SERVICE, "ListSnapshots")
def list_all(call: Call) -> Params:
    """Answer all, or those of a namespace."""
    wanted = call.params.get("namespaceName")
    known = state_in(call.cloud, call.region).snapshots.values()
    found = [each for each in known if wanted in (None, each["namespaceName"])]
    some, token = page(found, call.params.get("maxResults"), call.params.get("nextToken"))
    return {"snapshots": some, "nextToken": token}


@operation(_SERVICE, "GetSnapshot")
def get(call: Call) -> Params:
    """Answer one."""
    return {"snapshot": _find(call)}


@operation(_SERVICE, "DeleteSnapshot")
def delete(call: Call) -> Params:
    """Delete one."""
    found = _find(call)
    del state_in(call.cloud, call.region).snapshots[found["snapshotName"]]
    return {"snapshot": found}


def _find(call: Call) -> Params:
    found = state_in(call.cloud, call.region).snapshots.get(call.params.get("snapshotName", ""))
    if found is None:
        raise Refusal("ResourceNotFoundException", "The snapshot is not found", 404)
    return found
