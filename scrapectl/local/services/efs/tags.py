"""Tags of file systems and access points, by id or ARN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scrapectl.local.paging import tag_list, tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.efs.state import AccessPoint, FileSystem, bad_request, state_in, state_of
from scrapectl.local.services.tagging import Tagged, tag_source
from scrapectl.local.tags import add_tags, drop_tags

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


@operation("efs", "TagResource")
def tag(call: Call) -> Params:
    """Add tags, or give them other values."""
    too_many = bad_request("The maximum number of tags for this resource has been reached.")
    add_tags(_find(call), tag_map(call.params["Tags"]), too_many)
    return {}


@operation("efs", "UntagResource")
def untag(call: Call) -> Params:
    """Take tags away."""
    drop_tags(_find(call), call.params["TagKeys"])
    return {}


@operation("efs", "ListTagsForResource")
def list_tags(call: Call) -> Params:
    """Answer the tags."""
    return {"Tags": tag_list(_find(call).tags)}


def _find(call: Call) -> FileSystem | AccessPoint:
    state, name = state_of(call), call.params["ResourceId"].rsplit("/", 1)[-1]
    found = state.file_systems.get(name) or state.access_points.get(name)
    if found is None:
        code = "AccessPointNotFound" if name.startswith("fsap-") else "FileSystemNotFound"
        raise Refusal(code, f"{name} does not exist.", 404)
    return found


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the index file systems and access points."""
    state = state_in(cloud, region)
    for one in state.file_systems.values():
        yield Tagged(one.document["FileSystemArn"], "elasticfilesystem:file-system", one.tags)
    for point in state.access_points.values():
        yield Tagged(point.document["AccessPointArn"], "elasticfilesystem:access-point", point.tags)
