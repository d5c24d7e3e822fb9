"""What RegisterJobDefinition refuses, in AWS's words where they are known (AWS-FACTS section 2.5)."""

from __future__ import annotations

import json
import re
from typing import Any

from scrapectl.local.registry import Params
from scrapectl.local.services.batch.fargate import size_problem
from scrapectl.local.services.batch.state import check_name, refuse

MOST_BYTES = 24 * 1024
SECONDS_AT_LEAST = 60
_CAPABILITIES = {"EC2", "FARGATE", "MANAGED_INSTANCES"}
_LEGACY = ("vcpus", "memory")
_ON_FARGATE_NEVER = ("ulimits", "privileged", "instanceType")
_LINUX_ON_FARGATE_NEVER = ("devices", "maxSwap", "swappiness", "sharedMemorySize", "tmpfs")
_FARGATE_DRIVERS = {"awslogs", "splunk", "awsfirelens"}
_ON_EC2_NEVER = ("runtimePlatform", "fargatePlatformConfiguration", "networkConfiguration", "ephemeralStorage")
_LEAST_ON_EC2 = {"VCPU": 1, "MEMORY": 4}
_LOG_OPTIONS = {
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-datetime-format",
    "awslogs-multiline-pattern",
    "awslogs-create-group",
}
_EXIT_CODE = re.compile(r"\d{1,511}\*?\Z|\*\Z")


def check_definition(params: Params) -> None:
    """Refuse a definition that AWS refuses.

    Raises:
        Refusal: With AWS's `ClientException`.
    """
    check_name(params["jobDefinitionName"], "jobDefinitionName")
    if len(json.dumps(params, default=str)) > MOST_BYTES:
        raise refuse("Job definition is larger than 24 KiB")
    capabilities = params.get("platformCapabilities") or ["EC2"]
    if len(capabilities) != 1 or capabilities[0] not in _CAPABILITIES:
        raise refuse("platformCapabilities must hold exactly one of EC2, FARGATE, MANAGED_INSTANCES")
    check_retry(params.get("retryStrategy"))
    check_timeout(params.get("timeout"))
    priority = params.get("schedulingPriority")
    if priority is not None and not 0 <= priority <= 9999:  # noqa: PLR2004 - AWS's bound
        raise refuse("schedulingPriority must be between 0 and 9999")
    if params["type"] == "container":
        properties = params.get("containerProperties")
        if properties is None and not ("eksProperties" in params or "ecsProperties" in params):
            raise refuse("containerProperties must be provided for a container job definition")
        if properties is not None:
            _check_container(properties, fargate=capabilities == ["FARGATE"])


def check_retry(strategy: dict[str, Any] | None) -> None:
    """Refuse a retry strategy that AWS refuses, here and in SubmitJob."""
    if not strategy:
        return
    attempts, conditions = strategy.get("attempts"), strategy.get("evaluateOnExit") or []
    if attempts is not None and not 1 <= attempts <= 10:  # noqa: PLR2004 - AWS's bound
        raise refuse("retryStrategy.attempts must be between 1 and 10")
    if conditions and attempts is None:
        raise refuse("retryStrategy.attempts is required with evaluateOnExit")
    if len(conditions) > 5:  # noqa: PLR2004 - AWS's bound
        raise refuse("evaluateOnExit holds more than 5 conditions")
    for condition in conditions:
        if not any(condition.get(key) for key in ("onStatusReason", "onReason", "onExitCode")):
            raise refuse("Each evaluateOnExit condition needs onStatusReason, onReason or onExitCode")
        if condition["action"].upper() not in {"RETRY", "EXIT"}:
            raise refuse("evaluateOnExit.action must be RETRY or EXIT")
        if condition.get("onExitCode") and not _EXIT_CODE.match(condition["onExitCode"]):
            raise refuse("onExitCode holds digits, and may end in an asterisk")


def check_timeout(timeout: dict[str, Any] | None) -> None:
    """Refuse a timeout under a minute."""
    if timeout and timeout.get("attemptDurationSeconds", SECONDS_AT_LEAST) < SECONDS_AT_LEAST:
        raise refuse("attemptDurationSeconds must be at least 60 seconds")


def check_environment(environment: list[dict[str, str]]) -> None:
    """Refuse the names that Batch keeps for itself."""
    for entry in environment:
        if entry.get("name", "").startswith("AWS_BATCH"):
            raise refuse(f"Environment variable names cannot start with AWS_BATCH: {entry['name']}")


