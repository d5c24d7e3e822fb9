"""Scheduled actions: what AWS takes for one, and what a group wants when their time has come."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.autoscaling.capacity import reach_desired
from scrapectl.local.services.autoscaling.state import Action, AutoscalingState, find, invalid, moment, state_in
from scrapectl.spec.cron import CronProblem, check_timezone, next_times
from scrapectl.spec.cron_unix import six_fields

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_KEPT = (
    "ScheduledActionName",
    "Recurrence",
    "TimeZone",
    "StartTime",
    "EndTime",
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
)
_TOO_LATE = 120.0  # seconds; a laptop that wakes up does not start all that was due while it slept


@operation("autoscaling", "PutScheduledUpdateGroupAction")
def put(call: Call) -> Params:
    """Put one action."""
    _put(call, call.params)
    return {}


@operation("autoscaling", "BatchPutScheduledUpdateGroupAction")
def put_many(call: Call) -> Params:
    """Put all, or none."""
    find(call)
    for request in call.params["ScheduledUpdateGroupActions"]:
        _check(request)
    for request in call.params["ScheduledUpdateGroupActions"]:
        _put(call, request)
    return {"FailedScheduledUpdateGroupActions": []}


@operation("autoscaling", "DeleteScheduledAction")
def delete(call: Call) -> Params:
    """Delete one action."""
    if find(call).actions.pop(call.params["ScheduledActionName"], None) is None:
        raise invalid("Scheduled action name not found")
    return {}


@operation("autoscaling", "BatchDeleteScheduledAction")
def delete_many(call: Call) -> Params:
    """Delete actions; those that are not there are told."""
    actions = find(call).actions
    missing = [name for name in call.params["ScheduledActionNames"] if actions.pop(name, None) is None]
    told = {"ErrorCode": "ValidationError", "ErrorMessage": "Scheduled action name not found"}
    return {"FailedScheduledActions": [{"ScheduledActionName": name, **told} for name in missing]}


@operation("autoscaling", "DescribeScheduledActions")
def describe(call: Call) -> Params:
    """Answer the actions of a group, or of all."""
    name, wanted = call.params.get("AutoScalingGroupName"), call.params.get("ScheduledActionNames")
    groups = state_in(call.cloud, call.region).groups.values()
    return {
        "ScheduledUpdateGroupActions": [
            _described(call, group.name, action.document)
            for group in groups
            if name in {None, group.name}
            for action in group.actions.values()
            if not wanted or action.document["ScheduledActionName"] in wanted
        ]
    }


def fire_due(cloud: Cloud) -> None:
    """Carry out every action of every region whose time has come, in the order of their times."""
    for region in list(cloud.stores(AutoscalingState)):
        with cloud.lock:
            _fire(cloud, region)


def _fire(cloud: Cloud, region: str) -> None:
    now = cloud.clock.now()
    due = []
    for group in state_in(cloud, region).groups.values():
        for action in group.actions.values():
            times = _times(action.document, action.done_until, now)
            action.done_until = max(now, action.done_until)
            late = [at for at in times if not cloud.clock.jumps or now - at <= _TOO_LATE]
            due += [(at, group, action.document) for at in late if "ScheduledActions" not in group.suspended]
    for _, group, document in sorted(due, key=lambda one: one[0]):
        low, high = (document.get(key, group.document[key]) for key in ("MinSize", "MaxSize"))
        group.document |= {"MinSize": low, "MaxSize": high}
        group.desired = min(max(document.get("DesiredCapacity", group.desired), low), high)
        reach_desired(cloud, region, group, f"the scheduled action {document['ScheduledActionName']} executed")


def _times(document: Params, after: float, until: float) -> list[float]:
    """When an action's time comes after one moment and up to another."""
    found: list[float] = []
    for text in six_fields(document["Recurrence"]):
        at = after
        while times := next_times(f"cron({text})", document.get("TimeZone", "UTC"), moment(at), 1):
            at = times[0].timestamp()
            if at > until:
                break
            found.append(at)
    return sorted(set(found))


def _put(call: Call, request: Params) -> None:
    _check(request)
    document = {key: request[key] for key in _KEPT if key in request}
    find(call).actions[document["ScheduledActionName"]] = Action(document, call.cloud.clock.now())


def _check(request: Params) -> None:
    """What AWS refuses: EventBridge's fields, unknown zones, an action that changes nothing."""
    recurrence = request.get("Recurrence", "")
    if not _is_unix(recurrence):
        raise invalid(f"Given recurrence string: {recurrence} is invalid")
    if request.get("TimeZone") and check_timezone(request["TimeZone"]):
        raise invalid(f"Invalid time zone: {request['TimeZone']}")
    if not {"MinSize", "MaxSize", "DesiredCapacity"} & set(request):
        raise invalid("At least one of MinSize, MaxSize and DesiredCapacity must be specified")


def _is_unix(recurrence: str) -> bool:
    if set("?#LW") & set(recurrence):
        return False
    try:
        return bool(six_fields(recurrence))
    except CronProblem:
        return False


def _described(call: Call, group: str, document: Params) -> dict[str, Any]:
    """An action as AWS tells it; of one that recurs StartTime is its next time."""
    times = [
        time
        for text in six_fields(document["Recurrence"])
        for time in next_times(f"cron({text})", document.get("TimeZone", "UTC"), moment(call.cloud.clock.now()), 1)
    ]
    name = document["ScheduledActionName"]
    arn = call.arn(f"scheduledUpdateGroupAction:0:autoScalingGroupName/{group}:scheduledActionName/{name}")
    start = {"StartTime": min(times).astimezone(UTC)} if times else {}
    return {**document, **start, "AutoScalingGroupName": group, "ScheduledActionARN": arn}
