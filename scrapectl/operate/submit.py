"""A standing job and what shall differ this once → the SubmitJob request, and the run that came of it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scrapectl.errors import UsageError
from scrapectl.operate.jobs import StandingJob
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.patience import patiently
from scrapectl.spec.checks.sizes import FARGATE_SIZES

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

LEAST_MEMORY = 4
ARRAY_SIZES = range(2, 10_001)


def submission(job: StandingJob, overrides: Overrides) -> dict[str, Any]:
    """The SubmitJob request of a run.

    Raises:
        UsageError: An override that AWS would refuse, or that the job's queue cannot take.
    """
    _check(job, overrides)
    size, share = overrides.array or job.array, overrides.share or job.share
    container = _container(overrides)
    return {
        "jobName": job.definition,
        "jobQueue": job.queue,
        "jobDefinition": job.definition,
        **({"shareIdentifier": share} if share else {}),
        **({"arrayProperties": {"size": size}} if size else {}),
        **({"containerOverrides": container} if container else {}),
    }


def submit(aws: Aws, request: Mapping[str, Any]) -> str:
    """Submit a run and return its id. A lost answer is not repeated blindly: that would start a second run."""
    answer = patiently(functools.partial(aws.call, "batch", "submit_job", blind_retry=False, **request))
    return str(answer["jobId"])


def terminate(aws: Aws, ids: Sequence[str], reason: str) -> None:
    """End runs, side by side.

    TerminateJob cancels what has not started, too, so that a run that starts meanwhile is ended all the same
    (CancelJob would let it run).
    """
    aws.gather([functools.partial(aws.call, "batch", "terminate_job", jobId=run, reason=reason) for run in ids])


def _container(overrides: Overrides) -> dict[str, Any]:
    sizes = [("VCPU", overrides.vcpus and f"{overrides.vcpus:g}"), ("MEMORY", overrides.memory)]
    requirements = [{"type": kind, "value": str(value)} for kind, value in sizes if value]
    variables = [{"name": name, "value": value} for name, value in overrides.environment.items()]
    return {
        **({"command": list(overrides.command)} if overrides.command else {}),
        **({"environment": variables} if variables else {}),
        **({"resourceRequirements": requirements} if requirements else {}),
    }


def _check(job: StandingJob, overrides: Overrides) -> None:
    if not job.queue:
        raise UsageError(f"{job.name}: its definition does not say its queue.", "Apply the spec again.")
    if overrides.array is not None and overrides.array not in ARRAY_SIZES:
        raise UsageError(f"--array {overrides.array}: an array has 2 to 10000 children.")
    if overrides.share and not job.share:
        raise UsageError(f"--share {overrides.share}: the queue of {job.name} has no shares.")
    if overrides.vcpus or overrides.memory:
        check = _check_ec2_size if job.on_ec2 else _check_size
        check(overrides.vcpus or job.vcpus, overrides.memory or job.memory)
    for name in overrides.environment:
        if not name or name.startswith("AWS_BATCH"):
            raise UsageError(f'--env {name}: Batch keeps names that begin with "AWS_BATCH" for itself.')


def _check_ec2_size(vcpus: float, memory: int) -> None:
    """EC2 counts whole vCPUs, and takes 4 MiB and more (ResourceRequirement, AWS Batch API)."""
    if vcpus < 1 or vcpus % 1:
        raise UsageError(f"EC2 has no {vcpus:g} vCPUs.", "Give a whole number.")
    if memory < LEAST_MEMORY:
        raise UsageError(f"--memory {memory}: a job has {LEAST_MEMORY} MiB and more.")


def _check_size(vcpus: float, memory: int) -> None:
    sizes = FARGATE_SIZES.get(vcpus)
    if sizes is None:
        raise UsageError(
            f"Fargate has no {vcpus:g} vCPUs.", f"It has {', '.join(f'{each:g}' for each in FARGATE_SIZES)}."
        )
    if memory not in sizes:
        listed = ", ".join(map(str, sizes))
        raise UsageError(f"Fargate has no {vcpus:g} vCPUs with {memory} MiB.", f"With {vcpus:g} it has {listed} MiB.")
