"""CreateFleet and its kin: STOPPED → STARTING → RUNNING → STOPPING, and what is refused in between (AWS-FACTS §16)."""

from __future__ import annotations

from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services import iam
from scrapectl.local.services.appstream.state import (
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    Fleet,
    find_fleet,
    new_document,
    state_in,
)
from scrapectl.local.services.ec2_interfaces import attach

_MEMBERS = (
    *("ImageName", "ImageArn", "InstanceType", "FleetType", "VpcConfig", "MaxUserDurationInSeconds"),
    *("DisconnectTimeoutInSeconds", "IdleDisconnectTimeoutInSeconds", "EnableDefaultInternetAccess"),
    *("IamRoleArn", "StreamView", "DisplayName", "Description"),
)
_DEFAULTS = {
    "FleetType": "ALWAYS_ON",
    "StreamView": "APP",
    "MaxUserDurationInSeconds": 57_600,
    "DisconnectTimeoutInSeconds": 900,
    "IdleDisconnectTimeoutInSeconds": 0,
    "EnableDefaultInternetAccess": False,
}
_RANGES = {
    "MaxUserDurationInSeconds": (600, 432_000),
    "DisconnectTimeoutInSeconds": (60, 36_000),
    "IdleDisconnectTimeoutInSeconds": (60, 36_000),
}
_WHILE_RUNNING = {
    *("Name", "DisplayName", "ComputeCapacity", "ImageArn", "ImageName"),
    *("IdleDisconnectTimeoutInSeconds", "DisconnectTimeoutInSeconds"),
}
_ATTRIBUTES = {"IAM_ROLE_ARN": "IamRoleArn", "VPC_CONFIGURATION": "VpcConfig"}


@operation("appstream", "CreateFleet")
def create(call: Call) -> Params:
    """Make a fleet, which stands still."""
    params = call.params
    document = {**_DEFAULTS, **new_document(call, "fleet", _MEMBERS)}
    if not params.get("ImageName") and not params.get("ImageArn"):
        raise _combination("An image name or ARN must be specified.")
    if "DesiredInstances" not in (params.get("ComputeCapacity") or {}):
        raise _combination("ComputeCapacity is required for Always-On and On-Demand fleets.")
    _check(call)
    made = Fleet(document, params["ComputeCapacity"]["DesiredInstances"], tags=dict(params.get("Tags") or {}))
    state_in(call.cloud, call.region).fleets[params["Name"]] = made
    return {"Fleet": shown(made)}


def _check(call: Call) -> None:
    params = call.params
    for name, (least, most) in _RANGES.items():
        value = params.get(name)
        if value is not None and not (least <= value <= most or (name.startswith("Idle") and value == 0)):
            raise _combination(f"{name} must be between {least} and {most}.")
    if not params.get("InstanceType", "stream.").startswith("stream."):
        raise _combination(f"The instance type {params['InstanceType']} is not valid.")
    role = params.get("IamRoleArn")
    if role and not iam.can_be_assumed(call.cloud, role, "appstream.amazonaws.com"):
        raise Refusal("InvalidRoleException", f"AppStream cannot assume the role {role}.", 400)
    network = params.get("VpcConfig") or {}
    asked = {"DescribeSubnets": "SubnetIds", "DescribeSecurityGroups": "GroupIds"}
    ids = {"SubnetIds": network.get("SubnetIds"), "GroupIds": network.get("SecurityGroupIds")}
    for operation_, name in asked.items():
        if ids[name]:
            try:
                call.cloud.call("ec2", operation_, {name: ids[name]}, call.region)
            except Refusal as refusal:
                raise Refusal("ResourceNotFoundException", refusal.message, 400) from refusal


def _combination(text: str) -> Refusal:
    return Refusal("InvalidParameterCombinationException", text, 400)


@operation("appstream", "UpdateFleet")
def update(call: Call) -> Params:
    """Change a fleet that stands still in all, one that runs in some respects (its API reference)."""
    params, found = call.params, find_fleet(call, call.params["Name"])
    if found.state in {STARTING, STOPPING}:
        raise Refusal("OperationNotPermittedException", f"The fleet is {found.state}; it cannot be updated.", 400)
    if found.state == RUNNING and not set(params) <= _WHILE_RUNNING:
        fields = ", ".join(sorted(set(params) - _WHILE_RUNNING))
        raise Refusal("ResourceInUseException", f"The fleet must be stopped to update {fields}.", 400)
    _check(call)
    found.document |= {name: params[name] for name in _MEMBERS if name in params}
    for attribute in params.get("AttributesToDelete") or ():
        found.document.pop(_ATTRIBUTES.get(attribute, ""), None)
    if "ComputeCapacity" in params:
        found.desired = params["ComputeCapacity"]["DesiredInstances"]
    return {"Fleet": shown(found)}


@operation("appstream", "DescribeFleets")
def describe(call: Call) -> Params:
    """Answer the named fleets, all of which must stand, or every one."""
    names = call.params.get("Names")
    standing = state_in(call.cloud, call.region).fleets
    return {"Fleets": [shown(find_fleet(call, name)) for name in names or standing]}


def shown(fleet: Fleet) -> Params:
    """What DescribeFleets answers of one."""
    running = fleet.desired if fleet.state == RUNNING else 0
    capacity = {"Desired": fleet.desired, "Running": running, "InUse": 0, "Available": running}
    return {**fleet.document, "State": fleet.state, "ComputeCapacityStatus": capacity, "FleetErrors": []}


@operation("appstream", "StartFleet")
def start(call: Call) -> Params:
    """Begin to start one that stands still; its instances get interfaces in its network."""
    found, cloud = find_fleet(call, call.params["Name"]), call.cloud
    if found.state != STOPPED:
        raise Refusal("OperationNotPermittedException", f"The fleet is {found.state}; it cannot be started.", 400)
    role = found.document.get("IamRoleArn")
    if role and not iam.can_be_assumed(cloud, role, "appstream.amazonaws.com"):
        raise Refusal("InvalidRoleException", f"AppStream cannot assume the role {role}.", 400)
    network = found.document.get("VpcConfig") or {}
    subnets = network.get("SubnetIds") or []
    for number in range(found.desired if subnets else 0):
        attach(
            cloud,
            call.region,
            found.arn,
            subnets[number % len(subnets)],
            network.get("SecurityGroupIds") or (),
            description=f"AppStream 2.0 fleet {found.document['Name']}",
        )
    found.begins(STARTING, cloud.clock.now() + cloud.delays.fleet_start)
    return {}


@operation("appstream", "StopFleet")
def stop(call: Call) -> Params:
    """Begin to stop one that runs."""
    found, cloud = find_fleet(call, call.params["Name"]), call.cloud
    if found.state == STARTING:
        raise Refusal("ConcurrentModificationException", "The fleet is being started.", 400)
    if found.state == RUNNING:
        found.begins(STOPPING, cloud.clock.now() + cloud.delays.fleet_stop)
    return {}


@operation("appstream", "DeleteFleet")
def delete(call: Call) -> Params:
    """Delete one that stands still and that no stack streams from."""
    name = call.params["Name"]
    found, state = find_fleet(call, name), state_in(call.cloud, call.region)
    if found.state != STOPPED:
        raise Refusal("ResourceInUseException", "The fleet must be stopped before it is deleted.", 400)
    if any(stack.fleet == name for stack in state.stacks.values()):
        raise Refusal("ResourceInUseException", "The fleet is associated with a stack.", 400)
    del state.fleets[name]
    return {}
