"""Decide where a waiting job runs: the first environment of its queue that has room, or why none ever will.

The reasons are those of "Jobs stuck in a RUNNABLE status" in the Batch user guide.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any

from scrapectl.local.jobs.job import Job
from scrapectl.local.services.batch.environment_checks import FARGATE
from scrapectl.local.services.batch.instance_types import largest

TOO_BIG = (
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - All compute environments have a maxVcpu setting "
    "that is smaller than the job requirements."
)
NO_SUCH_INSTANCE = (
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that "
    "can be met by the CE(s) attached to the job queue."
)
NO_CAPACITY = (
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type {}"
)
CANCELED = "Canceled by JobStateTimeLimit action due to reason: {}"


@dataclass(frozen=True)
class Place:
    """Where a job goes, or why it goes nowhere; neither when it only has to wait its turn."""

    environment: dict[str, Any] | None = None
    stuck: str = ""


def place(
    job: Job, environments: list[dict[str, Any]], used: Callable[[dict[str, Any]], float], exhausted: Container[str]
) -> Place:
    """Choose an environment.

    Args:
        job: Whose turn it is.
        environments: Of its queue, in order, as Describe answers them.
        used: vCPUs that run in an environment.
        exhausted: Names of environments for which AWS has no instances left.
    """
    usable = [env for env in environments if env["state"] == "ENABLED" and env["status"] in {"VALID", "UPDATING"}]
    if not usable:
        return Place()
    fitting = [environment for environment in usable if _fits(job, environment)]
    if not fitting:
        return Place(stuck=NO_SUCH_INSTANCE)
    wide = [environment for environment in fitting if job.vcpus <= _most(environment)]
    if not wide:
        return Place(stuck=TOO_BIG)
    able = [environment for environment in wide if environment["computeEnvironmentName"] not in exhausted]
    if not able:
        return Place(stuck=NO_CAPACITY.format(_instances(wide[0])))
    return Place(next((env for env in able if used(env) + job.vcpus <= _most(env)), None))


def _fits(job: Job, environment: dict[str, Any]) -> bool:
    """Whether an environment's kind of machine can hold the job: on EC2 some instance must be larger than it.

    An instance's memory is never a job's alone: the ECS agent and the system take theirs first.
    """
    resources = environment["computeResources"] or {}
    on_fargate = resources.get("type") in FARGATE
    if on_fargate != (job.platform == ["FARGATE"]):
        return False
    if on_fargate:
        return True
    sizes = [largest(name) for name in resources.get("instanceTypes") or []]
    return any(job.vcpus <= size.vcpus and job.memory < size.mebibytes for size in sizes)


def _most(environment: dict[str, Any]) -> float:
    return float((environment["computeResources"] or {}).get("maxvCpus", 0))


def _instances(environment: dict[str, Any]) -> str:
    resources = environment["computeResources"] or {}
    return "[" + ", ".join(resources.get("instanceTypes") or [resources.get("type", "")]) + "]"
