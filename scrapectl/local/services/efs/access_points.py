"""Access points: a folder made on first use, and the user that everyone who comes through them acts as."""

from __future__ import annotations

import secrets

from scrapectl.local.paging import page, tag_list, tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.efs.state import (
    DELETING,
    AccessPoint,
    bad_request,
    find_file_system,
    must_be_available,
    shown,
    state_of,
)

_SAME = ("FileSystemId", "PosixUser", "RootDirectory")


@operation("efs", "CreateAccessPoint")
def create(call: Call) -> Params:
    """Create one; a token that was used names the one it made."""
    params, state, cloud = call.params, state_of(call), call.cloud
    found = find_file_system(call, params["FileSystemId"])
    must_be_available(found)
    document = {
        "ClientToken": params["ClientToken"],
        "FileSystemId": found.id,
        "PosixUser": params.get("PosixUser"),
        "RootDirectory": params.get("RootDirectory") or {"Path": "/"},
        "OwnerId": call.account,
    }
    for other in state.access_points.values():
        if other.document["ClientToken"] == params["ClientToken"] and other.document["FileSystemId"] == found.id:
            if any(other.document[name] != document[name] for name in _SAME):
                text = f"Access point {other.document['AccessPointId']} exists with this client token."
                raise Refusal("AccessPointAlreadyExists", text, 409)
            return _answer(other)
    name = f"fsap-{secrets.token_hex(8)}1"
    document |= {"AccessPointId": name, "AccessPointArn": call.arn(f"access-point/{name}", "elasticfilesystem")}
    made = AccessPoint(document, tags=tag_map(params.get("Tags")))
    made.begins("creating", cloud.clock.now() + cloud.delays.access_point)
    state.access_points[name] = made
    return _answer(made)


@operation("efs", "DescribeAccessPoints")
def describe(call: Call) -> Params:
    """Answer the named one, those of a file system, or all."""
    params, state = call.params, state_of(call)
    if params.get("AccessPointId") and params.get("FileSystemId"):
        raise bad_request("Only one of AccessPointId and FileSystemId may be given.")
    if params.get("AccessPointId"):
        found = [find_point(call)]
    elif params.get("FileSystemId"):
        found = state.access_points_of(find_file_system(call, params["FileSystemId"]).id)
    else:
        found = list(state.access_points.values())
    listed, token = page(found, params.get("MaxResults"), params.get("NextToken"), code="BadRequest")
    return {"AccessPoints": [_answer(one) for one in listed], "NextToken": token}


@operation("efs", "DeleteAccessPoint")
def delete(call: Call) -> Params:
    """Delete one; its folder stays."""
    find_point(call).begins(DELETING, call.cloud.clock.now() + call.cloud.delays.access_point)
    return {}


def find_point(call: Call) -> AccessPoint:
    """Return the access point that a call names, by id or ARN.

    Raises:
        Refusal: There is none.
    """
    name = call.params["AccessPointId"].rsplit("/", 1)[-1]
    found = state_of(call).access_points.get(name)
    if found is None:
        raise Refusal("AccessPointNotFound", f"Access point {name} does not exist.", 404)
    return found


def _answer(point: AccessPoint) -> Params:
    return shown(point, Name=point.tags.get("Name"), Tags=tag_list(point.tags))
