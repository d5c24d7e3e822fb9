"""Turn a job into the environment variables that its container finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.local.jobs.access import sessions_of
from scrapectl.local.jobs.job import Job

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

NOWHERE = "http://127.0.0.1:9"
"""What a job's AWS client is told when the cloud has no address: never the real AWS."""

_OURS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL",
         "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")  # fmt: skip
"""Variables, or how they begin, that could lead a job from this cloud to the real AWS; a job's own are left out."""


def leads_elsewhere(name: str) -> bool:
    """Whether a variable of a job's or a function's own could lead it to the real AWS."""
    return name.startswith(_OURS)


def environment_of(cloud: Cloud, job: Job, secrets: dict[str, str]) -> dict[str, str]:
    """All variables of a job: its own, its secrets, Batch's, and what leads its AWS clients to this cloud.

    Args:
        cloud: Where the job runs.
        job: Placed in a compute environment, its attempt begun.
        secrets: Values of its secrets, by variable.
    """
    given = {entry["name"]: entry.get("value", "") for entry in job.container.get("environment") or []} | secrets
    own = {name: value for name, value in given.items() if not leads_elsewhere(name)}
    region = {"AWS_REGION": job.region, "AWS_DEFAULT_REGION": job.region}
    return region | own | _batch(job) | _aws(cloud, job)


def _batch(job: Job) -> dict[str, str]:
    found = {
        "AWS_BATCH_JOB_ID": job.id,
        "AWS_BATCH_JOB_ATTEMPT": str(len(job.attempts)),
        "AWS_BATCH_JQ_NAME": job.queue.rsplit("/", 1)[-1],
        "AWS_BATCH_CE_NAME": job.environment["computeEnvironmentName"],
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE" if job.platform == ["FARGATE"] else "AWS_ECS_EC2",
    }
    if job.index is not None:
        found |= {"AWS_BATCH_JOB_ARRAY_INDEX": str(job.index), "AWS_BATCH_JOB_ARRAY_SIZE": str(job.array_size)}
    return found


def _aws(cloud: Cloud, job: Job) -> dict[str, str]:
    found = {
        "AWS_ENDPOINT_URL": cloud.endpoint or NOWHERE,
        "AWS_EC2_METADATA_DISABLED": "true",
        # The user's own profiles are none of a job's business.
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    role = job.container.get("jobRoleArn")
    if role:  # without one a container has no credentials, as on Fargate
        found |= {
            "AWS_ACCESS_KEY_ID": cloud.access_key,
            "AWS_SECRET_ACCESS_KEY": cloud.secret_key,
            "AWS_SESSION_TOKEN": sessions_of(cloud).open(role, job.attempts[-1].task),
        }
    return found
