"""Finds compute environments and queues that Batch refuses: processors and capacity that AWS lets nobody mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec.instances import platform_of, processor_of

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import ComputeEnvironment, JobQueue, Spec

_EC2_ALONE = ("instance_types", "min_vcpus")


def check_compute(spec: Spec, findings: Findings) -> None:
    """Check every compute environment, and what stands together in a queue."""
    for environment in spec.compute_environments.values():
        if findings.is_sound(f"{environment.origin}.type"):
            _check_environment(environment, findings)
    for queue in spec.job_queues.values():
        _check_queue(spec, queue, findings)


def _check_environment(environment: ComputeEnvironment, findings: Findings) -> None:
    origin = environment.origin
    if not environment.on_ec2:
        for key in _EC2_ALONE:
            if key in environment.places:
                findings.add(f"{origin}.{key}", "is of EC2 alone.", "Remove it, or write type: ec2.")
        return
    first = environment.instance_types[0]
    for number, written in enumerate(environment.instance_types):
        if platform_of(written) != platform_of(first):
            message = f"{written} is {platform_of(written)}, and {first} is {platform_of(first)}."
            hint = "Keep one processor here, and make another environment and queue for the other."
            findings.add(f"{origin}.instance_types.{number}", message, hint)
            break
    if environment.existing is None and environment.min_vcpus > environment.max_vcpus:
        message = f"min_vcpus, {environment.min_vcpus}, is more than max_vcpus, {environment.max_vcpus}."
        findings.add(f"{origin}.min_vcpus", message, "Write less, or a larger max_vcpus.")


def _check_queue(spec: Spec, queue: JobQueue, findings: Findings) -> None:
    """Compare each environment of a queue with its first; of one that is not ours only what is written is known."""
    known = [
        (number, spec.compute_environments[key])
        for number, key in enumerate(queue.compute)
        if _is_known(spec.compute_environments[key])
    ]
    for number, environment in known[1:]:
        first = known[0][1]
        path = f"{queue.origin}.compute.{number}"
        if environment.on_ec2 != first.on_ec2:
            message = f'"{environment.key}" is {_what(environment)}, and "{first.key}" is {_what(first)}.'
            findings.add(path, message, "AWS lets no queue mix them: make two queues.")
        elif environment.on_ec2 and _processor(environment) != _processor(first):
            message = f'"{environment.key}" is {_processor(environment)}, and "{first.key}" is {_processor(first)}.'
            findings.add(path, message, "AWS lets no queue mix processors: make two queues.")


def _is_known(environment: ComputeEnvironment) -> bool:
    return environment.existing is None or "type" in environment.places


def _what(environment: ComputeEnvironment) -> str:
    return "EC2" if environment.on_ec2 else "Fargate"


def _processor(environment: ComputeEnvironment) -> str:
    return processor_of(environment.instance_types)
