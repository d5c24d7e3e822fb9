"""Tags of locations, tasks and executions, by ARN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scrapectl.local.paging import page, tag_list, tag_map
from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.datasync.state import Execution, Location, Task, invalid, state_in, state_of
from scrapectl.local.services.tagging import Tagged, tag_source
from scrapectl.local.tags import add_tags, drop_tags

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


@operation("datasync", "TagResource")
def tag(call: Call) -> Params:
    """Add tags, or give them other values."""
    add_tags(_find(call), tag_map(call.params["Tags"]), invalid("The resource has too many tags."))
    return {}


@operation("datasync", "UntagResource")
def untag(call: Call) -> Params:
    """Take tags away."""
    drop_tags(_find(call), call.params["Keys"])
    return {}


@operation("datasync", "ListTagsForResource")
def list_tags(call: Call) -> Params:
    """Answer the tags."""
    params = call.params
    listed, token = page(
        tag_list(_find(call).tags), params.get("MaxResults"), params.get("NextToken"), code="InvalidRequestException"
    )
    return {"Tags": listed, "NextToken": token}


def _find(call: Call) -> Location | Task | Execution:
    state, arn = state_of(call), call.params["ResourceArn"]
    runs = {run.arn: run for task in state.tasks.values() for run in task.executions}
    found = state.locations.get(arn) or state.tasks.get(arn) or runs.get(arn)
    if found is None:
        raise invalid(f"Resource {arn.rsplit('/', 1)[-1]} is not found.")
    return found


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the index locations and tasks."""
    state = state_in(cloud, region)
    for location in state.locations.values():
        yield Tagged(location.arn, "datasync:location", location.tags)
    for task in state.tasks.values():
        yield Tagged(task.arn, "datasync:task", task.tags)
