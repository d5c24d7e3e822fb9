"""Tags of fleets and stacks, by ARN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.appstream.state import Fleet, Stack, find_fleet, find_stack, state_in
from scrapectl.local.services.tagging import Tagged, tag_source
from scrapectl.local.tags import MOST_TAGS, add_tags, drop_tags

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


@operation("appstream", "TagResource")
def tag(call: Call) -> Params:
    """Add tags, or give them other values."""
    too_many = Refusal("LimitExceededException", f"A resource can have up to {MOST_TAGS} tags.", 400)
    add_tags(_find(call), call.params["Tags"], too_many)
    return {}


@operation("appstream", "UntagResource")
def untag(call: Call) -> Params:
    """Take tags away."""
    drop_tags(_find(call), call.params["TagKeys"])
    return {}


@operation("appstream", "ListTagsForResource")
def list_tags(call: Call) -> Params:
    """Answer the tags."""
    return {"Tags": _find(call).tags}


def _find(call: Call) -> Fleet | Stack:
    kind, _, name = call.params["ResourceArn"].rpartition(":")[2].partition("/")
    return find_fleet(call, name) if kind == "fleet" else find_stack(call, name)


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the index fleets and stacks."""
    state = state_in(cloud, region)
    for fleet in state.fleets.values():
        yield Tagged(fleet.arn, "appstream:fleet", fleet.tags)
    for stack in state.stacks.values():
        yield Tagged(stack.arn, "appstream:stack", stack.tags)
