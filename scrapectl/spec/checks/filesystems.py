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
# CreateAccessPoint's Path, botocore's efs model: to four folders, to 100 characters.
_FOLDER = re.compile(r"(?!\.)[^$#<>;`|&?{}^*/\n]+")
_DEEPEST, _LONGEST = 4, 100
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
            findings.add(path, f"{show(at)} belongs to the container's system.", "Write another, such as /mnt/files.")
        elif at == _SCRATCH and job.read_only:
            findings.add(path, "read_only has scratch space there.", "Write another, such as /mnt/files.")
        _check_mounted(spec, place, path, findings)


def check_function_mounts(spec: Spec, function: Function, findings: Findings) -> None:
    """Check where a function mounts what."""
    for at, place in function.mounts.items():
        path = f"{function.origin}.mounts.{at}"
        if not _OF_A_FUNCTION.fullmatch(at):
            findings.add(path, f"Lambda mounts nothing at {show(at)}.", "Write a folder of /mnt, such as /mnt/files.")
        _check_mounted(spec, place, path, findings)


def check_copied(spec: Spec, place: FilePlace, path: str, findings: Findings) -> None:
    """Check a place that is copied from or to: with the path of a file system that is not ours, an access point."""
    system = spec.filesystems[place.filesystem]
    if system.existing is not None and not place.path.strip("/"):
        findings.add(path, f"which path of {show(place.filesystem)} is meant?", _one_of_paths(system))
    _check_folders(place, path, findings)


def _check_mounted(spec: Spec, place: FilePlace, path: str, findings: Findings) -> None:
    """What is mounted is an access point, whole; of a file system that is ours each folder gets one of its own."""
    system = spec.filesystems[place.filesystem]
    if system.existing is not None and place.path not in system.paths:
        message = f"{show(place)} is no path of the file system, which is not ours and is mounted by its paths."
        findings.add(path, message, _one_of_paths(system))
    elif len(place.path.strip("/").split("/")) > _DEEPEST:
        findings.add(path, f"{show(place)} is more than {_DEEPEST} folders deep.", "Mount one above it.")
    _check_folders(place, path, findings)


def _one_of_paths(system: FileSystem) -> str:
    if system.paths:
        return f"Write {one_of(f'{system.key}/{name}' for name in system.paths)}."
    return f"Add paths: {{data: {{existing: fsap-…}}}} to {system.origin}, and write {system.key}/data."


def _check_folders(place: FilePlace, path: str, findings: Findings) -> None:
    folders = place.path.rstrip("/")
    wrong = [folder for folder in folders.split("/") if folders and not _FOLDER.fullmatch(folder)]
    if wrong:
        message = f"EFS takes no folder named {show(wrong[0])}."
        findings.add(path, message, "Write letters, digits, dots, dashes and underscores, none first a dot.")
    elif len(folders) >= _LONGEST:
        findings.add(
            path, f"is longer than the {_LONGEST} characters of an access point's path.", "Write a shorter one."
        )
