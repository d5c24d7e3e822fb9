"""Tags of trails, by ARN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scrapectl.local.paging import tag_list, tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.cloudtrail.state import Trail, trails_in
from scrapectl.local.services.tagging import Tagged, tag_source
from scrapectl.local.tags import MOST_TAGS, add_tags, drop_tags

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


@operation("cloudtrail", "AddTags")
def tag(call: Call) -> Params:
    """Add tags, or give them other values."""
    too_many = Refusal("TagsLimitExceededException", f"A trail can have up to {MOST_TAGS} tags.", 400)
    add_tags(_find(call, call.params["ResourceId"]), tag_map(call.params["TagsList"]), too_many)
    return {}


@operation("cloudtrail", "RemoveTags")
def untag(call: Call) -> Params:
    """Take tags away; of each its key counts."""
    drop_tags(_find(call, call.params["ResourceId"]), tag_map(call.params["TagsList"]))
    return {}


@operation("cloudtrail", "ListTags")
def list_tags(call: Call) -> Params:
    """Answer the tags of up to twenty trails."""
    listed = [(arn, _find(call, arn)) for arn in call.params["ResourceIdList"]]
    return {"ResourceTagList": [{"ResourceId": arn, "TagsList": tag_list(found.tags)} for arn, found in listed]}


def _find(call: Call, arn: str) -> Trail:
    found = trails_in(call.cloud, call.region).get(arn.rpartition(":trail/")[2])
    if found is None:
        raise Refusal("ResourceNotFoundException", f"The specified resource is not found: {arn}", 400)
    return found


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the index trails."""
    for trail in trails_in(cloud, region).values():
        yield Tagged(trail.arn, "cloudtrail:trail", trail.tags)
