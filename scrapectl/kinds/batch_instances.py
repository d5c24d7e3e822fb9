"""The fields of an environment that its EC2 instances have ↔ AWS Batch's computeResources (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrapectl.kinds.batch_compute_environment import BatchComputeEnvironment

ON_FARGATE = ("FARGATE", "FARGATE_SPOT")
HOURS_TO_END = 6
JOBS_MAY_END = {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": HOURS_TO_END * 60}
"""How instances are replaced: jobs on them go on, and end within these hours (UpdatePolicy, Batch API)."""

_DEFAULT = "$Default"
_MEMBERS = {
    "min_vcpus": "minvCpus",
    "instance_types": "instanceTypes",
    "instance_profile": "instanceRole",
    "launch_template": "launchTemplate",
    "allocation": "allocationStrategy",
    "image_type": "ec2Configuration",
    "instance_tags": "tags",
}
_SCALING = frozenset({"state", "max_vcpus", "min_vcpus", "tags"})


def instance_resources(want: BatchComputeEnvironment, fields: Collection[str] | None = None) -> dict[str, Any]:
    """Spell what instances have, all of it or some fields; of Fargate nothing, for AWS refuses each of them."""
    if want.type in ON_FARGATE:
        return {}
    values = {
        "min_vcpus": want.min_vcpus,
        "instance_types": list(want.instance_types),
        "instance_profile": want.instance_profile,
        "launch_template": {"launchTemplateName": want.launch_template or "", "version": _DEFAULT},
        "allocation": want.allocation,
        "image_type": [{"imageType": want.image_type}] if want.image_type else [],
        "instance_tags": dict(want.instance_tags),
    }
    if fields is None:  # a create takes no empty ones
        return {_MEMBERS[name]: value for name, value in values.items() if _is_set(want, name)}
    return {_MEMBERS[name]: value for name, value in values.items() if name in fields}


def _is_set(want: BatchComputeEnvironment, name: str) -> bool:
    return name == "min_vcpus" or bool(getattr(want, name))


def instance_values(resources: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields back; of a launch template that is not held to its default version, the version is told too."""
    template = resources.get("launchTemplate") or {}
    name = template.get("launchTemplateName") or template.get("launchTemplateId") or None
    version = template.get("version") or _DEFAULT
    images = resources.get("ec2Configuration") or []
    return {
        "instance_types": tuple(resources.get("instanceTypes") or ()),
        "min_vcpus": resources.get("minvCpus") or 0,
        "instance_profile": resources.get("instanceRole") or None,
        "launch_template": name if name is None or version == _DEFAULT else f"{name} version {version}",
        "allocation": resources.get("allocationStrategy") or None,
        "image_type": images[0].get("imageType") if images else None,
        "instance_tags": dict(resources.get("tags") or {}),
    }


def replaces_instances(want: BatchComputeEnvironment, changed: Collection[str]) -> bool:
    """Whether Batch carries a change out by other instances, and not by their number alone (AWS-FACTS §2.2)."""
    return want.type not in ON_FARGATE and bool(set(changed) - _SCALING)
