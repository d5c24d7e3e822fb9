"""Why a compute environment ends INVALID: what Batch finds out only after the call succeeded."""

from __future__ import annotations

from scrapectl.local.registry import Call, Params, Refusal
from scrapectl.local.services import iam
from scrapectl.local.services.batch.environment_checks import FARGATE, LINKED_ROLE
from scrapectl.local.services.instance_profiles import instance_role


def illness(call: Call, document: Params) -> str | None:
    """Return the status's reason; None when nothing is wrong."""
    role = document["serviceRole"]
    if LINKED_ROLE not in role and not iam.can_be_assumed(call.cloud, role, "batch.amazonaws.com"):
        return (
            f"CLIENT_ERROR - User: arn:aws:sts::{call.account}:assumed-role/aws-batch is not authorized to perform: "
            f"sts:AssumeRole on resource: {role}"
        )
    resources = document["computeResources"] or {}
    return _of_network(call, resources) or _of_instances(call, document, resources)


def _of_network(call: Call, resources: Params) -> str | None:
    for ids, describe, key, answered in (
        ("subnets", "DescribeSubnets", "SubnetIds", "Subnets"),
        ("securityGroupIds", "DescribeSecurityGroups", "GroupIds", "SecurityGroups"),
    ):
        wanted = resources.get(ids) or []
        try:
            found = call.cloud.call("ec2", describe, {key: wanted}, call.region)[answered] if wanted else []
        except Refusal as refusal:
            return f"CLIENT_ERROR - {refusal.message}"
        if len(found) < len(set(wanted)):
            return f"CLIENT_ERROR - one of {', '.join(wanted)} does not exist"
    return None


def _of_instances(call: Call, document: Params, resources: Params) -> str | None:
    """What Auto Scaling says when instances would not start (AWS-FACTS section 1, Auto Scaling Create)."""
    if not resources or resources["type"] in FARGATE or document["type"] != "MANAGED":
        return None
    profile = resources.get("instanceRole") or ""
    if instance_role(call.cloud, profile) is None:
        return f"CLIENT_ERROR - Invalid IamInstanceProfile: {profile}"
    template = resources.get("launchTemplate")
    if template:
        wanted = {key[0].upper() + key[1:]: template[key] for key in template if key != "version" and template[key]}
        version = template.get("version") or "$Default"
        try:
            call.cloud.call("ec2", "DescribeLaunchTemplateVersions", wanted | {"Versions": [version]}, call.region)
        except Refusal as refusal:
            return f"CLIENT_ERROR - {refusal.message}"
    fleet = resources.get("spotIamFleetRole")
    if fleet and not iam.can_be_assumed(call.cloud, fleet, "spotfleet.amazonaws.com"):
        return f"CLIENT_ERROR - The spot fleet role {fleet} cannot be assumed"
    return None
