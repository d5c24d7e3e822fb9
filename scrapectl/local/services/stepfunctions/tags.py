"""Tags of state machines, also for the tagging index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.local.paging import tag_list, tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.stepfunctions.state import Machine, check_arn, machines_in
from scrapectl.local.services.tagging import Tagged, tag_source
from scrapectl.local.tags import add_tags, drop_tags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapectl.local.cloud import Cloud


def _by_arn(call: Call) -> Machine:
    arn = call.params["resourceArn"]
    check_arn(arn)
    for machine in machines_in(call.cloud, call.region).values():
        if machine.arn == arn:
            return machine
    raise Refusal("ResourceNotFound", f"Resource not found: '{arn}'", 400)


@operation("stepfunctions", "TagResource")
def tag_resource(call: Call) -> Params:
    """Add tags."""
    machine = _by_arn(call)
    too_many = Refusal("TooManyTags", f"Too many tags: '{machine.arn}'", 400)
    add_tags(machine, tag_map(call.params["tags"]), too_many)
    return {}


@operation("stepfunctions", "UntagResource")
def untag_resource(call: Call) -> Params:
    """Take tags off."""
    drop_tags(_by_arn(call), call.params["tagKeys"])
    return {}


@operation("stepfunctions", "ListTagsForResource")
def list_tags(call: Call) -> Params:
    """Answer a machine's tags."""
    return {"tags": tag_list(_by_arn(call).tags, "key", "value")}


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the tagging index every machine."""
    for machine in machines_in(cloud, region).values():
        yield Tagged(machine.arn, "states:stateMachine", dict(machine.tags))
