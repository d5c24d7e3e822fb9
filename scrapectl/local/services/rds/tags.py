"""RDS's tags: the three tagging operations over all its resources, and what the tagging index learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.local.paging import tag_list, tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.rds.state import RdsState, invalid, state_in, state_of
from scrapectl.local.services.tagging import Tagged, tag_source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from scrapectl.local.cloud import Cloud

MOST_TAGS = 50
_KINDS = {"db": "rds:db", "subgrp": "rds:subgrp", "snapshot": "rds:snapshot"}
_NOT_FOUND = {
    "db": ("DBInstanceNotFound", "DBInstance {} not found."),
    "subgrp": ("DBSubnetGroupNotFoundFault", "DB subnet group '{}' does not exist."),
    "snapshot": ("DBSnapshotNotFound", "DBSnapshot {} not found."),
}


def check_tags(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """Return tags as a map, or refuse what AWS refuses: too many, too long, AWS's own prefix."""
    found = tag_map(tags)
    if len(found) > MOST_TAGS:
        raise invalid("The number of tags exceeds the limit of 50.")
    for key, value in found.items():
        if not 1 <= len(key) <= 128 or len(value or "") > 256:  # noqa: PLR2004 - AWS's bounds
            raise invalid(f"Invalid tag: {key}")
        if key.lower().startswith(("aws:", "rds:")):
            raise invalid("Tag keys cannot start with 'aws:' or 'rds:'.")
    return {key: value or "" for key, value in found.items()}


def _tags_of(call: Call) -> dict[str, str] | None:
    """The tags of the resource that the call names; None for one of moto's."""
    arn = call.params["ResourceName"]
    kind, _, name = arn.split(":", 5)[5].partition(":") if arn.count(":") >= 6 else ("", "", "")  # noqa: PLR2004 - an ARN
    if kind not in _KINDS:
        return None
    state = state_of(call)
    held: dict[str, Collection[str]] = {
        "db": state.instances,
        "subgrp": state.subnet_groups,
        "snapshot": state.snapshots,
    }
    if name not in held[kind]:
        code, text = _NOT_FOUND[kind]
        raise Refusal(code, text.format(name), 404)
    return state.instances[name].tags if kind == "db" else state.tags.setdefault(arn, {})


@operation("rds", "AddTagsToResource")
def add_tags(call: Call) -> Params:
    """Add tags, or give them other values."""
    tags = _tags_of(call)
    if tags is None:
        return call.moto()
    new = check_tags(call.params["Tags"])
    if len(tags | new) > MOST_TAGS:
        raise invalid("The number of tags exceeds the limit of 50.")
    tags |= new
    return {}


@operation("rds", "RemoveTagsFromResource")
def remove_tags(call: Call) -> Params:
    """Take tags away; unknown keys are no error."""
    tags = _tags_of(call)
    if tags is None:
        return call.moto()
    for key in call.params["TagKeys"]:
        tags.pop(key, None)
    return {}


@operation("rds", "ListTagsForResource")
def list_tags(call: Call) -> Params:
    """Answer the tags of one resource."""
    tags = _tags_of(call)
    return call.moto() if tags is None else {"TagList": tag_list(tags)}


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the tagging index every resource of ours."""
    state: RdsState = state_in(cloud, region)
    for instance in state.instances.values():
        yield Tagged(instance.document["DBInstanceArn"], _KINDS["db"], dict(instance.tags))
    for arn, tags in state.tags.items():
        yield Tagged(arn, _KINDS[arn.split(":")[5]], dict(tags))
