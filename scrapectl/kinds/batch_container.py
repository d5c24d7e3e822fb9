"""The container fields of a job definition ↔ AWS Batch's containerProperties (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrapectl.kinds.batch_job_definition import BatchJobDefinition

_NO_SIZE = {"VCPU": "0", "MEMORY": "0"}  # of another hand's definition that names none


class Environment(dict[str, Any]):
    """Variables that are equal when AWS would keep the same: it drops those with an empty value."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and _kept(self) == _kept(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None


def _kept(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in variables.items() if value != ""}


def container_properties(job: BatchJobDefinition) -> dict[str, Any]:
    """Spell what runs; the parts that are not wanted are left out, as AWS takes no empty ones."""
    optional = {
        "command": list(job.command),
        "jobRoleArn": job.job_role,
        "environment": [{"name": name, "value": value} for name, value in sorted(job.environment.items())],
        "secrets": [{"name": name, "valueFrom": value} for name, value in sorted(job.secrets.items())],
        "ephemeralStorage": {"sizeInGiB": job.disk} if job.disk else None,
    }
    return {
        "image": job.image,
        "executionRoleArn": job.execution_role,
        "resourceRequirements": [
            {"type": "VCPU", "value": job.vcpus},
            {"type": "MEMORY", "value": str(job.memory)},
        ],
        "logConfiguration": {"logDriver": "awslogs", "options": _log_options(job)},
        "networkConfiguration": {"assignPublicIp": "ENABLED" if job.public_ip else "DISABLED"},
        "fargatePlatformConfiguration": {"platformVersion": "LATEST"},
        "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": job.platform},
        **{member: value for member, value in optional.items() if value},
    }


def _log_options(job: BatchJobDefinition) -> dict[str, str]:
    return {
        "awslogs-group": job.log_group,
        "awslogs-region": job.log_region,
        "awslogs-stream-prefix": job.log_prefix,
    }


def container_values(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Read a job definition's fields back; AWS adds empty lists and defaults, and keeps no order of variables."""
    sizes = _NO_SIZE | {entry["type"]: entry["value"] for entry in properties.get("resourceRequirements") or ()}
    log = (properties.get("logConfiguration") or {}).get("options") or {}
    return {
        "image": properties.get("image", ""),
        "command": tuple(properties.get("command") or ()),
        "vcpus": sizes["VCPU"],
        "memory": int(float(sizes["MEMORY"])),
        "platform": (properties.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64",
        "disk": (properties.get("ephemeralStorage") or {}).get("sizeInGiB"),
        "public_ip": (properties.get("networkConfiguration") or {}).get("assignPublicIp") == "ENABLED",
        "environment": {entry["name"]: entry.get("value", "") for entry in properties.get("environment") or ()},
        "secrets": {entry["name"]: entry["valueFrom"] for entry in properties.get("secrets") or ()},
        "job_role": properties.get("jobRoleArn") or None,
        "execution_role": properties.get("executionRoleArn") or None,
        "log_group": log.get("awslogs-group", ""),
        "log_region": log.get("awslogs-region", ""),
        "log_prefix": log.get("awslogs-stream-prefix", ""),
    }
