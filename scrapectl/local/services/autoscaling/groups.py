"""CreateAutoScalingGroup and its kin: what AWS checks, and how many instances a group wants."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from scrapectl.local.hosts.instance import hosts_of
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.autoscaling.capacity import reach_desired, terminate
from scrapectl.local.services.autoscaling.state import Group, find, invalid, moment, state_in
from scrapectl.local.services.instance_profiles import instance_role

PROCESSES = frozenset(
    {
        *("Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance"),
        *("HealthCheck", "InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions"),
    }
)
_KEPT = ("AutoScalingGroupName", "LaunchTemplate", "MinSize", "MaxSize", "VPCZoneIdentifier")


@operation("autoscaling", "CreateAutoScalingGroup")
def create(call: Call) -> Params:
    """Make a group."""
    params, state = call.params, state_in(call.cloud, call.region)
    name = params["AutoScalingGroupName"]
    if ":" in name:
        raise invalid("AutoScalingGroupName must not contain a colon")
    if name in state.groups:
        why = " and is pending delete" if state.groups[name].going else ""
        raise Refusal("AlreadyExists", f"AutoScalingGroup by this name already exists{why} - {name}", 400)
    document = {key: params[key] for key in _KEPT if key in params}
    document |= {"CreatedTime": moment(call.cloud.clock.now()), "DefaultCooldown": 300, "HealthCheckType": "EC2"}
    arn = call.arn(f"autoScalingGroup:{uuid.uuid4()}:autoScalingGroupName/{name}")
    group = Group(document | {"AutoScalingGroupARN": arn}, int(params.get("DesiredCapacity") or params["MinSize"]))
    for tag in params.get("Tags") or ():
        group.tags[tag["Key"]] = tag.get("Value", ""), bool(tag.get("PropagateAtLaunch"))
    _check(call, group)
    state.groups[name] = group
    reach_desired(call.cloud, call.region, group, f"a user request created an AutoScalingGroup with {group.desired}")
    return {}


@operation("autoscaling", "UpdateAutoScalingGroup")
def update(call: Call) -> Params:
    """Change what is named."""
    group = find(call)
    before = group.document, group.desired
    group.document = group.document | {key: call.params[key] for key in _KEPT if key in call.params}
    # "a new MinSize larger than the size of the group sets the desired capacity to it" (UpdateAutoScalingGroup)
    low, high = group.document["MinSize"], group.document["MaxSize"]
    group.desired = int(call.params.get("DesiredCapacity") or min(max(group.desired, low), high))
    try:
        _check(call, group)
    except Refusal:
        group.document, group.desired = before
        raise
    reach_desired(call.cloud, call.region, group, "a user request updated the group")
    return {}


@operation("autoscaling", "DeleteAutoScalingGroup")
def delete(call: Call) -> Params:
    """Delete a group; with instances only by force, and then it goes when they have gone."""
    group = find(call)
    if group.instances and not call.params.get("ForceDelete"):
        raise Refusal("ResourceInUse", f"You cannot delete {group.name}: there are still instances in the group.", 400)
    group.going, group.desired = True, 0
    for instance in list(group.instances.values()):
        terminate(call.cloud, call.region, group, instance)
    if not group.instances:
        state_in(call.cloud, call.region).groups.pop(group.name, None)
    return {}


@operation("autoscaling", "DescribeAutoScalingGroups")
def describe(call: Call) -> Params:
    """Answer groups, by name and by tags."""
    names, filters = call.params.get("AutoScalingGroupNames"), call.params.get("Filters") or ()
    groups = state_in(call.cloud, call.region).groups.values()
    found = [group for group in groups if (not names or group.name in names) and _passes(group, filters)]
    return {"AutoScalingGroups": [_described(group) for group in found]}


@operation("autoscaling", "DescribeAutoScalingInstances")
def describe_group_instances(call: Call) -> Params:
    """Answer the instances that groups have, those that are named or all; what is in none is left out."""
    wanted = call.params.get("InstanceIds")
    kept = ("InstanceId", "AvailabilityZone", "LifecycleState", "ProtectedFromScaleIn")
    found = [
        {key: one[key] for key in kept} | {"AutoScalingGroupName": group.name, "HealthStatus": "HEALTHY"}
        for group in state_in(call.cloud, call.region).groups.values()
        for one in _described(group)["Instances"]
        if not wanted or one["InstanceId"] in wanted
    ]
    return {"AutoScalingInstances": found}


@operation("autoscaling", "SetDesiredCapacity")
def set_desired(call: Call) -> Params:
    """Want so many instances."""
    group, wanted = find(call), call.params["DesiredCapacity"]
    if not group.document["MinSize"] <= wanted <= group.document["MaxSize"]:
        limit = "above max" if wanted > group.document["MaxSize"] else "below min"
        raise invalid(f"New SetDesiredCapacity value {wanted} is {limit} value for the AutoScalingGroup.")
    group.desired = wanted
    reach_desired(call.cloud, call.region, group, f"a user request explicitly set group desired capacity to {wanted}")
    return {}


@operation("autoscaling", "TerminateInstanceInAutoScalingGroup")
def terminate_instance(call: Call) -> Params:
    """End an instance; without its capacity lowered another follows."""
    wanted = call.params["InstanceId"]
    for group in state_in(call.cloud, call.region).groups.values():
        if wanted in group.instances:
            if call.params["ShouldDecrementDesiredCapacity"]:
                if group.desired <= group.document["MinSize"]:
                    raise invalid("Currently, desiredSize equals minSize. Terminating would violate the minimum.")
                group.desired -= 1
            activity = terminate(call.cloud, call.region, group, group.instances[wanted])
            reach_desired(call.cloud, call.region, group, "an instance was terminated by a user request")
            return {"Activity": activity}
    raise invalid(f"Instance Id not found - No managed instance found for instance ID: {wanted}")


@operation("autoscaling", "DescribeScalingActivities")
def activities(call: Call) -> Params:
    """Answer what a group has done, the newest first."""
    group = state_in(call.cloud, call.region).groups.get(call.params.get("AutoScalingGroupName", ""))
    return {"Activities": list(reversed(group.activities)) if group else []}


@operation("autoscaling", "SuspendProcesses")
def suspend(call: Call) -> Params:
    """Suspend processes; all when none is named."""
    find(call).suspended |= _processes(call)
    return {}


@operation("autoscaling", "ResumeProcesses")
def resume(call: Call) -> Params:
    """Resume processes; all when none is named."""
    find(call).suspended -= _processes(call)
    return {}


@operation("ec2", "DescribeInstances")
def describe_instances(call: Call) -> Params:
    """Answer the instances of groups, also those that have ended."""
    state, wanted = state_in(call.cloud, call.region), call.params.get("InstanceIds")
    going = {one.id: one for group in state.groups.values() for one in group.instances.values()}
    found = [one for one in {**state.gone, **going}.values() if not wanted or one.id in wanted]
    if missing := sorted(set(wanted or ()) - {one.id for one in found}):
        raise Refusal("InvalidInstanceID.NotFound", f"The instance ID '{missing[0]}' does not exist", 400)
    name = {one.id: "terminated" if one.lost or one.id in state.gone else "running" for one in found}
    told = [{"InstanceId": one.id, "State": {"Name": name[one.id]}, "LaunchTime": moment(one.started)} for one in found]
    return {"Reservations": [{"Instances": [one]} for one in told]}


def _processes(call: Call) -> set[str]:
    named = set(call.params.get("ScalingProcesses") or PROCESSES)
    if unknown := named - PROCESSES:
        raise invalid(f"The process {min(unknown)} is not a valid process name.")
    return named


def _check(call: Call, group: Group) -> None:
    """What AWS tries before it takes a group: sizes, subnets, the template and the profile in it."""
    low, high = group.document["MinSize"], group.document["MaxSize"]
    if not low <= high:
        raise invalid("Max bound, must be greater than or equal to min bound.")
    if not low <= group.desired <= high:
        raise invalid(f"Desired capacity:{group.desired} must be between the specified min size and max size")
    subnets = [subnet for subnet in group.document.get("VPCZoneIdentifier", "").split(",") if subnet]
    if not subnets:
        raise invalid("At least one Availability Zone or VPC Subnet is required.")
    for subnet in subnets:
        with contextlib.suppress(Refusal):
            call.cloud.call("ec2", "DescribeSubnets", {"SubnetIds": [subnet]}, call.region)
            continue
        raise invalid(f"The subnet ID '{subnet}' does not exist")
    data = hosts_of(call.cloud).template(call.region, group.document.get("LaunchTemplate") or {})
    if data is None:
        raise invalid(
            "You must use a valid fully-formed launch template. The specified launch template does not exist."
        )
    profile = (data.get("IamInstanceProfile") or {}).get("Arn")
    if profile and instance_role(call.cloud, profile) is None:
        raise invalid(f"You must use a valid fully-formed launch template. Invalid IAM Instance Profile: {profile}")


def _described(group: Group) -> dict[str, Any]:
    tags = [
        {
            "ResourceId": group.name,
            "ResourceType": "auto-scaling-group",
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": on,
        }
        for key, (value, on) in group.tags.items()
    ]
    instances = [
        {
            "InstanceId": one.id,
            "AvailabilityZone": one.zone,
            "LifecycleState": one.state,
            "HealthStatus": "Healthy",
            "ProtectedFromScaleIn": False,
        }
        for one in group.instances.values()
    ]
    suspended = [{"ProcessName": one, "SuspensionReason": "User suspended"} for one in sorted(group.suspended)]
    zones = sorted({one.zone for one in group.instances.values()})
    status = {"Status": "Delete in progress"} if group.going else {}
    return {
        **group.document,
        "DesiredCapacity": group.desired,
        "Instances": instances,
        "SuspendedProcesses": suspended,
        "Tags": tags,
        "AvailabilityZones": zones,
        "HealthCheckGracePeriod": 0,
        "NewInstancesProtectedFromScaleIn": False,
        **status,
    }


def _passes(group: Group, filters: Any) -> bool:
    values = {key: value for key, (value, _) in group.tags.items()}
    for one in filters:
        key = one["Name"].removeprefix("tag:")
        if not one["Name"].startswith("tag:") or values.get(key) not in one["Values"]:
            return False
    return True
