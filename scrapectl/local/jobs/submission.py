"""Turn a checked SubmitJob request, its definition and its queue into a job, or an array's parent and children."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from scrapectl.local.jobs.job import Job
from scrapectl.local.services.batch.state import refuse

_PLACEHOLDER = re.compile(r"Ref::([A-Za-z0-9_-]+)")


def jobs_of(
    params: Mapping[str, Any], definition: Mapping[str, Any], queue: Mapping[str, Any], place: tuple[str, int, int]
) -> list[Job]:
    """Make what a submission makes: one job, or a parent followed by its children.

    Args:
        params: The request.
        definition: As DescribeJobDefinitions answers it.
        queue: As DescribeJobQueues answers it.
        place: Region, time in milliseconds, and how many jobs were made before.
    """
    region, now, order = place
    number = str(uuid.uuid4())
    job = Job(
        id=number,
        arn=queue["jobQueueArn"].rsplit(":", 1)[0] + f":job/{number}",
        name=params["jobName"],
        region=region,
        queue=queue["jobQueueArn"],
        definition=definition["jobDefinitionArn"],
        created_at=now,
        order=order,
        container=_container(params, definition),
        retry=dict(params.get("retryStrategy") or definition.get("retryStrategy") or {}),
        timeout=_timeout(params, definition),
        parameters=definition.get("parameters", {}) | (params.get("parameters") or {}),
        depends_on=list(params.get("dependsOn") or []),
        share=params.get("shareIdentifier"),
        priority=params.get("schedulingPriorityOverride", definition.get("schedulingPriority")),
        platform=definition["platformCapabilities"],
        propagate_tags=params.get("propagateTags", definition.get("propagateTags", False)),
        size=(params.get("arrayProperties") or {}).get("size"),
    )
    return [job, *(_child(job, index) for index in range(job.size or 0))]


def _child(parent: Job, index: int) -> Job:
    child = copy.copy(parent)
    child.id, child.arn = f"{parent.id}:{index}", f"{parent.arn}:{index}"
    child.order = parent.order + 1 + index
    child.parent, child.index, child.array_size, child.size = parent.id, index, parent.size, None
    child.waits_for, child.attempts, child.children = set(), [], copy.copy(parent.children)
    return child


def check_dependencies(job: Job, find: Callable[[str], Job | None]) -> None:
    """Refuse dependencies on unknown jobs, and kinds that only arrays can have.

    Raises:
        Refusal: With Batch's `ClientException`.
    """
    for entry in job.depends_on:
        kind, other = entry.get("type"), entry.get("jobId")
        if kind and job.size is None:
            raise refuse(f"Dependencies of type {kind} are for array jobs")
        if kind == "SEQUENTIAL" and other:
            raise refuse("A SEQUENTIAL dependency takes no jobId")
        if kind == "SEQUENTIAL":
            continue
        found = find(other) if other else None
        if found is None:
            raise refuse(f"Job {other} of dependsOn does not exist")
        if kind == "N_TO_N" and found.size != job.size:
            raise refuse(f"An N_TO_N dependency needs an array of {job.size} jobs: {other}")


def waits_for(job: Job) -> set[str]:
    """Ids of the jobs that must succeed before a job or an array's child may run."""
    wanted: set[str] = set()
    for entry in job.depends_on:
        kind, other = entry.get("type"), entry.get("jobId")
        if job.index is not None and kind == "SEQUENTIAL":
            wanted |= {f"{job.parent}:{job.index - 1}"} if job.index else set()
        elif job.index is not None and kind == "N_TO_N":
            wanted.add(f"{other}:{job.index}")
        elif other:
            wanted.add(other)
    return wanted


def command_of(job: Job) -> list[str]:
    """The container's command with every `Ref::name` replaced; an unknown name stays as it is."""
    words = job.container.get("command") or []
    return [_PLACEHOLDER.sub(lambda found: job.parameters.get(found[1], found[0]), word) for word in words]


def _timeout(params: Mapping[str, Any], definition: Mapping[str, Any]) -> int | None:
    chosen = params.get("timeout") or definition.get("timeout") or {}
    seconds: int | None = chosen.get("attemptDurationSeconds")
    return seconds


def _container(params: Mapping[str, Any], definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition's container with the overrides in it; a variable or a resource is replaced by its name."""
    container: dict[str, Any] = copy.deepcopy(definition.get("containerProperties") or {})
    overrides = params.get("containerOverrides") or {}
    for key in ("command", "instanceType", "vcpus", "memory"):
        if overrides.get(key):
            container[key] = overrides[key]
    for key, name in (("environment", "name"), ("resourceRequirements", "type")):
        merged = {entry[name]: entry for entry in [*container.get(key, []), *(overrides.get(key) or [])]}
        container[key] = list(merged.values())
    return container | {"networkInterfaces": []}
