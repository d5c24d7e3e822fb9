"""Finds file systems that EFS refuses, and mounts that Batch and Lambda refuse."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from scrapectl.spec.findings import one_of, show

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import FilePlace, FileSystem, Function, Job, Spec

_DAY = 86400
# PutLifecycleConfiguration's TransitionToIA, botocore's efs model.
COLD_AFTER_DAYS = (1, 7, 14, 30, 60, 90, 180, 270, 365)
_OF_THE_SYSTEM = ("/proc", "/sys", "/dev")
_SCRATCH = "/tmp"  # noqa: S108 - the job's
# FileSystemConfig's LocalMountPath, botocore's lambda model.
_OF_A_FUNCTION = re.compile(r"/mnt/[A-Za-z0-9._-]+")
_OWNERSHIP = ("uid", "gid", "mode")


def check_path_keys(values: dict[str, Any], findings: Findings) -> None:
    """Check that paths of file systems that are not ours name access points, and that ours do not."""
    for key, filesystem in values.get("filesystems", {}).items():
        for name, path in filesystem.get("paths", {}).items():
            origin = f"filesystems.{key}.paths.{name}"
            if "existing" not in filesystem:
                if "existing" in path:
                    findings.add(f"{origin}.existing", "the file system is ours, and so are its paths.", "Remove it.")
                continue
            for other in _OWNERSHIP:
                if other in path:
                    message = f'"{other}" cannot be said of what this pipeline does not own.'
                    findings.add(f"{origin}.{other}", message, "Remove it.")
            if "existing" not in path and findings.is_sound(f"{origin}.existing"):
                findings.add(origin, "which access point is it?", "Write existing: fsap-….")


def check_filesystem(filesystem: FileSystem, findings: Findings) -> None:
    """Check after how many days files are cold; EFS knows some numbers only."""
    if filesystem.cold_after is None:
        return
    days = filesystem.cold_after // _DAY
    if days not in COLD_AFTER_DAYS:
        allowed = one_of(f"{number}d" for number in COLD_AFTER_DAYS)
        findings.add(f"{filesystem.origin}.cold_after", f"EFS knows no {days} days.", f"Write {allowed}.")


def check_job_mounts(spec: Spec, job: Job, findings: Findings) -> None:
    """Check where a job mounts what."""
    if job.mounts and job.queue in spec.job_queues and spec.on_ec2(job.queue):
        message = f'the queue "{job.queue}" is EC2, and file systems are mounted on Fargate alone.'
        findings.add(f"{job.origin}.mounts", message, "Choose a queue over Fargate.")
    for at, place in job.mounts.items():
        path = f"{job.origin}.mounts.{at}"
        plain = posixpath.normpath(at).replace("//", "/")
        if at != plain:
            findings.add(path, f"{show(at)} is not the plain form of a path.", f"Write {plain}.")
        elif at == "/" or at.startswith(tuple(f"{root}/" for root in _OF_THE_SYSTEM)) or at in _OF_THE_SYSTEM:
            findings.add(path, f"{show(at)} belongs to the container's system.", "Write another, such as /mnt/work.")
        elif at == _SCRATCH and job.read_only:
            findings.add(path, "read_only has scratch space there.", "Write another, such as /mnt/work.")
        _check_place(spec, place, path, findings)


def check_function_mounts(spec: Spec, function: Function, findings: Findings) -> None:
    """Check where a function mounts what."""
    for at, place in function.mounts.items():
        path = f"{function.origin}.mounts.{at}"
        if not _OF_A_FUNCTION.fullmatch(at):
            findings.add(path, f"Lambda mounts nothing at {show(at)}.", "Write a folder of /mnt, such as /mnt/work.")
        _check_place(spec, place, path, findings)


def _check_place(spec: Spec, place: FilePlace, path: str, findings: Findings) -> None:
    """What is mounted is an access point, as it is: AWS lets nobody mount a folder below one."""
    first, _, below = place.path.partition("/")
    paths = spec.filesystems[place.filesystem].paths
    if not first:
        message = f'which path of the file system "{place.filesystem}" is mounted?'
        known = one_of(f"{place.filesystem}/{name}" for name in paths) if paths else ""
        hint = f"Write {known}." if known else f"Add paths: {{data: }} to filesystems.{place.filesystem}, and write it."
        findings.add(path, message, hint)
    elif below:
        message = f"{show(place)} is a folder below a path, and a path is mounted whole."
        findings.add(path, message, f"Write {place.filesystem}/{first}.")
