"""Schedules: checked as AWS checks them, and replaced as a whole by every update."""

from __future__ import annotations

from scrapectl.local.paging import page
from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.scheduler.checks import check_schedule
from scrapectl.local.services.scheduler.groups import find as find_group
from scrapectl.local.services.scheduler.state import DEFAULT_GROUP, Schedule, conflict, missing, moment, state_of

_KEPT = ("ScheduleExpression", "StartDate", "EndDate", "Description", "KmsKeyArn", "FlexibleTimeWindow")
_RETRIES = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}


@operation("scheduler", "CreateSchedule")
def create(call: Call) -> Params:
    """Create a schedule; the same client token again is the same call."""
    params, state, now = call.params, state_of(call), call.cloud.clock.now()
    group, name = params.get("GroupName") or DEFAULT_GROUP, params["Name"]
    if find_group(call, group).gone_at is not None:
        raise conflict(f"Schedule group {group} is being deleted.")
    existing = state.schedules.get((group, name))
    if existing is not None:
        if existing.token is not None and existing.token == params.get("ClientToken"):
            return {"ScheduleArn": existing.document["Arn"]}
        raise conflict(f"Schedule {name} already exists.")
    check_schedule(call, group)
    document = _document(call, group) | {"CreationDate": moment(now), "LastModificationDate": moment(now)}
    state.schedules[group, name] = Schedule(document, now, params.get("ClientToken"))
    return {"ScheduleArn": document["Arn"]}


def _document(call: Call, group: str) -> Params:
    """What GetSchedule answers: everything that was given, and AWS's defaults for what was not."""
    params = call.params
    document = {key: params[key] for key in _KEPT if params.get(key) is not None}
    target = dict(params["Target"])
    target["RetryPolicy"] = _RETRIES | (target.get("RetryPolicy") or {})
    return document | {
        "Arn": call.arn(f"schedule/{group}/{params['Name']}"),
        "GroupName": group,
        "Name": params["Name"],
        "ScheduleExpressionTimezone": params.get("ScheduleExpressionTimezone") or "UTC",
        "State": params.get("State") or "ENABLED",
        "ActionAfterCompletion": params.get("ActionAfterCompletion") or "NONE",
        "Target": target,
    }


def _find(call: Call) -> Schedule:
    group, name = call.params.get("GroupName") or DEFAULT_GROUP, call.params["Name"]
    found = state_of(call).schedules.get((group, name))
    if found is None:
        raise missing(f"Schedule {name} does not exist.")
    return found


@operation("scheduler", "UpdateSchedule")
def update(call: Call) -> Params:
    """Replace a schedule: what the call leaves out goes back to its default."""
    schedule, now = _find(call), call.cloud.clock.now()
    check_schedule(call, schedule.document["GroupName"])
    created = schedule.document["CreationDate"]
    dates = {"CreationDate": created, "LastModificationDate": moment(now)}
    schedule.document = _document(call, schedule.document["GroupName"]) | dates
    schedule.fired_until, schedule.next_at = now, None
    return {"ScheduleArn": schedule.document["Arn"]}


@operation("scheduler", "GetSchedule")
def get(call: Call) -> Params:
    """Answer one schedule."""
    return _find(call).document


@operation("scheduler", "DeleteSchedule")
def delete(call: Call) -> Params:
    """Delete one schedule."""
    document = _find(call).document
    del state_of(call).schedules[document["GroupName"], document["Name"]]
    return {}


@operation("scheduler", "ListSchedules")
def list_schedules(call: Call) -> Params:
    """Answer the schedules of a group, by name prefix and state; only their summaries, as AWS."""
    params = call.params
    if params.get("GroupName"):
        find_group(call, params["GroupName"])
    found = []
    for (group, name), schedule in sorted(state_of(call).schedules.items(), key=lambda entry: entry[0]):
        document = schedule.document
        wanted = params.get("GroupName") in {None, group} and params.get("State") in {None, document["State"]}
        if wanted and name.startswith(params.get("NamePrefix") or ""):
            keys = ("Arn", "Name", "GroupName", "State", "CreationDate", "LastModificationDate")
            found.append({key: document[key] for key in keys} | {"Target": {"Arn": document["Target"]["Arn"]}})
    shown, token = page(found, params.get("MaxResults"), params.get("NextToken"))
    return {"Schedules": shown, "NextToken": token}
