"""`jobs` → a Batch job definition each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapectl.blueprint import network
from scrapectl.blueprint.filesystems import mounts_of
from scrapectl.blueprint.images import job_image
from scrapectl.blueprint.load_documents import load_environment
from scrapectl.blueprint.pipeline import log_group_ref
from scrapectl.blueprint.roles import execution_role_ref, job_role_ref
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Text as Mixed
from scrapectl.kinds.batch_job_definition import BatchJobDefinition
from scrapectl.spec.expected import checked_by_itself
from scrapectl.spec.model import Job, SecretRef

RUN = "scrapectl:run"
"""The tag that tells `run` without the spec where a job goes, and `status` what to read: `queue=… share=… array=…`."""

_PLACES = {
    "image": "image",
    "attempts": "retries",
    "public_ip": "public_ip",
    "environment": "environment",
    "secrets": "secrets",
}


def desired(scope: Scope) -> Iterator[Desired]:
    """One definition for each job."""
    for job in scope.spec.jobs.values():
        places = {**{path.split(".")[0]: place for path, place in reversed(list(job.places.items()))}}
        places |= {name: job.place_of(path) for name, path in _PLACES.items() if path in places}
        definition = _definition(scope, job)
        # With another way out of the network a job has a public address, or none, from when its subnets change.
        more: dict[str, Any] = {"places": places, "after": network.ways(scope)}
        yield scope.desire_entry("jobs", job, definition, tags={RUN: run_tag(scope, job)}, **more)


def run_tag(scope: Scope, job: Job) -> str:
    """Where a job goes when it is run by hand."""
    checked = "yes" if job in checked_by_itself(scope.spec) else None
    queue = scope.outputs("job_queues", job.queue)["name"]
    parts = {"queue": queue, "share": job.share, "array": job.array, "checked": checked}
    return " ".join(f"{name}={value}" for name, value in parts.items() if value is not None)


def _definition(scope: Scope, job: Job) -> BatchJobDefinition:
    address = scope.address("jobs", job.key)
    image, tag = job_image(scope, job)
    on_ec2 = scope.spec.on_ec2(job.queue)
    public = job.public_ip if job.public_ip is not None else network.is_public(scope)
    return BatchJobDefinition(
        name=scope.physical("jobs", job.key),
        image=image,
        image_tag=tag,
        command=tuple(scope.text(part, address) for part in job.command),
        vcpus=f"{job.vcpus:g}",
        memory=job.memory,
        runs_on="EC2" if on_ec2 else "FARGATE",
        platform=None if on_ec2 else job.platform,
        disk=None if on_ec2 else job.disk,
        public_ip=None if on_ec2 else public,
        read_only=job.read_only,
        mounts=mounts_of(scope, job),
        environment={
            **{name: scope.text(value, address) for name, value in job.environment.items()},
            **load_environment(scope, job),
        },
        secrets={name: _secret(scope, secret) for name, secret in job.secrets.items()},
        job_role=job_role_ref(scope, job),
        execution_role=execution_role_ref(scope, job),
        log_group=log_group_ref(scope),
        log_region=scope.facts.region,
        log_prefix=job.key,
        timeout=job.timeout,
        attempts=job.retries + 1,
        retry_on=job.retry_on,
        priority=job.priority,
        keep_revisions=job.keep_revisions,
    )


def _secret(scope: Scope, secret: SecretRef) -> Any:
    arn = scope.text(secret.arn) if secret.arn is not None else scope.ref("secrets", str(secret.secret), "arn")
    if secret.json_key is None:
        return arn
    parts = arn.parts if isinstance(arn, Mixed) else (arn,)
    return Mixed((*parts, f":{secret.json_key}::"))
