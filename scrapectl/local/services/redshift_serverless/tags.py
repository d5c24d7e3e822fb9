"""Tags of namespaces and workgroups, by ARN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scrapectl.local.paging import tag_list, tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.redshift_serverless.state import Namespace, Workgroup, invalid, state_in
from scrapectl.local.services.tagging import Tagged, tag_source
from scrapectl.local.tags import MOST_TAGS, add_tags, drop_tags

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_SERVICE = "redshift-serverless"


def check_tags(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """Return tags as a map.

    Raises:
        Refusal: They are too many, or AWS's own.
    """
    found = tag_map(tags)
    if len(found) > MOST_TAGS:
        raise Refusal("TooManyTagsException", f"A resource can have up to {MOST_TAGS} tags.", 400)
    if any(key.lower().startswith("aws:") for key in found):
        raise invalid("Tag keys cannot start with 'aws:'.")
    return found


@operation(_SERVICE, "TagResource")
def tag(call: Call) -> Params:
    """Add tags, or give them other values."""
    too_many = Refusal("TooManyTagsException", f"A resource can have up to {MOST_TAGS} tags.", 400)
    add_tags(_find(call), check_tags(call.params["tags"]), too_many)
    return {}


@operation(_SERVICE, "UntagResource")
def untag(call: Call) -> Params:
    """Take tags away."""
    drop_tags(_find(call), call.params["tagKeys"])
    return {}


@operation(_SERVICE, "ListTagsForResource")
def list_tags(call: Call) -> Params:
    """Answer the tags."""
    return {"tags": tag_list(_find(call).tags, "key", "value")}


def _find(call: Call) -> Namespace | Workgroup:
    state, arn = state_in(call.cloud, call.region), call.params["resourceArn"]
    things: list[Namespace | Workgroup] = [*state.namespaces.values(), *state.workgroups.values()]
    for thing in things:
        if thing.arn == arn:
            return thing
    raise Refusal("ResourceNotFoundException", f"{arn} is not found", 404)


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the index namespaces and workgroups."""
    state = state_in(cloud, region)
    for namespace in state.namespaces.values():
        yield Tagged(namespace.arn, "redshift-serverless:namespace", namespace.tags)
    for workgroup in state.workgroups.values():
        yield Tagged(workgroup.arn, "redshift-serverless:workgroup", workgroup.tags)
