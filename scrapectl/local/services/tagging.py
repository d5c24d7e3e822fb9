"""The Resource Groups Tagging API over moto's services and our own, as late as AWS's index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrapectl.local import moto_private
from scrapectl.local.paging import page, tag_list, tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


@dataclass(frozen=True)
class Tagged:
    """One resource as the index knows it; `kind` is what ResourceTypeFilters name, such as `batch:job-queue`."""

    arn: str
    kind: str
    tags: dict[str, str]


Source = Callable[["Cloud", str], Iterator[Tagged]]
SOURCES: list[Source] = []


def tag_source(source: Source) -> Source:
    """Register what a service of ours has in a region."""
    SOURCES.append(source)
    return source


@dataclass
class Index:
    """What the index last learned, by ARN, and when each entry differs from it first."""

    known: dict[str, Tagged] = field(default_factory=dict)
    changed_at: dict[str, float] = field(default_factory=dict)

    def learn(self, current: dict[str, Tagged], now: float, lag: float) -> None:
        """Take over every change that is older than `lag` seconds."""
        for arn in current.keys() | self.known.keys():
            if current.get(arn) == self.known.get(arn):
                self.changed_at.pop(arn, None)
            elif now - self.changed_at.setdefault(arn, now) >= lag:
                self.changed_at.pop(arn)
                if arn in current:
                    self.known[arn] = current[arn]
                else:
                    del self.known[arn]


def _tagged(cloud: Cloud, region: str) -> list[Tagged]:
    """Everything that is tagged, as the index knows it now."""
    current = {tagged.arn: tagged for source in SOURCES for tagged in source(cloud, region) if tagged.tags}
    for backend in moto_private.iter_taggable_backends(cloud.account, region):
        for resource in backend.iter_tagged_resources():
            if resource.tags and _stands_in(cloud, region, resource.arn):
                current.setdefault(resource.arn, Tagged(resource.arn, resource.resource_type, dict(resource.tags)))
    index = cloud.store(Index, region)
    index.learn(current, cloud.clock.now(), cloud.delays.tag_index)
    return sorted(index.known.values(), key=lambda tagged: tagged.arn)


def _stands_in(cloud: Cloud, region: str, arn: str) -> bool:
    """Whether a thing is of the region: moto knows its buckets in each, AWS lists them in their own alone."""
    if ":s3:::" not in arn:
        return True
    return bool(
        cloud.call("s3", "HeadBucket", {"Bucket": arn.rpartition(":")[2]}, region).get("BucketRegion") == region
    )


@tag_source
def tagged_rules(cloud: Cloud, region: str) -> Iterator[Tagged]:
    """Tell the index EventBridge's rules, of which moto tells its buses only."""
    if ("events", region) not in cloud.used:
        return
    for rule in cloud.call("events", "ListRules", {}, region)["Rules"]:
        tags = cloud.call("events", "ListTagsForResource", {"ResourceARN": rule["Arn"]}, region)["Tags"]
        yield Tagged(rule["Arn"], "events:rule", tag_map(tags))


@operation("resourcegroupstaggingapi", "GetResources")
def get_resources(call: Call) -> Params:
    """Answer the tagged resources that pass every filter, in pages."""
    params = call.params
    arns, filters = params.get("ResourceARNList"), params.get("TagFilters")
    if arns and (filters or params.get("ResourceTypeFilters")):
        raise Refusal("InvalidParameterException", "ResourceARNList cannot be combined with other filters")
    matches = moto_private.make_tag_matcher(filters)
    found = [
        tagged
        for tagged in _tagged(call.cloud, call.region)
        if matches(tagged.tags)
        and moto_private.match_resource_type(tagged.kind, params.get("ResourceTypeFilters"))
        and (not arns or tagged.arn in arns)
    ]
    shown, token = page(
        found, params.get("ResourcesPerPage"), params.get("PaginationToken"), code="PaginationTokenExpiredException"
    )
    rows = [{"ResourceARN": tagged.arn, "Tags": tag_list(tagged.tags)} for tagged in shown]
    return {"ResourceTagMappingList": rows, "PaginationToken": token or ""}


@operation("resourcegroupstaggingapi", "GetTagKeys")
def get_tag_keys(call: Call) -> Params:
    """Answer every key in use."""
    keys = sorted({key for tagged in _tagged(call.cloud, call.region) for key in tagged.tags})
    return {"TagKeys": keys, "PaginationToken": ""}


@operation("resourcegroupstaggingapi", "GetTagValues")
def get_tag_values(call: Call) -> Params:
    """Answer every value in use for one key."""
    found = _tagged(call.cloud, call.region)
    values = sorted({tagged.tags[call.params["Key"]] for tagged in found if call.params["Key"] in tagged.tags})
    return {"TagValues": values, "PaginationToken": ""}
