"""CreateFileSystem, UpdateFileSystem, DescribeFileSystems and DeleteFileSystem."""

from __future__ import annotations

import secrets
import shutil
from typing import Any

from scrapectl.local.paging import page, tag_list, tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.efs.folders import root_of, size_of
from scrapectl.local.services.efs.state import (
    DELETING,
    FileSystem,
    bad_request,
    find_file_system,
    must_be_available,
    shown,
    shown_time,
    state_of,
)

_DAY = 86_400
_NAME = "Name"


@operation("efs", "CreateFileSystem")
def create(call: Call) -> Params:
    """Create a file system, unless its token was used for one that stands."""
    params, state, cloud = call.params, state_of(call), call.cloud
    for other in state.file_systems.values():
        if other.document["CreationToken"] == params["CreationToken"]:
            text = f"File system '{other.id}' already exists with creation token '{params['CreationToken']}'"
            raise Refusal("FileSystemAlreadyExists", text, 409)
    _check_throughput(params.get("ThroughputMode", "bursting"), params)
    if params.get("KmsKeyId") and not params.get("Encrypted"):
        raise bad_request("KmsKeyId is specified, but Encrypted is not.")
    if params.get("PerformanceMode") == "maxIO" and params.get("ThroughputMode") == "elastic":
        raise bad_request("Elastic throughput mode is not supported with the maxIO performance mode.")
    name = f"fs-{secrets.token_hex(8)}1"
    document = {
        "OwnerId": call.account,
        "CreationToken": params["CreationToken"],
        "FileSystemId": name,
        "FileSystemArn": call.arn(f"file-system/{name}", "elasticfilesystem"),
        "CreationTime": shown_time(cloud.clock.now()),
        "PerformanceMode": params.get("PerformanceMode", "generalPurpose"),
        "Encrypted": bool(params.get("Encrypted")),
        "KmsKeyId": _key(call),
        "ThroughputMode": params.get("ThroughputMode", "bursting"),
        "ProvisionedThroughputInMibps": params.get("ProvisionedThroughputInMibps"),
        "FileSystemProtection": {"ReplicationOverwriteProtection": "ENABLED"},
    }
    made = FileSystem(document, tags=tag_map(params.get("Tags")), backup=bool(params.get("Backup")))
    made.begins("creating", cloud.clock.now() + cloud.delays.file_system)
    state.file_systems[name] = made
    return describe_one(call, made)


def _key(call: Call) -> str | None:
    """The ARN of the key it is encrypted with: AWS's own for EFS when none is named."""
    if not call.params.get("Encrypted"):
        return None
    named = call.params.get("KmsKeyId") or "alias/aws/elasticfilesystem"
    if named.startswith("arn:"):
        return str(named)
    try:
        found = call.cloud.call("kms", "DescribeKey", {"KeyId": named}, call.region)
    except Refusal as refusal:
        raise bad_request(f"KMS key {named}: {refusal.message}") from refusal
    return str(found["KeyMetadata"]["Arn"])


def _check_throughput(mode: str, params: Params) -> None:
    given = params.get("ProvisionedThroughputInMibps")
    if mode == "provisioned" and given is None:
        raise bad_request("ProvisionedThroughputInMibps is required when ThroughputMode is provisioned.")
    if mode != "provisioned" and given is not None:
        raise bad_request("ProvisionedThroughputInMibps cannot be set unless ThroughputMode is provisioned.")


@operation("efs", "UpdateFileSystem")
def update(call: Call) -> Params:
    """Change throughput: up at any time, down or to another mode once in 24 hours (EFS User Guide, "Throughput")."""
    params, cloud = call.params, call.cloud
    found = find_file_system(call, params["FileSystemId"])
    must_be_available(found)
    before = found.document
    mode = params.get("ThroughputMode", before["ThroughputMode"])
    _check_throughput(mode, params)
    more = params.get("ProvisionedThroughputInMibps")
    lowered = mode == before["ThroughputMode"] == "provisioned" and more < before["ProvisionedThroughputInMibps"]
    if mode != before["ThroughputMode"] or lowered:
        now = cloud.clock.now()
        if found.slowed_at is not None and now - found.slowed_at < _DAY:
            text = "Throughput mode can be changed, or provisioned throughput lowered, once in 24 hours."
            raise Refusal("TooManyRequests", text, 429)
        found.slowed_at = now
    before |= {"ThroughputMode": mode, "ProvisionedThroughputInMibps": more}
    found.begins("updating", cloud.clock.now() + cloud.delays.file_system)
    return describe_one(call, found)


@operation("efs", "DescribeFileSystems")
def describe(call: Call) -> Params:
    """Answer the named one, the one of a token, or all."""
    params, state = call.params, state_of(call)
    if params.get("FileSystemId"):
        found = [find_file_system(call, params["FileSystemId"])]
    else:
        token = params.get("CreationToken")
        found = [one for one in state.file_systems.values() if token in {None, one.document["CreationToken"]}]
    listed, marker = page(found, params.get("MaxItems"), params.get("Marker"), code="BadRequest")
    return {"FileSystems": [describe_one(call, one) for one in listed], "NextMarker": marker}


def describe_one(call: Call, one: FileSystem) -> Params:
    """What Describe answers of a file system."""
    size = size_of(root_of(call.cloud, one.id))
    now = shown_time(call.cloud.clock.now())
    more: dict[str, Any] = {
        "Name": one.tags.get(_NAME),
        "NumberOfMountTargets": len(state_of(call).mount_targets_of(one.id)),
        "SizeInBytes": {"Value": size, "Timestamp": now, "ValueInIA": 0, "ValueInStandard": size, "ValueInArchive": 0},
        "Tags": tag_list(one.tags),
    }
    return shown(one, **more)


@operation("efs", "DeleteFileSystem")
def delete(call: Call) -> Params:
    """Delete one that has no mount target left, with its access points and all that is in it."""
    found, state = find_file_system(call, call.params["FileSystemId"]), state_of(call)
    if found.state == DELETING:
        return {}
    must_be_available(found)
    if state.mount_targets_of(found.id):
        raise Refusal("FileSystemInUse", f"File system '{found.id}' has mount targets.", 409)
    for point in state.access_points_of(found.id):
        del state.access_points[point.document["AccessPointId"]]
    found.begins(DELETING, call.cloud.clock.now() + call.cloud.delays.file_system)
    shutil.rmtree(root_of(call.cloud, found.id), ignore_errors=True)
    return {}
