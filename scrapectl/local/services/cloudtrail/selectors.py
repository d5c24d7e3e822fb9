"""PutEventSelectors, and what the selectors of a region's trails say of one write to S3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.cloudtrail.state import EVERYTHING, Trail, find_trail, trails_in

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_MOST_SELECTORS, _MOST_RESOURCES = 5, 250
_OBJECTS = "AWS::S3::Object"
_OF_S3 = re.compile(r"arn:aws:s3(:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.*)?")


@operation("cloudtrail", "PutEventSelectors")
def put(call: Call) -> Params:
    """Replace a trail's selectors (CloudTrail API reference, PutEventSelectors)."""
    found, wanted = find_trail(call, call.params["TrailName"]), call.params.get("EventSelectors") or []
    if call.params.get("AdvancedEventSelectors"):
        raise Refusal("UnsupportedOperationException", "the embedded cloud knows no advanced event selectors", 400)
    resources = [resource for selector in wanted for resource in selector.get("DataResources") or ()]
    values = [value for resource in resources for value in resource.get("Values") or ()]
    if not 1 <= len(wanted) <= _MOST_SELECTORS or len(values) > _MOST_RESOURCES:
        text = "The event selectors must be one to five, with up to 250 data resources in all."
        raise Refusal("InvalidEventSelectorsException", text, 400)
    for selector in wanted:
        if not selector.get("IncludeManagementEvents", True) and not selector.get("DataResources"):
            text = "A selector must include management events or data resources."
            raise Refusal("InvalidEventSelectorsException", text, 400)
    for resource in resources:
        if resource.get("Type") == _OBJECTS and not all(
            _OF_S3.fullmatch(value) for value in resource.get("Values") or ()
        ):
            text = f"Value {resource.get('Values')} for DataResources.Values is invalid."
            raise Refusal("InvalidEventSelectorsException", text, 400)
    found.selectors = [{**EVERYTHING, **selector} for selector in wanted]
    return {"TrailARN": found.arn, "EventSelectors": found.selectors}


@operation("cloudtrail", "GetEventSelectors")
def get(call: Call) -> Params:
    """Answer a trail's selectors."""
    found = find_trail(call, call.params["TrailName"])
    return {"TrailARN": found.arn, "EventSelectors": found.selectors}


def hears_anything(cloud: Cloud, region: str) -> bool:
    """Whether a region has trails at all."""
    return bool(trails_in(cloud, region))


def hearing(cloud: Cloud, region: str, arn: str) -> list[Trail]:
    """List the trails that log, and that hear of a write of an object, named by its ARN."""
    return [
        trail
        for trail in trails_in(cloud, region).values()
        if trail.started_at is not None and any(_selects(selector, arn) for selector in trail.selectors)
    ]


def _selects(selector: Params, arn: str) -> bool:
    if selector["ReadWriteType"] == "ReadOnly":
        return False
    prefixes = [
        value for data in selector["DataResources"] if data.get("Type") == _OBJECTS for value in data.get("Values", ())
    ]
    return any(arn.startswith(prefix) for prefix in prefixes)
