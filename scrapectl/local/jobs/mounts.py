"""Turn the file systems of a job's definition into folders of this machine, or say why Fargate cannot mount them."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapectl.local.jobs.execution_role import NotStarted
from scrapectl.local.registry import Refusal
from scrapectl.local.services.efs import reach
from scrapectl.local.services.efs.folders import folder_of

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.jobs.job import Job

_NAMESPACE = Path(__file__).with_name("namespace.py")
_FAILED = (
    "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: {said} : "
    "unsuccessful EFS utils command execution; code: {code}"
)
_UNRESOLVED = (
    'Failed to resolve "{name}.efs.{region}.amazonaws.com" - check that your file system ID is correct, and ensure '
    "that the VPC has an EFS mount target for this file system ID. See "
    "https://docs.aws.amazon.com/console/efs/mount-dns-name for more detail."
)
_DENIED = "b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'"


@dataclass(frozen=True)
class Mount:
    """A folder of this machine, and where the job finds it."""

    folder: Path
    path: str
    read_only: bool


def mounts_of(cloud: Cloud, job: Job) -> list[Mount]:
    """Mount every file system of a job, as Fargate does before a container starts.

    A job may be placed in any of its environment's subnets: each must have a way to the file system.

    Args:
        cloud: Where all stand; its lock is taken.
        job: Placed in a compute environment.

    Raises:
        NotStarted: One cannot be mounted, in AWS's words.
    """
    volumes = {volume["name"]: volume.get("efsVolumeConfiguration") for volume in job.container.get("volumes") or []}
    found = []
    with cloud.lock:
        for point in job.container.get("mountPoints") or []:
            system = volumes.get(point["sourceVolume"])
            if system:
                folder = _folder(cloud, job, system)
                found.append(Mount(folder, point["containerPath"], bool(point.get("readOnly"))))
    return found


def is_file_system(job: Job, point: dict[str, Any]) -> bool:
    """Whether a mount point of a job is of a file system, and not an empty volume."""
    volumes = job.container.get("volumes") or []
    return any(one["name"] == point["sourceVolume"] and one.get("efsVolumeConfiguration") for one in volumes)


def _folder(cloud: Cloud, job: Job, system: dict[str, Any]) -> Path:
    resources = job.environment.get("computeResources") or {}
    groups, subnets = resources.get("securityGroupIds") or [], resources.get("subnets") or []
    name = system["fileSystemId"]
    said, why = reach.closed_way(cloud, job.region, name, subnets, groups)
    if why:
        said = said or _UNRESOLVED.format(name=name, region=job.region)
        raise NotStarted(_FAILED.format(said=f"{said} ({why})", code=32 if said.startswith("mount") else 1))
    leave = system.get("authorizationConfig") or {}
    point = leave.get("accessPointId")
    arn = f"arn:aws:elasticfilesystem:{job.region}:{cloud.account}:access-point/{point}" if point else None
    role = job.container.get("jobRoleArn") if leave.get("iam") == "ENABLED" else None
    if not reach.may(cloud, reach.Client(job.region, name, arn, role), reach.MOUNT):
        raise NotStarted(_FAILED.format(said=_DENIED, code=32))
    try:
        folder = folder_of(cloud, name, point) / str(system.get("rootDirectory", "/")).strip("/")
    except Refusal as refusal:
        raise NotStarted(_FAILED.format(said=f"{_DENIED} ({refusal.message})", code=32)) from refusal
    if not folder.is_dir():
        said = f"b'mount.nfs4: mounting {name}:{system['rootDirectory']} failed, reason given by server: "
        raise NotStarted(_FAILED.format(said=said + "No such file or directory'", code=32))
    return folder


def with_mounts(argv: Sequence[str], mounts: Sequence[Mount], stage: Path) -> tuple[str, ...]:
    """Say how a process of this machine is run so that it finds folders mounted at paths of its own.

    Raises:
        NotStarted: This machine lets no one do that.
    """
    if not mounts:
        return tuple(argv)
    problem = _problem()
    if problem:
        where = ", ".join(mount.path for mount in mounts)
        said = f"scrapectl: {where}: this machine lets no process mount ({problem}); a container engine would"
        raise NotStarted(_FAILED.format(said=said, code=32))
    stage.mkdir()
    return _in_namespace([(str(one.folder), one.path, one.read_only) for one in mounts], stage, argv)


@functools.cache
def _problem() -> str:
    """Why this machine gives no process a view of mounts of its own; "" when it does."""
    command = _in_namespace([], Path("/nonexistent"), [sys.executable, "-I", "-S", "-c", "pass"])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it failed"])[-1]


def _in_namespace(mounts: Sequence[tuple[str, str, bool]], stage: Path, argv: Sequence[str]) -> tuple[str, ...]:
    order = json.dumps({"mounts": mounts, "stage": str(stage)})
    return (sys.executable, "-I", "-S", str(_NAMESPACE), order, "--", *argv)