def _check_container(properties: dict[str, Any], *, fargate: bool) -> None:
    if not properties.get("image"):
        raise refuse("containerProperties.image must be provided")
    check_environment(properties.get("environment") or [])
    requirements = properties.get("resourceRequirements") or []
    if requirements and ("vcpus" in properties or "memory" in properties):
        raise refuse("vcpus and memory cannot be combined with resourceRequirements")
    logging = properties.get("logConfiguration") or {}
    if (properties.get("secrets") or logging.get("secretOptions")) and not properties.get("executionRoleArn"):
        raise refuse("executionRoleArn is required for jobs with secrets.")
    _check_logging(logging)
    _check_volumes(properties)
    if fargate:
        _check_fargate(properties, requirements, logging)
        return
    for unwanted in _ON_EC2_NEVER:
        if properties.get(unwanted) is not None:
            raise refuse(f"{unwanted} is not applicable for EC2 jobs.")
    given = [
        {"type": kind.removesuffix("s").upper(), "value": properties[kind]} for kind in _LEGACY if kind in properties
    ]
    check_size_on_ec2(requirements or given)


def check_size_on_ec2(requirements: list[dict[str, Any]]) -> None:
    """Refuse vCPUs that are not whole, too little memory, or none at all (ResourceRequirement, Batch API).

    Raises:
        Refusal: With AWS's `ClientException`.
    """
    values = {requirement["type"]: str(requirement["value"]) for requirement in requirements}
    if len(values) < len(requirements):
        raise refuse("Duplicate resource types in resourceRequirements")
    for kind, least in _LEAST_ON_EC2.items():
        value = values.get(kind)
        if value is None:
            raise refuse(f"EC2 jobs need resourceRequirements of type {kind}.")
        if not value.isdigit() or int(value) < least:
            raise refuse(f"{kind} of EC2 jobs must be a whole number, {least} at least: {value}")


def _check_logging(logging: dict[str, Any]) -> None:
    unknown = set(logging.get("options") or {}) - _LOG_OPTIONS
    if logging.get("logDriver") == "awslogs" and unknown:
        raise refuse(f"Log driver awslogs disallows options: {', '.join(sorted(unknown))}")


def _check_fargate(properties: dict[str, Any], requirements: list[Any], logging: dict[str, Any]) -> None:
    if not properties.get("executionRoleArn"):
        raise refuse("executionRoleArn is required for Fargate jobs.")
    problem = size_problem(requirements)
    if problem:
        raise refuse(problem)
    for unwanted in _ON_FARGATE_NEVER:
        if properties.get(unwanted):
            raise refuse(f"{unwanted} is not applicable for Fargate.")
    linux = properties.get("linuxParameters") or {}
    for unwanted in _LINUX_ON_FARGATE_NEVER:
        if linux.get(unwanted) is not None:
            raise refuse(f"linuxParameters.{unwanted} is not applicable for Fargate.")
    for volume in properties.get("volumes") or []:
        if (volume.get("host") or {}).get("sourcePath"):
            raise refuse("host.sourcePath is not applicable for Fargate.")
    if logging and logging["logDriver"] not in _FARGATE_DRIVERS:
        raise refuse(f"Log driver {logging['logDriver']} is not supported on Fargate")
    _check_platform(properties.get("runtimePlatform") or {}, properties)


def _check_volumes(properties: dict[str, Any]) -> None:
    """Refuse what Batch does of volumes (EFSVolumeConfiguration, Batch API reference).

    Raises:
        Refusal: One is not as AWS takes it.
    """
    volumes = {volume.get("name"): volume for volume in properties.get("volumes") or []}
    for mount in properties.get("mountPoints") or []:
        if mount.get("sourceVolume") not in volumes:
            raise refuse(f"Volume {mount.get('sourceVolume')} of a mount point is not defined.")
    for volume in volumes.values():
        system = volume.get("efsVolumeConfiguration") or {}
        leave = system.get("authorizationConfig") or {}
        restricted = leave.get("accessPointId") or leave.get("iam") == "ENABLED"
        if restricted and system.get("transitEncryption") != "ENABLED":
            raise refuse("Transit encryption must be enabled if EFS IAM authorization or an access point is used.")
        if leave.get("accessPointId") and system.get("rootDirectory", "/") != "/":
            raise refuse("Root directory must be omitted or set to / if an EFS access point is specified.")


def _check_platform(platform: dict[str, Any], properties: dict[str, Any]) -> None:
    disk = properties.get("ephemeralStorage")
    if disk and not 21 <= disk["sizeInGiB"] <= 200:  # noqa: PLR2004 - AWS's bounds
        raise refuse("Ephemeral storage can be only between range 21 GiB to 200 GiB")
    architecture = platform.get("cpuArchitecture", "X86_64")
    system = platform.get("operatingSystemFamily", "LINUX")
    if architecture not in {"X86_64", "ARM64"}:
        raise refuse(f"cpuArchitecture {architecture} is not valid")
    if system == "LINUX":
        return
    if not re.match(r"WINDOWS_SERVER_20(19|22)_(CORE|FULL)\Z", system):
        raise refuse(f"operatingSystemFamily {system} is not valid")
    if architecture != "X86_64" or any(
        properties.get(k) for k in ("user", "readonlyRootFilesystem", "linuxParameters")
    ):
        raise refuse(f"{system} needs X86_64, and no user, readonlyRootFilesystem or linuxParameters")
