"""Tags of clusters and subnet groups, by ARN; moto's own things keep moto's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scrapectl.local.paging import tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.redshift.state import state_in, state_of
from scrapectl.local.services.tagging import Tagged, tag_source

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

MOST_TAGS = 50


def check_tags(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """Return tags as a map.

    Raises:
        Refusal: They are too many, or AWS's own.
    """
    found = tag_map(tags)
    if len(found) > MOST_TAGS:
        raise Refusal("TagLimitExceededFault", "The number of tags exceeds the limit of 50.", 400)
    if any(key.lower().startswith("aws:") for key in found):
        raise Refusal("InvalidTagFault", "Tag keys cannot start with 'aws:'.", 400)
    return found


@operation("redshift", "CreateTags")
def tag(call: Call) -> Params:
    """Add tags, or give them other values."""
    tags = _tags_of(call)
    new = check_tags(call.params["Tags"])
    if len(tags | new) > MOST_TAGS:
        raise Refusal("TagLimitExceededFault", "The number of tags exceeds the limit of 50.", 400)
    tags |= new
    return {}


@operation("redshift", "DeleteTags")
def untag(call: Call) -> Params:
    """Take tags away."""
    tags = _tags_of(call)
    for key in call.params["TagKeys"]:
        tags.pop(key, None)
    return {}


@operation("redshift", "DescribeTags")
def describe(call: Call) -> Params:
    """Answer the tags of one thing, or of all."""
    named = call.params.get("ResourceName")
    found = [(named, _tags_of(call))] if named else [(one.arn, one.tags) for one in tagged(call.cloud, call.region)]
    rows = [
        {"Tag": {"Key": key, "Value": value}, "ResourceName": arn, "ResourceType": arn.split(":")[5]}
        for arn, tags in found
        for key, value in tags.items()
    ]
    return {"TaggedResources": rows}


def _tags_of(call: Call) -> dict[str, str]:
    """The tags of what the call names.

    Raises:
        Refusal: There is no such thing.
    """
    kind, _, name = call.params["ResourceName"].split(":", 5)[-1].partition(":")
    state = state_of(call)
    if kind == "cluster" and name in state.clusters:
        return state.clusters[name].tags
    if kind == "subnetgroup" and name in state.subnet_groups:
        return state.group_tags.setdefault(name, {})
    raise Refusal("ResourceNotFoundFault", f"{call.params['ResourceName']} is not found.", 404)


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the index clusters and subnet groups."""
    state = state_in(cloud, region)
    start = f"arn:aws:redshift:{region}:{cloud.account}"
    for cluster in state.clusters.values():
        yield Tagged(f"{start}:cluster:{cluster.name}", "redshift:cluster", dict(cluster.tags))
    for name, tags in state.group_tags.items():
        yield Tagged(f"{start}:subnetgroup:{name}", "redshift:subnetgroup", dict(tags))
