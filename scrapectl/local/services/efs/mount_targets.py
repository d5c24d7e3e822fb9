"""Mount targets: one in a zone, all in one VPC, each with an interface that holds its subnet and security groups."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services.efs.state import (
    AVAILABLE,
    DELETING,
    MountTarget,
    bad_request,
    find_file_system,
    must_be_available,
    shown,
    state_in,
    state_of,
)

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_MOST_GROUPS = 5


@operation("efs", "CreateMountTarget")
def create(call: Call) -> Params:
    """Create one in a zone that has none yet."""
    params, cloud = call.params, call.cloud
    found = find_file_system(call, params["FileSystemId"])
    must_be_available(found)
    subnet = _subnet(call, params["SubnetId"])
    for other in state_of(call).mount_targets_of(found.id):
        if other.document["AvailabilityZoneName"] == subnet["AvailabilityZone"]:
            raise Refusal("MountTargetConflict", "mount target already exists in this AZ", 409)
        if other.document["VpcId"] != subnet["VpcId"]:
            text = "requested subnet for new mount target is not in the same VPC as existing mount targets"
            raise Refusal("MountTargetConflict", text, 409)
    groups = _groups(call, params.get("SecurityGroups") or [], subnet["VpcId"])
    name = f"fsmt-{secrets.token_hex(8)}1"
    interface = _interface(call, found.id, name, groups)
    document = {
        "OwnerId": call.account,
        "MountTargetId": name,
        "FileSystemId": found.id,
        "SubnetId": subnet["SubnetId"],
        "IpAddress": interface["PrivateIpAddress"],
        "NetworkInterfaceId": interface["NetworkInterfaceId"],
        "AvailabilityZoneId": subnet["AvailabilityZoneId"],
        "AvailabilityZoneName": subnet["AvailabilityZone"],
        "VpcId": subnet["VpcId"],
    }
    made = MountTarget(document, groups=[group["GroupId"] for group in interface["Groups"]])
    made.begins("creating", cloud.clock.now() + cloud.delays.mount_target)
    state_of(call).mount_targets[name] = made
    return shown(made)


def _subnet(call: Call, name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = call.cloud.call("ec2", "DescribeSubnets", {"SubnetIds": [name]}, call.region)
    except Refusal:
        raise Refusal("SubnetNotFound", f"The subnet ID '{name}' does not exist", 400) from None
    subnet: dict[str, Any] = found["Subnets"][0]
    return subnet


def _groups(call: Call, groups: list[str], vpc: str) -> list[str]:
    if len(groups) > _MOST_GROUPS:
        text = "The maximum number of security groups per interface has been reached."
        raise Refusal("SecurityGroupLimitExceeded", text, 400)
    if not groups:
        return []
    try:
        found = call.cloud.call("ec2", "DescribeSecurityGroups", {"GroupIds": groups}, call.region)["SecurityGroups"]
    except Refusal as refusal:
        raise Refusal("SecurityGroupNotFound", refusal.message, 400) from None
    if any(group["VpcId"] != vpc for group in found):
        raise Refusal("SecurityGroupNotFound", f"One or more security groups are not in VPC {vpc}.", 400)
    return groups


def _interface(call: Call, file_system: str, target: str, groups: list[str]) -> dict[str, Any]:
    params: dict[str, Any] = {
        "SubnetId": call.params["SubnetId"],
        "Description": f"EFS mount target for {file_system} ({target})",
    }
    if groups:
        params["Groups"] = groups
    if call.params.get("IpAddress"):
        params["PrivateIpAddress"] = call.params["IpAddress"]
    made: dict[str, Any] = call.cloud.call("ec2", "CreateNetworkInterface", params, call.region)["NetworkInterface"]
    return made


@operation("efs", "DescribeMountTargets")
def describe(call: Call) -> Params:
    """Answer those of a file system or an access point, or the named one."""
    params, state = call.params, state_of(call)
    if params.get("MountTargetId"):
        found = [find_target(call)]
    elif params.get("AccessPointId"):
        point = state.access_points.get(params["AccessPointId"].rsplit("/", 1)[-1])
        if point is None:
            raise Refusal("AccessPointNotFound", f"Access point {params['AccessPointId']} does not exist.", 404)
        found = state.mount_targets_of(point.document["FileSystemId"])
    elif params.get("FileSystemId"):
        found = state.mount_targets_of(find_file_system(call, params["FileSystemId"]).id)
    else:
        raise bad_request("A file system ID, an access point ID or a mount target ID is required.")
    listed, marker = page(found, params.get("MaxItems"), params.get("Marker"), code="BadRequest")
    return {"MountTargets": [shown(one) for one in listed], "NextMarker": marker}


@operation("efs", "DescribeMountTargetSecurityGroups")
def describe_groups(call: Call) -> Params:
    """Answer its security groups."""
    found = find_target(call)
    if found.state == DELETING:
        raise _wrong_state(found)
    return {"SecurityGroups": found.groups}


@operation("efs", "ModifyMountTargetSecurityGroups")
def modify_groups(call: Call) -> Params:
    """Give it other security groups, in place of all that it has."""
    found = find_target(call)
    if found.state != AVAILABLE:
        raise _wrong_state(found)
    groups = _groups(call, call.params.get("SecurityGroups") or [], found.document["VpcId"])
    if groups:
        interface = {"NetworkInterfaceId": found.document["NetworkInterfaceId"], "Groups": groups}
        call.cloud.call("ec2", "ModifyNetworkInterfaceAttribute", interface, call.region)
        found.groups = groups
    return {}


@operation("efs", "DeleteMountTarget")
def delete(call: Call) -> Params:
    """Delete one; its interface stays until it is gone."""
    found, cloud, region = find_target(call), call.cloud, call.region
    if found.state != DELETING:
        found.begins(DELETING, cloud.clock.now() + cloud.delays.mount_target_delete)
        outbox_of(cloud).add(lambda: _settle(cloud, region), cloud.delays.mount_target_delete)
    return {}


def _settle(cloud: Cloud, region: str) -> None:
    """Let EC2 know that an interface has gone, though nobody asks EFS."""
    with cloud.lock:
        state_in(cloud, region)


def find_target(call: Call) -> MountTarget:
    """Return the mount target that a call names.

    Raises:
        Refusal: There is none.
    """
    name = call.params["MountTargetId"]
    found = state_of(call).mount_targets.get(name)
    if found is None:
        raise Refusal("MountTargetNotFound", f"Mount target '{name}' does not exist.", 404)
    return found


def _wrong_state(found: MountTarget) -> Refusal:
    text = f"Mount target '{found.document['MountTargetId']}' is in life cycle state '{found.state}'."
    return Refusal("IncorrectMountTargetState", text, 409)


@check("ec2", "DeleteSecurityGroup")
def check_delete_group(call: Call) -> None:
    """Refuse to delete a group that a mount target is in."""
    group = call.params.get("GroupId")
    if any(group in target.groups for target in state_of(call).mount_targets.values()):
        raise Refusal("DependencyViolation", f"resource {group} has a dependent object", 400)


@check("ec2", "DeleteSubnet")
def check_delete_subnet(call: Call) -> None:
    """Refuse to delete a subnet that a mount target stands in."""
    subnet = call.params["SubnetId"]
    if any(target.document["SubnetId"] == subnet for target in state_of(call).mount_targets.values()):
        text = f"The subnet '{subnet}' has dependencies and cannot be deleted."
        raise Refusal("DependencyViolation", text, 400)
