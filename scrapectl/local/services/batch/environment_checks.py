"""What CreateComputeEnvironment and UpdateComputeEnvironment refuse, in AWS's words where known (AWS-FACTS 2.2)."""

from __future__ import annotations

import re
from typing import Any

from scrapectl.local.registry import Params
from scrapectl.local.services.batch.instance_types import check_types
from scrapectl.local.services.batch.state import refuse

FARGATE = {"FARGATE", "FARGATE_SPOT"}
LINKED_ROLE = "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
_NOT_FOR_FARGATE = (
    "allocationStrategy",
    "bidPercentage",
    "desiredvCpus",
    "ec2Configuration",
    "ec2KeyPair",
    "imageId",
    "instanceRole",
    "instanceTypes",
    "launchTemplate",
    "minvCpus",
    "placementGroup",
    "scalingPolicy",
    "spotIamFleetRole",
    "tags",
)
_UPDATING_STRATEGIES = {"BEST_FIT_PROGRESSIVE", "SPOT_CAPACITY_OPTIMIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED"}
_SPOT_ONLY = {"SPOT_CAPACITY_OPTIMIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED"}
_STRATEGIES = {"BEST_FIT", *_UPDATING_STRATEGIES}
_SCALING_FIELDS = {"minvCpus", "maxvCpus", "desiredvCpus"}
_NEVER_UPDATED = {"spotIamFleetRole"}
# Amazon Linux 2 is refused for new environments from 2026-06-30 (AWS-FACTS section 2.2).
_IMAGES = {"ECS_AL2023", "ECS_AL2023_NVIDIA"}
_VERSION = re.compile(r"|\d+|\$Default|\$Latest")
_MOST_IMAGES = 2


def check_resources(kind: str, resources: dict[str, Any] | None) -> None:
    """Refuse the resources of a new environment that AWS refuses.

    Raises:
        Refusal: With Batch's `ClientException`.
    """
    if kind == "MANAGED" and not resources:
        raise refuse("computeResources must be provided for a MANAGED compute environment")
    if resources is None:
        return
    if resources["type"] in FARGATE:
        _check_fargate(kind, resources)
    elif kind == "MANAGED":
        _check_instances(resources)


def _check_fargate(kind: str, resources: dict[str, Any]) -> None:
    if kind == "UNMANAGED":
        raise refuse("Fargate compute environments must be MANAGED")
    _refuse_members(resources)
    for needed, most in (("subnets", 16), ("securityGroupIds", 5)):
        if not 1 <= len(resources.get(needed) or []) <= most:
            raise refuse(f"computeResources.{needed} must hold between 1 and {most} items")
    if resources["maxvCpus"] < 1:
        raise refuse("maxvCpus must be greater than 0")


def _refuse_members(resources: dict[str, Any]) -> None:
    for unwanted in _NOT_FOR_FARGATE:
        if resources.get(unwanted) is not None:
            raise refuse(f"{unwanted} is not applicable for Fargate.")


def _check_instances(resources: dict[str, Any]) -> None:
    for needed in ("instanceRole", "instanceTypes", "subnets"):
        if not resources.get(needed):
            raise refuse(f"computeResources.{needed} is required for {resources['type']}")
    if not resources.get("securityGroupIds") and not resources.get("launchTemplate"):
        raise refuse("computeResources.securityGroupIds is required without a launch template that has some")
    strategy = resources.get("allocationStrategy", "BEST_FIT")
    if resources["type"] == "SPOT" and strategy == "BEST_FIT" and not resources.get("spotIamFleetRole"):
        raise refuse("spotIamFleetRole is required for SPOT with the BEST_FIT allocation strategy")
    _check_members(resources)


def _check_members(resources: dict[str, Any]) -> None:
    """Refuse values of EC2's members, of a new environment or of one as an update would leave it."""
    least, most = resources.get("minvCpus") or 0, resources["maxvCpus"]
    desired = resources.get("desiredvCpus", least)
    if not 0 <= least <= most:
        raise refuse("minvCpus must be between 0 and maxvCpus")
    if not least <= desired <= most:
        raise refuse("desiredvCpus must be between minvCpus and maxvCpus")
    check_types(resources["instanceTypes"])
    strategy, kind = resources.get("allocationStrategy", "BEST_FIT"), resources["type"]
    if strategy not in _STRATEGIES or (strategy in _SPOT_ONLY and kind != "SPOT"):
        raise refuse(f"allocationStrategy {strategy} is not valid for {kind}")
    bid = resources.get("bidPercentage")
    if bid is not None and (kind != "SPOT" or not 0 <= bid <= 100):  # noqa: PLR2004 - a percentage
        raise refuse("bidPercentage is for SPOT, and between 0 and 100")
    _check_template(resources.get("launchTemplate"))
    images = resources.get("ec2Configuration") or []
    if len(images) > _MOST_IMAGES:
        raise refuse("ec2Configuration must hold between 1 and 2 items")
    for image in images:
        if image["imageType"] not in _IMAGES:
            raise refuse(f"imageType {image['imageType']} is not supported for new compute environments")


def _check_template(template: dict[str, Any] | None) -> None:
    if template is None:
        return
    if bool(template.get("launchTemplateId")) == bool(template.get("launchTemplateName")):
        raise refuse("Exactly one of launchTemplateId and launchTemplateName must be specified")
    if not _VERSION.fullmatch(template.get("version") or ""):
        raise refuse("The launch template version must be a number, $Default or $Latest")


def check_update(document: Params, params: Params, changed: dict[str, Any]) -> None:
    """Refuse what cannot be changed in place; see the matrix in AWS-FACTS 2.2.

    Raises:
        Refusal: With Batch's `ClientException`.
    """
    role = params.get("serviceRole")
    if role is not None and (LINKED_ROLE in role) != (LINKED_ROLE in document["serviceRole"]):
        raise refuse("Cannot update the service role from or to the AWSServiceRoleForBatch service-linked role")
    before = document["computeResources"] or {}
    kind, becomes = before.get("type"), changed.get("type", before.get("type"))
    if becomes != kind and FARGATE & {kind, becomes}:
        raise refuse(f"Cannot change the type of a compute environment from {kind} to {becomes}")
    if kind in FARGATE:
        _refuse_members(changed)
        return
    infrastructure = set(changed) - _SCALING_FIELDS
    replaceable = LINKED_ROLE in document["serviceRole"] and before.get("allocationStrategy") in _UPDATING_STRATEGIES
    if (infrastructure and not replaceable) or changed.keys() & _NEVER_UPDATED:
        raise refuse(f"Cannot update {', '.join(sorted(infrastructure))} of this compute environment")
    if changed.get("allocationStrategy") == "BEST_FIT":  # botocore's model, ComputeResourceUpdate
        raise refuse("BEST_FIT is not supported when updating a compute environment")
    if before and params.get("computeResources"):
        after = before | {key: value for key, value in changed.items() if value is not None}
        if changed.get("desiredvCpus") is None:
            after.pop("desiredvCpus", None)  # Batch's own, which it fits to the bounds
        _check_members(after)
