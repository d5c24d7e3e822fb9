"""Batch's tags: the three tagging operations, AWS's rules for tags, and what the tagging index learns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.batch.state import BatchState, refuse, state_in, state_of
from scrapectl.local.services.tagging import Tagged, tag_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapectl.local.cloud import Cloud

MOST_TAGS = 50
_TEXT = re.compile(r"[\w\s.:/=+@-]*\Z")


def check_tags(tags: dict[str, str] | None) -> dict[str, str]:
    """Return the tags, or refuse what AWS refuses: too many, too long, odd characters, AWS's own prefix."""
    tags = dict(tags or {})
    if len(tags) > MOST_TAGS:
        raise refuse("More than 50 tags specified.")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or not _TEXT.match(key) or not _TEXT.match(value):  # noqa: PLR2004
            raise refuse(f"Invalid tag: {key}")
        if key.lower().startswith("aws:"):
            raise refuse("Tag keys starting with aws: are reserved for AWS use.")
    return tags


def _exists(state: BatchState, arn: str) -> bool:
    if arn in state.tags:
        return True
    documents = [r.document for r in (*state.environments.values(), *state.queues.values())]
    documents += list(state.policies.values()) + [d for many in state.definitions.values() for d in many]
    keys = ("computeEnvironmentArn", "jobQueueArn", "arn", "jobDefinitionArn")
    return any(document.get(key) == arn for document in documents for key in keys)


def _tags_of(call: Call) -> dict[str, str]:
    state = state_of(call)
    arn = call.params["resourceArn"]
    if not _exists(state, arn):
        raise refuse(f"Resource {arn} does not exist")
    return state.tags.setdefault(arn, {})


@operation("batch", "TagResource")
def tag_resource(call: Call) -> Params:
    """Add tags to any of Batch's resources."""
    tags = _tags_of(call)
    check_tags(tags | call.params["tags"])
    tags |= call.params["tags"]
    return {}


@operation("batch", "UntagResource")
def untag_resource(call: Call) -> Params:
    """Take tags away; unknown keys are no error."""
    tags = _tags_of(call)
    for key in call.params["tagKeys"]:
        tags.pop(key, None)
    return {}


@operation("batch", "ListTagsForResource")
def list_tags_for_resource(call: Call) -> Params:
    """Answer the tags of one resource."""
    return {"tags": dict(_tags_of(call))}


@tag_source
def tagged(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the tagging index every resource of Batch; jobs are not in it, and INACTIVE revisions neither."""
    state = state_in(cloud, region)
    for resource in state.environments.values():
        arn = resource.document["computeEnvironmentArn"]
        yield Tagged(arn, "batch:compute-environment", state.tags.get(arn, {}))
    for resource in state.queues.values():
        arn = resource.document["jobQueueArn"]
        yield Tagged(arn, "batch:job-queue", state.tags.get(arn, {}))
    for policy in state.policies.values():
        yield Tagged(policy["arn"], "batch:scheduling-policy", state.tags.get(policy["arn"], {}))
    for revisions in state.definitions.values():
        for definition in revisions:
            if definition["status"] == "ACTIVE":
                arn = definition["jobDefinitionArn"]
                yield Tagged(arn, "batch:job-definition", state.tags.get(arn, {}))
