"""Do what ECS does with roles before a container starts: assume them, pull the image, open the log, read secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.local.jobs.image import LAYER_TYPE, ImageProblem
from scrapectl.local.jobs.job import Job
from scrapectl.local.registry import Refusal
from scrapectl.local.services import iam
from scrapectl.local.services.batch.instance_types import architecture
from scrapectl.local.services.instance_profiles import instance_role

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.services.ecr import Image

_ARCHITECTURES = {"X86_64": "amd64", "ARM64": "arm64"}
_ASSUME = (
    "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being "
    "passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
)
_RESOURCES = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
)
_LOGS = "ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log stream: "


class NotStarted(Exception):
    """Why a container never started, as AWS says it."""


def check_roles(cloud: Cloud, job: Job) -> None:
    """Assume the execution role and the job's own.

    Raises:
        NotStarted: One does not exist, or does not trust ECS.
    """
    sent = {"aws:SourceArn": f"arn:aws:ecs:{job.region}:{cloud.account}:*"}
    for key in ("executionRoleArn", "jobRoleArn"):
        role = job.container.get(key)
        if role and not iam.can_be_assumed(cloud, role, "ecs-tasks.amazonaws.com", sent):
            raise NotStarted(_ASSUME.format(role=role))


def is_ours(cloud: Cloud, uri: str) -> bool:
    """Whether an image URI names this cloud's registry."""
    return uri.startswith(f"{cloud.account}.dkr.ecr.")


def pull(cloud: Cloud, job: Job) -> Image:
    """Fetch the job's image.

    Raises:
        NotStarted: The execution role may not log in to ECR, or the image is of another architecture.
        ImageProblem: It may not pull, there is no such image, or it is none that can be run here.
    """
    uri = job.container.get("image", "")
    try:
        with cloud.lock:
            pushed = cloud.image_layer(uri)
    except Refusal as refusal:
        raise ImageProblem(f"CannotPullContainerError: {uri}: {refusal.message}") from refusal
    if problem := _denied(cloud, job, "ecr:GetAuthorizationToken", "*"):
        raise NotStarted(f"{_RESOURCES}unable to get registry auth from ecr: {problem}")
    repository = uri.partition("/")[2].partition("@")[0].partition(":")[0]
    arn = f"arn:aws:ecr:{uri.split('.')[3]}:{cloud.account}:repository/{repository}"
    for action in ("BatchGetImage", "GetDownloadUrlForLayer"):
        if problem := _denied(cloud, job, f"ecr:{action}", arn):
            raise ImageProblem(f"CannotPullContainerError: {uri}: 403 Forbidden: {problem}")
    if [layer["mediaType"] for layer in pushed.manifest["layers"]] != [LAYER_TYPE]:
        raise ImageProblem(f"CannotPullContainerError: {uri} is not a build folder pushed by scrapectl")
    platform = _platform(job)
    if pushed.config.get("architecture") != _ARCHITECTURES[platform]:
        raise NotStarted(f"CannotStartContainerError: exec format error: {uri} is not built for {platform}")
    return pushed


def _platform(job: Job) -> str:
    """The architecture of what the job runs on: as its definition says, on EC2 as its environment's instances are."""
    types = (job.environment.get("computeResources") or {}).get("instanceTypes")
    if types:
        return architecture(types[0])
    return str((job.container.get("runtimePlatform") or {}).get("cpuArchitecture", "X86_64"))


def check_log(cloud: Cloud, job: Job, stream: tuple[str, str, str]) -> None:
    """Check that the execution role may write to a log stream: region, group, name.

    Raises:
        NotStarted: It may not.
    """
    region, group, name = stream
    arn = f"arn:aws:logs:{region}:{cloud.account}:log-group:{group}:log-stream:{name}"
    for action in ("CreateLogStream", "PutLogEvents"):
        if problem := _denied(cloud, job, f"logs:{action}", arn):
            raise NotStarted(_LOGS + problem)


def log_problem(refusal: Refusal) -> NotStarted:
    """What ECS says when the log stream cannot be made."""
    return NotStarted(_LOGS + str(refusal))


def secrets_of(cloud: Cloud, job: Job) -> dict[str, str]:
    """Read the values of the job's secrets, by variable.

    Raises:
        NotStarted: The execution role may not read one, or there is none.
    """
    values: dict[str, str] = {}
    for entry in job.container.get("secrets") or []:
        arn = ":".join(entry["valueFrom"].split(":")[:7])
        action = "secretsmanager:GetSecretValue" if ":secretsmanager:" in arn else "ssm:GetParameters"
        if arn.startswith("arn:") and (problem := _denied(cloud, job, action, arn)):
            raise NotStarted(_RESOURCES + problem)
        try:
            values[entry["name"]] = cloud.secret_value(entry["valueFrom"], job.region)
        except Refusal as refusal:
            raise NotStarted(_RESOURCES + str(refusal)) from refusal
    return values


def _denied(cloud: Cloud, job: Job, action: str, resource: str) -> str:
    """Why the execution role may not do something, or without one, on EC2, the instance's; empty when it may."""
    profile = (job.environment.get("computeResources") or {}).get("instanceRole")
    role = job.container.get("executionRoleArn") or (instance_role(cloud, profile) if profile else None)
    if not role or iam.role_may(cloud, role, action, resource):
        return ""
    who = f"arn:aws:sts::{cloud.account}:assumed-role/{role.rsplit('/', 1)[-1]}/{job.attempts[-1].task}"
    return f"AccessDeniedException: User: {who} is not authorized to perform: {action} on resource: {resource}"
