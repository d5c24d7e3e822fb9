"""Tasks: from one location to another, with interfaces of their own in the network of a file system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.paging import page, tag_map
from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.datasync.state import (
    Location,
    Task,
    find_location,
    find_task,
    invalid,
    new_id,
    shown_time,
    state_of,
)

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_DEFAULTS: dict[str, Any] = {
    "VerifyMode": "POINT_IN_TIME_CONSISTENT",
    "OverwriteMode": "ALWAYS",
    "Atime": "BEST_EFFORT",
    "Mtime": "PRESERVE",
    "Uid": "INT_VALUE",
    "Gid": "INT_VALUE",
    "PreserveDeletedFiles": "PRESERVE",
    "PreserveDevices": "NONE",
    "PosixPermissions": "PRESERVE",
    "BytesPerSecond": -1,
    "TaskQueueing": "ENABLED",
    "LogLevel": "OFF",
    "TransferMode": "CHANGED",
    "SecurityDescriptorCopyFlags": "NONE",
    "ObjectTags": "PRESERVE",
}
_GIVEN = ("Name", "CloudWatchLogGroupArn", "Includes", "Excludes", "Schedule")


@operation("datasync", "CreateTask")
def create(call: Call) -> Params:
    """Create a task between two locations; it takes a while to be available."""
    params, cloud = call.params, call.cloud
    ends = [find_location(call, params[f"{end}LocationArn"]) for end in ("Source", "Destination")]
    options = {**_DEFAULTS, **(params.get("Options") or {})}
    _check_log(options, params.get("CloudWatchLogGroupArn"))
    arn = call.arn(f"task/{new_id('task')}")
    interfaces = [_interfaces(call, end) for end in ends]
    document = {
        "TaskArn": arn,
        "SourceLocationArn": ends[0].arn,
        "DestinationLocationArn": ends[1].arn,
        "SourceNetworkInterfaceArns": [_arn_of(call, one) for one in interfaces[0]],
        "DestinationNetworkInterfaceArns": [_arn_of(call, one) for one in interfaces[1]],
        "Options": options,
        "CreationTime": shown_time(cloud.clock.now()),
        "TaskMode": params.get("TaskMode", "BASIC"),
        **{name: params[name] for name in _GIVEN if params.get(name)},
    }
    ready_at = cloud.clock.now() + cloud.delays.transfer_task
    state_of(call).tasks[arn] = Task(document, tag_map(params.get("Tags")), ready_at, [*interfaces[0], *interfaces[1]])
    return {"TaskArn": arn}


def _check_log(options: dict[str, Any], group: str | None) -> None:
    if options["LogLevel"] != "OFF" and not group:
        raise invalid("CloudWatchLogGroupArn must be given when LogLevel is not OFF.")


def _interfaces(call: Call, location: Location) -> list[str]:
    """DataSync reaches a file system by interfaces of its own, in the subnet and the groups of the location."""
    if location.type != "efs":
        return []
    config = location.document["Ec2Config"]
    params = {
        "SubnetId": config["SubnetArn"].rsplit("/", 1)[-1],
        "Groups": [arn.rsplit("/", 1)[-1] for arn in config["SecurityGroupArns"]],
        "Description": f"AWS created network interface for DataSync {location.arn.rsplit('/', 1)[-1]}",
    }
    made = call.cloud.call("ec2", "CreateNetworkInterface", params, call.region)["NetworkInterface"]
    return [str(made["NetworkInterfaceId"])]


def _arn_of(call: Call, interface: str) -> str:
    return call.arn(f"network-interface/{interface}", "ec2")


@operation("datasync", "DescribeTask")
def describe(call: Call) -> Params:
    """Answer one with its state."""
    found = find_task(call, call.params["TaskArn"])
    running = [one for one in found.open if one.status != "QUEUED"]
    current = {"CurrentTaskExecutionArn": running[0].arn} if running else {}
    return {**found.document, **current, "Status": found.status(call.cloud.clock.now())}


@operation("datasync", "UpdateTask")
def update(call: Call) -> Params:
    """Change what may be changed: not its ends, nor its mode."""
    found, params = find_task(call, call.params["TaskArn"]), call.params
    options = {**found.document["Options"], **(params.get("Options") or {})}
    changed = {name: params[name] for name in _GIVEN if name in params}
    _check_log(options, changed.get("CloudWatchLogGroupArn", found.document.get("CloudWatchLogGroupArn")))
    merged = {**found.document, **changed, "Options": options}
    found.document = {name: value for name, value in merged.items() if value not in ("", [])}
    return {}


@operation("datasync", "ListTasks")
def list_all(call: Call) -> Params:
    """Answer ARN, state and name of all."""
    params, now = call.params, call.cloud.clock.now()
    found = [one for one in state_of(call).tasks.values() if _passes(one, params.get("Filters") or [])]
    listed, token = page(found, params.get("MaxResults"), params.get("NextToken"), code="InvalidRequestException")
    rows = [
        {"TaskArn": one.arn, "Status": one.status(now), "Name": one.document.get("Name"), "TaskMode": "BASIC"}
        for one in listed
    ]
    return {"Tasks": rows, "NextToken": token}


def _passes(task: Task, filters: list[dict[str, Any]]) -> bool:
    for one in filters:
        if one["Name"] != "LocationId" or one["Operator"] not in {"Equals", "In"}:
            raise invalid(f"Filter {one['Name']} {one['Operator']} is not supported.")
        ends = {task.document[f"{end}LocationArn"] for end in ("Source", "Destination")}
        if not ends & set(one["Values"]):
            return False
    return True


@operation("datasync", "DeleteTask")
def delete(call: Call) -> Params:
    """Delete one of which nothing runs; its interfaces go a while after."""
    found, cloud, region = find_task(call, call.params["TaskArn"]), call.cloud, call.region
    if found.open:
        raise invalid(f"Task {found.arn.rsplit('/', 1)[-1]} has executions that have not ended.")
    del state_of(call).tasks[found.arn]
    for interface in found.interfaces:
        outbox_of(cloud).add(_interface_goes(cloud, region, interface), cloud.delays.transfer_interface)
    return {}


def _interface_goes(cloud: Cloud, region: str, interface: str) -> Any:
    return lambda: cloud.call("ec2", "DeleteNetworkInterface", {"NetworkInterfaceId": interface}, region)
