"""Carries a schedule's input to its target: a universal target's API call, as the schedule's role and no one else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.registry import Params, Refusal
from scrapectl.local.services import iam
from scrapectl.local.services.batch.state import short_name
from scrapectl.local.services.scheduler.checks import NOT_ASSUMABLE, UNIVERSAL

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


@dataclass(frozen=True)
class Target:
    """Where a start goes: the target's ARN, the role it goes as, the group it comes from, what it carries."""

    arn: str
    role: str
    group: str
    input: str


def deliver(cloud: Cloud, region: str, target: Target) -> None:
    """Make the API call that a start means.

    Raises:
        Refusal: The role may not, or the service refuses.
    """
    universal = UNIVERSAL.match(target.arn)
    if universal is None:
        raise Refusal("ValidationException", f"the embedded cloud starts universal targets only, not {target.arn}")
    service, api = universal[1], universal[2]
    operation = api[0].upper() + api[1:]
    model = moto_private.get_service_model(service)
    params = members(json.loads(target.input), model.operation_model(operation).input_shape)
    if not iam.can_be_assumed(cloud, target.role, "scheduler.amazonaws.com", {"aws:SourceArn": target.group}):
        raise Refusal("AccessDeniedException", NOT_ASSUMABLE, 403)
    for resource in _resources(cloud, region, service, params):
        if not iam.role_may(cloud, target.role, f"{service}:{operation}", resource):
            text = f"{target.role} is not authorized to perform: {service}:{operation} on resource: {resource}"
            raise Refusal("AccessDeniedException", text, 403)
    cloud.call(service, operation, params, region)


def _resources(cloud: Cloud, region: str, service: str, params: Params) -> list[str]:
    """What the role needs the action on; AWS asks for a job's queue and for its definition."""
    if service != "batch":
        return ["*"]
    root = f"arn:aws:batch:{region}:{cloud.account}:"
    kinds = {"jobQueue": "job-queue", "jobDefinition": "job-definition"}
    return [f"{root}{kind}/{short_name(params[key])}" for key, kind in kinds.items() if key in params]


def members(value: Any, shape: Any) -> Any:
    """Spell a universal target's PascalCase input as the service's own model does; the keys of maps are data.

    Raises:
        Refusal: A member that the service does not have.
    """
    if shape.type_name == "structure" and isinstance(value, dict):
        spelled = {name.lower(): name for name in shape.members}
        unknown = [key for key in value if key.lower() not in spelled]
        if unknown:
            raise Refusal("ValidationException", f"{shape.name} has no member {unknown[0]}")
        names = {key: spelled[key.lower()] for key in value}
        return {names[key]: members(item, shape.members[names[key]]) for key, item in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [members(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: members(item, shape.value) for key, item in value.items()}
    return value
