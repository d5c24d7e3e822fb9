"""Schedule groups and their tags; a group's deletion takes its schedules with it, after a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.local.paging import page, tag_list, tag_map
from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.scheduler.state import (
    DEFAULT_GROUP,
    Group,
    conflict,
    invalid,
    missing,
    new_group,
    state_in,
    state_of,
)
from scrapectl.local.services.tagging import Tagged, tag_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapectl.local.cloud import Cloud


@operation("scheduler", "CreateScheduleGroup")
def create(call: Call) -> Params:
    """Create a group; the same client token again is the same call."""
    state, params, now = state_of(call), call.params, call.cloud.clock.now()
    name = params["Name"]
    existing = state.groups.get(name)
    if existing is not None:
        if existing.gone_at is None and existing.token is not None and existing.token == params.get("ClientToken"):
            return {"ScheduleGroupArn": existing.document["Arn"]}
        reason = "is being deleted" if existing.gone_at is not None else "already exists"
        raise conflict(f"Schedule group {name} {reason}.")
    document = new_group(name, call.arn(f"schedule-group/{name}"), now)
    state.groups[name] = Group(document, tag_map(params.get("Tags")), params.get("ClientToken"))
    return {"ScheduleGroupArn": document["Arn"]}


def find(call: Call, name: str) -> Group:
    """Return a group by name.

    Raises:
        Refusal: There is none.
    """
    found = state_of(call).groups.get(name)
    if found is None:
        raise missing(f"Schedule group {name} does not exist.")
    return found


@operation("scheduler", "GetScheduleGroup")
def get(call: Call) -> Params:
    """Answer one group."""
    return find(call, call.params["Name"]).document


@operation("scheduler", "ListScheduleGroups")
def list_groups(call: Call) -> Params:
    """Answer the groups whose names start with a prefix."""
    params = call.params
    prefix = params.get("NamePrefix") or ""
    found = [g.document for name, g in sorted(state_of(call).groups.items()) if name.startswith(prefix)]
    shown, token = page(found, params.get("MaxResults"), params.get("NextToken"))
    return {"ScheduleGroups": shown, "NextToken": token}


@operation("scheduler", "DeleteScheduleGroup")
def delete(call: Call) -> Params:
    """Start a group's deletion."""
    name = call.params["Name"]
    if name == DEFAULT_GROUP:
        raise invalid("The default schedule group cannot be deleted.")
    group = find(call, name)
    if group.gone_at is None:
        group.gone_at = call.cloud.clock.now() + call.cloud.delays.schedule_group_delete
        group.document["State"] = "DELETING"
    return {}


def _by_arn(call: Call) -> Group:
    arn = call.params["ResourceArn"]
    for group in state_of(call).groups.values():
        if group.document["Arn"] == arn:
            return group
    raise missing(f"Resource {arn} does not exist.")


@operation("scheduler", "TagResource")
def tag_resource(call: Call) -> Params:
    """Add tags to a group; schedules have none."""
    _by_arn(call).tags.update(tag_map(call.params["Tags"]))
    return {}


@operation("scheduler", "UntagResource")
def untag_resource(call: Call) -> Params:
    """Take tags from a group."""
    tags = _by_arn(call).tags
    for key in call.params["TagKeys"]:
        tags.pop(key, None)
    return {}


@operation("scheduler", "ListTagsForResource")
def list_tags(call: Call) -> Params:
    """Answer a group's tags."""
    return {"Tags": tag_list(_by_arn(call).tags)}


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the tagging index every group; schedules are not in it."""
    for group in state_in(cloud, region).groups.values():
        yield Tagged(group.document["Arn"], "scheduler:schedule-group", dict(group.tags))
