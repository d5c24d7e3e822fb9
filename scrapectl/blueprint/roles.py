"""The roles that references imply: for the code of jobs, for what starts their containers, for the scheduler."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from scrapectl.blueprint import access
from scrapectl.blueprint.filesystems import mount_statements
from scrapectl.blueprint.load_access import load_role, load_statements
from scrapectl.blueprint.pipeline import log_group_arn_of
from scrapectl.blueprint.role import make_role, role_ref, trust_for
from scrapectl.blueprint.scheduled import scheduler_roles
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.secret_access import secret_statements
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Policy, Ref
from scrapectl.spec.model import Function, Host, Job

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_ECR_URI = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com[^/]*/(?P<name>[^:@]+)")


def desired(scope: Scope) -> Iterator[Desired]:
    """One role for each distinct set of access, one for each distinct start, one for the schedules."""
    seen: set[str] = set()
    for job in scope.spec.jobs.values():
        for role in (_job_role(scope, job), _execution_role(scope, job)):
            if role is not None and role.address not in seen:
                seen.add(role.address)
                yield role
    yield from scheduler_roles(scope)


def job_role_ref(scope: Scope, job: Job) -> Ref | None:
    """What the code of a job acts as; None when it has no access at all."""
    return role_ref(scope, _job_what(scope, job)) if access.intent(job.access) != _NO_ACCESS or job.mounts else None


def execution_role_ref(scope: Scope, job: Job) -> Ref:
    """What pulls the image, reads the secrets and writes the log."""
    return role_ref(scope, _execution_what(scope, job))


def _job_role(scope: Scope, job: Job) -> Desired | None:
    found = [
        *access.statements(scope, job.access),
        *mount_statements(scope, job.mounts.values()),
        *load_statements(scope, job),
    ]
    if not found:
        return None
    description = f"What jobs of {scope.owner} with this access may do"
    return make_role(scope, _job_what(scope, job), _trust_tasks(scope), found, job, description=description)


def _execution_role(scope: Scope, job: Job) -> Desired:
    found = [access.allow(("logs:CreateLogStream", "logs:PutLogEvents"), [f"{log_group_arn_of(scope)}:*"])]
    repository = repository_arn(scope, job)
    if repository is not None:
        found.append(access.allow(PULL, [repository]))
        found.append(access.allow(("ecr:GetAuthorizationToken",), ["*"]))  # AWS allows nothing narrower
    found += secret_statements(scope, job.secrets.values())
    description = f"Starts jobs of {scope.owner}: pulls the image, reads the secrets, writes the log"
    return make_role(scope, _execution_what(scope, job), _trust_tasks(scope), found, job, description=description)


def _trust_tasks(scope: Scope) -> Policy:
    partition, region, account = scope.place
    return trust_for("ecs-tasks.amazonaws.com", scope, "ArnLike", f"arn:{partition}:ecs:{region}:{account}:*")


def _job_what(scope: Scope, job: Job) -> str:
    loads = load_role(scope, job)
    if loads is not None:
        return loads
    mounted = sorted({str(place) for place in job.mounts.values()})
    return f"job-{_digest((*access.intent(job.access), *((tuple(mounted),) if mounted else ())))}"


def _execution_what(scope: Scope, job: Job) -> str:
    """Images that anybody may pull need no leave: jobs that differ in them alone share a role."""
    secrets = sorted({secret.secret or str(secret.arn) for secret in job.secrets.values()})
    return f"start-{_digest((repository_arn(scope, job), secrets))}"


def _digest(value: object) -> str:
    """Names a set of access by what it is, so that a job that comes or goes never renames another's role."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:6]


_NO_ACCESS = ((), (), (), (), (), repr(()))


def repository_arn(scope: Scope, job: Job | Function | Host) -> str | None:
    """The ECR repository that something pulls from; None for an image that anybody may pull, and without one."""
    image = scope.spec.image_of(job)
    if image is not None:
        return scope.arn("images", image.key)
    found = _ECR_URI.match(str(scope.text(job.image or "")))
    if found is None:
        return None
    return f"arn:{scope.facts.partition}:ecr:{found['region']}:{found['account']}:repository/{found['name']}"
