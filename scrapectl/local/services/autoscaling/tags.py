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
    """Answer the tags of all groups."""
    groups = state_in(call.cloud, call.region).groups.values()
    kind = {"ResourceType": "auto-scaling-group"}
    return {
        "Tags": [
            {**kind, "ResourceId": group.name, "Key": key, "Value": value, "PropagateAtLaunch": on}
            for group in groups
            for key, (value, on) in group.tags.items()
        ]
    }
