"""Tags of groups: by Auto Scaling's own calls, each with whether instances get it; the tagging API tells none."""

from __future__ import annotations

from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services.autoscaling.state import find, state_in


@operation("autoscaling", "CreateOrUpdateTags")
def put(call: Call) -> Params:
    """Set tags."""
    for tag in call.params["Tags"]:
        group = find(call, tag["ResourceId"])
        group.tags[tag["Key"]] = tag.get("Value", ""), bool(tag.get("PropagateAtLaunch"))
    return {}


@operation("autoscaling", "DeleteTags")
def delete(call: Call) -> Params:
    """Remove tags."""
    for tag in call.params["Tags"]:
        find(call, tag["ResourceId"]).tags.pop(tag["Key"], None)
    return {}


@operation("autoscaling", "DescribeTags")
def describe(call: Call) -> Params:
    """Answer the tags of all groups, or of those that are named."""
    filters = {one["Name"]: one["Values"] for one in call.params.get("Filters") or ()}
    named = filters.get("auto-scaling-group")
    standing = state_in(call.cloud, call.region).groups.values()
    groups = [group for group in standing if named is None or group.name in named]
    kind = {"ResourceType": "auto-scaling-group"}
    return {
        "Tags": [
            {**kind, "ResourceId": group.name, "Key": key, "Value": value, "PropagateAtLaunch": on}
            for group in groups
            for key, (value, on) in group.tags.items()
        ]
    }
