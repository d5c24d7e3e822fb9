"""One request to Auto Scaling → the groups that IAM judges it on, and the template that it starts instances from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrapectl.local.registry import Call, Refusal


def groups_named(call: Call, types: tuple[str, ...]) -> list[str]:
    """ARNs of the groups that a request names: by name, by an instance that is in one, by the tags put on them.

    AWS puts an id into the ARN, which patterns of policies pass over.
    """
    if "autoscaling:autoScalingGroup" not in types:
        return []
    tags = call.params.get("Tags") or ()
    names = [call.params.get("AutoScalingGroupName"), *(tag.get("ResourceId") for tag in tags)]
    if instance := call.params.get("InstanceId"):
        groups = call.cloud.call("autoscaling", "DescribeAutoScalingGroups", {}, call.region)["AutoScalingGroups"]
        ids = {one["InstanceId"]: group["AutoScalingGroupName"] for group in groups for one in group["Instances"]}
        names.append(ids.get(instance))
    return [call.arn(f"autoScalingGroup:0:autoScalingGroupName/{name}") for name in dict.fromkeys(names) if name]


def template_of(call: Call) -> Mapping[str, Any]:
    """What the launch template says that a request to Auto Scaling names; empty when it names none."""
    template = call.params.get("LaunchTemplate") or {}
    if call.service != "autoscaling" or "LaunchTemplateId" not in template:
        return {}
    asked = {"LaunchTemplateId": template["LaunchTemplateId"], "Versions": ["$Default"]}
    try:
        found = call.cloud.call("ec2", "DescribeLaunchTemplateVersions", asked, call.region)["LaunchTemplateVersions"]
    except Refusal:
        return {}
    said: Mapping[str, Any] = found[0]["LaunchTemplateData"] if found else {}
    return said
