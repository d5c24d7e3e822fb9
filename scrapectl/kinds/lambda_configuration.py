"""What Lambda tells of a function → the fields that its configuration fills, and what AWS does with it (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scrapectl.engine.resource import Status

PLATFORMS = {"X86_64": "x86_64", "ARM64": "arm64"}
SCRATCH_MIB = 512
"""What /tmp has when nobody says otherwise (botocore's lambda model, EphemeralStorage)."""


@dataclass(frozen=True)
class FileMount:
    """A file system in a function: ARN of the access point it comes through, and where below /mnt/ it is seen."""

    access_point: Any
    path: str


def own_group(name: str) -> str:
    """Where a function writes that names no log group."""
    return f"/aws/lambda/{name}"


def values_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields of a function out of GetFunction's answer, but for who may call it."""
    now = answer["Configuration"]
    name, network = now["FunctionName"], now.get("VpcConfig") or {}
    log_group = now.get("LoggingConfig", {}).get("LogGroup")
    architecture = (now.get("Architectures") or ["x86_64"])[0]
    disk = (now.get("EphemeralStorage") or {}).get("Size", SCRATCH_MIB)
    return {
        "name": name,
        "role": now["Role"],
        "memory": now["MemorySize"],
        "timeout": now["Timeout"],
        "environment": now.get("Environment", {}).get("Variables", {}),
        "platform": next((ours for ours, theirs in PLATFORMS.items() if theirs == architecture), architecture),
        "log_group": None if log_group == own_group(name) else log_group,
        "concurrency": answer.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        "description": now.get("Description", ""),
        "disk": None if disk == SCRATCH_MIB else disk,
        "subnets": tuple(network.get("SubnetIds") or ()),
        "security_groups": tuple(network.get("SecurityGroupIds") or ()),
        "mounts": frozenset(
            FileMount(each["Arn"], each["LocalMountPath"]) for each in now.get("FileSystemConfigs") or ()
        ),
        **_runs(now, answer.get("Code") or {}),
    }


def _runs(now: Mapping[str, Any], code: Mapping[str, Any]) -> dict[str, Any]:
    """What it runs: a zip with its handler, runtime and layers, or an image with its command."""
    if now.get("PackageType") == "Image":
        config = (now.get("ImageConfigResponse") or {}).get("ImageConfig") or {}
        more = {"image": code.get("ImageUri", ""), "command": tuple(config.get("Command") or ())}
        return {"code": "", "handler": "", "runtime": "", **more}
    return {
        "code": now["CodeSha256"],
        "handler": now.get("Handler", ""),
        "runtime": now.get("Runtime", ""),
        "layers": tuple(layer["Arn"] for layer in now.get("Layers") or ()),
    }


def status_of(now: Mapping[str, Any]) -> tuple[Status, str]:
    """Read what AWS is doing with it. Inactive is ready: the next event wakes it."""
    if now.get("State") == "Pending":
        return Status.BUSY, now.get("StateReason", "it is being made")
    if now.get("LastUpdateStatus") == "InProgress":
        return Status.BUSY, now.get("LastUpdateStatusReason", "it is being changed")
    if now.get("State") == "Failed":
        return Status.BROKEN, now.get("StateReason", "it could not be made")
    if now.get("LastUpdateStatus") == "Failed":
        return Status.BROKEN, now.get("LastUpdateStatusReason", "its last change failed")
    return Status.READY, ""
