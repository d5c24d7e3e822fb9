"""Finds jobs whose size or processor the queue they wait in does not have: Fargate's table, EC2's instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec.findings import one_of
from scrapectl.spec.instances import processor_of, vcpus_of

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import ComputeEnvironment, Job, Spec

# vCPUs to the MiB that Fargate has with them ("Troubleshoot Amazon ECS task definition invalid CPU or memory errors").
FARGATE_SIZES: dict[float, tuple[int, ...]] = {
    0.25: (512, 1024, 2048),
    0.5: tuple(range(1024, 4096 + 1, 1024)),
    1: tuple(range(2048, 8192 + 1, 1024)),
    2: tuple(range(4096, 16384 + 1, 1024)),
    4: tuple(range(8192, 30720 + 1, 1024)),
    8: tuple(range(16384, 61440 + 1, 4096)),
    16: tuple(range(32768, 122880 + 1, 8192)),
}
_FARGATE_ALONE = {
    "disk": "Its disk is that of the instance.",
    "public_ip": "It has the addresses of the instance.",
}


def check_size(spec: Spec, job: Job, findings: Findings) -> None:
    """Check what a job asks for against the queue it waits in."""
    sound = all(findings.is_sound(f"{job.origin}.{key}") for key in ("vcpus", "memory"))
    if job.queue not in spec.job_queues:
        return
    if spec.on_ec2(job.queue):
        _check_ec2(spec, job, findings)
    elif sound:
        _check_fargate(job, findings)
    if sound:
        _check_room(spec, job, findings)


def _check_fargate(job: Job, findings: Findings) -> None:
    """Say which sizes fit: the memory to these vCPUs, and the vCPUs to this memory."""
    sizes = FARGATE_SIZES.get(job.vcpus)
    if sizes is None:
        message = f"Fargate has no {job.vcpus:g} vCPUs."
        findings.add(f"{job.origin}.vcpus", message, f"Write {one_of(format(size, 'g') for size in FARGATE_SIZES)}.")
        return
    if job.memory in sizes:
        return
    path = f"{job.origin}.memory" if "memory" in job.places else f"{job.origin}.vcpus"
    fitting = [format(vcpus, "g") for vcpus, memory in FARGATE_SIZES.items() if job.memory in memory]
    other = f", or vcpus: {one_of(fitting)}" if fitting else ""
    findings.add(
        path,
        f"Fargate has no {job.vcpus:g} vCPUs with {job.memory} MiB.",
        f"Write memory: {_listed(sizes)}{other}.",
    )


def _check_ec2(spec: Spec, job: Job, findings: Findings) -> None:
    """Batch refuses on EC2 what belongs to Fargate, and never starts what no instance can hold."""
    for key, instead in _FARGATE_ALONE.items():
        if key in job.places:
            findings.add(f"{job.origin}.{key}", f'the queue "{job.queue}" is EC2. {instead}', "Remove it.")
    if job.vcpus != int(job.vcpus):
        message = f"EC2 has no {job.vcpus:g} vCPUs: Batch counts whole ones there."
        findings.add(f"{job.origin}.vcpus", message, f"Write {int(job.vcpus) + 1}.")
    environments = [env for env in _environments(spec, job) if env.on_ec2 and _tells_types(env, findings)]
    if environments:
        _check_processor(job, processor_of(environments[0].instance_types), findings)
        _check_largest(job, [written for env in environments for written in env.instance_types], findings)


def _check_processor(job: Job, processor: str, findings: Findings) -> None:
    if processor != job.platform:
        message = f'the queue "{job.queue}" has {processor} instances, and the job runs on {job.platform}.'
        hint = f"Write platform: {processor}, or choose a queue of the other processor."
        findings.add(f"{job.origin}.{'platform' if 'platform' in job.places else 'queue'}", message, hint)


def _check_largest(job: Job, instance_types: list[str], findings: Findings) -> None:
    """Only where each type tells its size: a family has large ones too."""
    sizes = [size for size in map(vcpus_of, instance_types) if size is not None]
    if len(sizes) == len(instance_types) and job.vcpus > max(sizes):
        message = f'no instance type of the queue "{job.queue}" has {job.vcpus:g} vCPUs; the largest has {max(sizes)}.'
        findings.add(f"{job.origin}.vcpus", message, "Write fewer, or a larger type in its environment.")


def _check_room(spec: Spec, job: Job, findings: Findings) -> None:
    """A job larger than all that may run at once waits for ever."""
    environments = _environments(spec, job)
    if not environments or any(environment.existing for environment in environments):
        return
    most = max(environment.max_vcpus for environment in environments)
    if job.vcpus > most and all(findings.is_sound(f"{env.origin}.max_vcpus") for env in environments):
        message = f'the queue "{job.queue}" has {most} vCPUs at most, and the job asks for {job.vcpus:g}.'
        findings.add(f"{job.origin}.vcpus", message, "Write fewer, or a larger max_vcpus in its environment.")


def _environments(spec: Spec, job: Job) -> list[ComputeEnvironment]:
    return [spec.compute_environments[key] for key in spec.job_queues[job.queue].compute]


def _tells_types(environment: ComputeEnvironment, findings: Findings) -> bool:
    """Of an environment that is not ours the types are known only when they are written."""
    known = environment.existing is None or "instance_types" in environment.places
    return known and findings.is_sound(environment.origin)


def _listed(sizes: tuple[int, ...]) -> str:
    if len(sizes) <= 8:  # noqa: PLR2004 - what still reads well in a line
        return one_of(sizes)
    return f"{sizes[0]} to {sizes[-1]} in steps of {sizes[1] - sizes[0]}"
