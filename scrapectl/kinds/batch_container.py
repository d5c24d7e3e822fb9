"""The container fields of a job definition ↔ AWS Batch's containerProperties (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrapectl.kinds.batch_job_definition import BatchJobDefinition

FARGATE = "FARGATE"
_TMP = "tmp"
_FILES = "files"
# Scratch space that a root file system without writes leaves nowhere else; without a host path it is the task's own,
# on instances as on Fargate.
_READ_ONLY = "readonlyRootFilesystem"
_SCRATCH: Mapping[str, Any] = {
    _READ_ONLY: True,
    "volumes": [{"name": _TMP, "host": {}}],
    "mountPoints": [{"sourceVolume": _TMP, "containerPath": "/tmp", "readOnly": False}],  # noqa: S108 - the job's
}
_NO_SIZE = {"VCPU": "0", "MEMORY": "0"}  # of another hand's definition that names none


@dataclass(frozen=True)
class BatchMount:
    """A file system of EFS in a container: always encrypted on its way, always as the job's role.

    Attributes:
        path: Where the container finds it.
        file_system: `fs-…`.
        access_point: `fsap-…` that it comes through, or None.
        folder: What is mounted of it, "" for all; with an access point AWS takes nothing else.
    """

    path: str
    file_system: Any
    access_point: Any
    folder: str = ""
    read_only: bool = False


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
    }
    return {
        "image": job.image,
        "executionRoleArn": job.execution_role,
        "resourceRequirements": [
            {"type": "VCPU", "value": job.vcpus},
            {"type": "MEMORY", "value": str(job.memory)},
        ],
        "logConfiguration": {"logDriver": "awslogs", "options": _log_options(job)},
        **(_fargate_properties(job) if job.runs_on == FARGATE else {}),
        **{member: value for member, value in optional.items() if value},
        **_disks(job),
    }


def _disks(job: BatchJobDefinition) -> dict[str, Any]:
    """Scratch space and file systems; the name of a volume says what it is, so that its order never matters."""
    found: dict[str, Any] = {"volumes": [], "mountPoints": []}
    if job.read_only:
        found = {member: value if member == _READ_ONLY else list(value) for member, value in _SCRATCH.items()}
    for number, mount in enumerate(sorted(job.mounts, key=lambda one: one.path), 1):
        name = f"{_FILES}-{number}"
        point = {"accessPointId": mount.access_point} if mount.access_point else {}
        volume = {
            "fileSystemId": mount.file_system,
            "transitEncryption": "ENABLED",
            "authorizationConfig": {**point, "iam": "ENABLED"},
            **({"rootDirectory": mount.folder} if mount.folder else {}),
        }
        found["volumes"].append({"name": name, "efsVolumeConfiguration": volume})
        point_at = {"sourceVolume": name, "containerPath": mount.path, "readOnly": mount.read_only}
        found["mountPoints"].append(point_at)
    return {member: value for member, value in found.items() if value}


def _fargate_properties(job: BatchJobDefinition) -> dict[str, Any]:
    """What an instance has by itself, so that AWS refuses it in a definition for EC2 (AWS-FACTS §2.5)."""
    return {
        "networkConfiguration": {"assignPublicIp": "ENABLED" if job.public_ip else "DISABLED"},
        "fargatePlatformConfiguration": {"platformVersion": "LATEST"},
        "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": job.platform},
        **({"ephemeralStorage": {"sizeInGiB": job.disk}} if job.disk else {}),
    }


def _log_options(job: BatchJobDefinition) -> dict[str, str]:
    return {
        "awslogs-group": job.log_group,
        "awslogs-region": job.log_region,
        "awslogs-stream-prefix": job.log_prefix,
    }


def container_values(properties: Mapping[str, Any], runs_on: str) -> dict[str, Any]:
    """Read a job definition's fields back; AWS adds empty lists and defaults, and keeps no order of variables."""
    sizes = _NO_SIZE | {entry["type"]: entry["value"] for entry in properties.get("resourceRequirements") or ()}
    log = (properties.get("logConfiguration") or {}).get("options") or {}
    return {
        "image": properties.get("image", ""),
        "command": tuple(properties.get("command") or ()),
        "vcpus": sizes["VCPU"],
        "memory": int(float(sizes["MEMORY"])),
        **(_fargate_values(properties) if runs_on == FARGATE else dict.fromkeys(("platform", "disk", "public_ip"))),
        "read_only": _is_read_only(properties),
        "mounts": _mounts(properties),
        "environment": {entry["name"]: entry.get("value", "") for entry in properties.get("environment") or ()},
        "secrets": {entry["name"]: entry["valueFrom"] for entry in properties.get("secrets") or ()},
        "job_role": properties.get("jobRoleArn") or None,
        "execution_role": properties.get("executionRoleArn") or None,
        "log_group": log.get("awslogs-group", ""),
        "log_region": log.get("awslogs-region", ""),
        "log_prefix": log.get("awslogs-stream-prefix", ""),
    }


def _fargate_values(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "platform": (properties.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64",
        "disk": (properties.get("ephemeralStorage") or {}).get("sizeInGiB"),
        "public_ip": (properties.get("networkConfiguration") or {}).get("assignPublicIp") == "ENABLED",
    }


def _is_read_only(properties: Mapping[str, Any]) -> bool:
    mounted = {mount.get("containerPath") for mount in properties.get("mountPoints") or ()}
    return bool(properties.get(_READ_ONLY)) and "/tmp" in mounted  # noqa: S108 - the job's


def _mounts(properties: Mapping[str, Any]) -> frozenset[BatchMount]:
    systems = {one["name"]: one.get("efsVolumeConfiguration") for one in properties.get("volumes") or ()}
    found = ((point, systems.get(point["sourceVolume"])) for point in properties.get("mountPoints") or ())
    return frozenset(_mount(point, system) for point, system in found if system)


def _mount(point: Mapping[str, Any], system: Mapping[str, Any]) -> BatchMount:
    """Read one back; what is mounted in plain text, or as nobody, is not what we ever want, and told by its folder."""
    leave = system.get("authorizationConfig") or {}
    folder = system.get("rootDirectory") or ""
    safe = system.get("transitEncryption") == "ENABLED" and leave.get("iam") == "ENABLED"
    return BatchMount(
        point["containerPath"],
        system["fileSystemId"],
        leave.get("accessPointId") or None,
        "" if folder == "/" and safe else folder if safe else f"{folder} (in plain text, or without IAM)",
        bool(point.get("readOnly")),
    )
