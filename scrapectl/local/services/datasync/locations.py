"""Locations in S3 and EFS: made, described, changed, listed, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scrapectl.local.paging import page, tag_map
from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.datasync.access import try_access
from scrapectl.local.services.datasync.state import (
    Location,
    find_location,
    invalid,
    new_id,
    shown_time,
    state_of,
)


@operation("datasync", "CreateLocationS3")
def create_s3(call: Call) -> Params:
    """Create a location in a bucket that DataSync can read."""
    params = call.params
    more = {"S3StorageClass": params.get("S3StorageClass", "STANDARD"), "S3Config": params["S3Config"]}
    bucket = params["S3BucketArn"].rpartition(":")[2]
    return _create(call, "s3", _uri("s3", bucket, params.get("Subdirectory")), more)


@operation("datasync", "CreateLocationEfs")
def create_efs(call: Call) -> Params:
    """Create a location in a file system that DataSync can mount."""
    params = call.params
    restricted = params.get("AccessPointArn") or params.get("FileSystemAccessRoleArn")
    encryption = params.get("InTransitEncryption", "NONE")
    if restricted and encryption != "TLS1_2":
        raise invalid("InTransitEncryption must be TLS1_2 when an access point or a file system access role is given.")
    given = ("Ec2Config", "AccessPointArn", "FileSystemAccessRoleArn")
    more = {"InTransitEncryption": encryption, **{name: params[name] for name in given if params.get(name)}}
    host = f"{call.region}.{params['EfsFilesystemArn'].rsplit('/', 1)[-1]}"
    return _create(call, "efs", _uri("efs", host, params.get("Subdirectory")), more)


def _uri(scheme: str, host: str, folder: str | None) -> str:
    inside = (folder or "").strip("/")
    return f"{scheme}://{host}/{inside}/" if inside else f"{scheme}://{host}/"


def _create(call: Call, type_: str, uri: str, more: dict[str, Any]) -> Params:
    arn = call.arn(f"location/{new_id('loc')}")
    document = {
        "LocationArn": arn,
        "LocationUri": uri,
        "CreationTime": shown_time(call.cloud.clock.now()),
        **more,
    }
    made = Location(document, type_, tag_map(call.params.get("Tags")))
    try_access(call.cloud, call.region, made)
    state_of(call).locations[arn] = made
    return {"LocationArn": arn}


@operation("datasync", "DescribeLocationS3")
def describe_s3(call: Call) -> Params:
    """Answer one in a bucket."""
    return _of_type(call, "s3").document


@operation("datasync", "DescribeLocationEfs")
def describe_efs(call: Call) -> Params:
    """Answer one in a file system."""
    return _of_type(call, "efs").document


@operation("datasync", "UpdateLocationS3")
def update_s3(call: Call) -> Params:
    """Change its folder, storage class or role; it is tried as it will be."""
    return _update(call, _of_type(call, "s3"), ("S3StorageClass", "S3Config"))


@operation("datasync", "UpdateLocationEfs")
def update_efs(call: Call) -> Params:
    """Change its folder, access point, role or encryption; it is tried as it will be."""
    return _update(call, _of_type(call, "efs"), ("AccessPointArn", "FileSystemAccessRoleArn", "InTransitEncryption"))


def _update(call: Call, found: Location, names: tuple[str, ...]) -> Params:
    document = found.document | {name: call.params[name] for name in names if name in call.params}
    if "Subdirectory" in call.params:
        scheme, _, rest = document["LocationUri"].partition("://")
        document["LocationUri"] = _uri(scheme, rest.partition("/")[0], call.params["Subdirectory"])
    try_access(call.cloud, call.region, Location(document, found.type, {}))
    found.document = document
    return {}


def _of_type(call: Call, type_: str) -> Location:
    found = find_location(call, call.params["LocationArn"])
    if found.type != type_:
        raise invalid(f"Location {found.arn.rsplit('/', 1)[-1]} is not of type {type_.upper()}.")
    return found


@operation("datasync", "ListLocations")
def list_all(call: Call) -> Params:
    """Answer ARN and URI of those that pass every filter."""
    found = [one for one in state_of(call).locations.values() if _passes(one, call.params.get("Filters") or [])]
    listed, token = page(
        found, call.params.get("MaxResults"), call.params.get("NextToken"), code="InvalidRequestException"
    )
    rows = [{"LocationArn": one.arn, "LocationUri": one.document["LocationUri"]} for one in listed]
    return {"Locations": rows, "NextToken": token}


_TESTS: dict[str, Callable[[str, list[str]], bool]] = {
    "Equals": lambda value, wanted: value in wanted,
    "In": lambda value, wanted: value in wanted,
    "NotEquals": lambda value, wanted: value not in wanted,
    "Contains": lambda value, wanted: any(one in value for one in wanted),
    "NotContains": lambda value, wanted: not any(one in value for one in wanted),
    "BeginsWith": lambda value, wanted: any(value.startswith(one) for one in wanted),
}


def _passes(location: Location, filters: list[dict[str, Any]]) -> bool:
    values = {"LocationUri": location.document["LocationUri"], "LocationType": location.type.upper()}
    for one in filters:
        test = _TESTS.get(one["Operator"])
        if one["Name"] not in values or test is None:
            raise invalid(f"Filter {one['Name']} {one['Operator']} is not supported.")
        if not test(values[one["Name"]], one["Values"]):
            return False
    return True


@operation("datasync", "DeleteLocation")
def delete(call: Call) -> Params:
    """Delete one that no task uses."""
    found = find_location(call, call.params["LocationArn"])
    for task in state_of(call).tasks.values():
        if found.arn in (task.document["SourceLocationArn"], task.document["DestinationLocationArn"]):
            name = found.arn.rsplit("/", 1)[-1]
            raise invalid(f"Location {name} is in use by task {task.arn.rsplit('/', 1)[-1]}.")
    del state_of(call).locations[found.arn]
    return {}
