"""Carries a schedule's input to its target: a universal target's API call, as the schedule's role and no one else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.validate import ParamValidator

from scrapectl.local import moto_private
from scrapectl.local.jobs.permissions import refused
from scrapectl.local.registry import Call, Refusal
from scrapectl.local.services import iam
from scrapectl.local.services.scheduler.checks import NOT_ASSUMABLE, UNIVERSAL

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

# How targets name services where botocore says otherwise (universal targets follow AWS's Java SDK).
_SERVICES = {
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "sfn": "stepfunctions",
}


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
    service = _SERVICES.get(universal[1], universal[1])
    model = _model_of(service)
    operation = _spelled(model, universal[2])
    shape = model.operation_model(operation).input_shape
    params = members(json.loads(target.input), shape)
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise Refusal("ValidationException", report.generate_report(), 400)
    if not iam.can_be_assumed(cloud, target.role, "scheduler.amazonaws.com", {"aws:SourceArn": target.group}):
        raise Refusal("AccessDeniedException", NOT_ASSUMABLE, 403)
    call = Call(cloud, service, operation, params, region)
    wanted = refused(call, iam.policies_of(cloud, target.role))
    if wanted is not None:
        text = f"{target.role} is not authorized to perform: {wanted.action} on resource: {wanted.resource or '*'}"
        raise Refusal("AccessDeniedException", text, 403)
    cloud.call(service, operation, params, region)


def _model_of(service: str) -> Any:
    """Find the model of a service.

    Raises:
        Refusal: There is no such service.
    """
    try:
        return moto_private.get_service_model(service)
    except Exception as error:
        raise Refusal("ValidationException", f"{service} is no service that can be called", 400) from error


def _spelled(model: Any, operation: str) -> str:
    """The operation's name as the service spells it: `startDBInstance` means StartDBInstance.

    Raises:
        Refusal: The service has no such operation.
    """
    found = {name.lower(): name for name in model.operation_names}.get(operation.lower())
    if found is None:
        raise Refusal("ValidationException", f"{model.service_name} has no operation {operation}", 400)
    return str(found)


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
    if shape.type_name == "blob" and isinstance(value, str):
        return value.encode()
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: members(item, shape.value) for key, item in value.items()}
    return value
