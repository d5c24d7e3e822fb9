"""The roles that references imply: for the code of jobs, for what starts their containers, for the scheduler."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from scrapectl.blueprint import access
from scrapectl.blueprint.filesystems import mount_statements
from scrapectl.blueprint.pipeline import dead_letter_arn, log_group_arn_of, schedule_group_arn_of
from scrapectl.blueprint.role import make_role, role_ref, trust_for
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Policy, Ref, Text
from scrapectl.spec.model import Job, SecretRef

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
INLINE_LIMIT = 10_240
"""Characters of all inline policies of a role (AWS-FACTS §11)."""
_NAMED_LIMIT = INLINE_LIMIT - 640
"""What of it the ARNs of queues and definitions may take; the rest is for the statements around them."""
_ECR_URI = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com[^/]*/(?P<name>[^:@]+)")


def desired(scope: Scope) -> Iterator[Desired]:
    """One role for each distinct set of access, one for each distinct start, one for the schedules."""
    seen: set[str] = set()
    for job in scope.spec.jobs.values():
        for role in (_job_role(scope, job), _execution_role(scope, job)):
            if role is not None and role.address not in seen:
                seen.add(role.address)
                yield role
    for what, jobs in _schedulers(scope).items():
        yield _scheduler_role(scope, what, jobs)


def job_role_ref(scope: Scope, job: Job) -> Ref | None:
    """What the code of a job acts as; None when it has no access at all."""
    return role_ref(scope, _job_what(job)) if access.intent(job.access) != _NO_ACCESS or job.mounts else None


def execution_role_ref(scope: Scope, job: Job) -> Ref:
    """What pulls the image, reads the secrets and writes the log."""
    return role_ref(scope, _execution_what(scope, job))


def scheduler_role_refs(scope: Scope) -> dict[str, Ref]:
    """What EventBridge Scheduler assumes to submit each scheduled job, by the job's key."""
    return {job.key: role_ref(scope, what) for what, jobs in _schedulers(scope).items() for job in jobs}


def _job_role(scope: Scope, job: Job) -> Desired | None:
    found = [*access.statements(scope, job.access), *mount_statements(scope, job.mounts.values())]
    if not found:
        return None
    description = f"What jobs of {scope.owner} with this access may do"
    return make_role(scope, _job_what(job), _trust_tasks(scope), found, job, description=description)


def _execution_role(scope: Scope, job: Job) -> Desired:
    found = [access.allow(("logs:CreateLogStream", "logs:PutLogEvents"), [f"{log_group_arn_of(scope)}:*"])]
    repository = _repository_arn(scope, job)
    if repository is not None:
        found.append(access.allow(PULL, [repository]))
        found.append(access.allow(("ecr:GetAuthorizationToken",), ["*"]))  # AWS allows nothing narrower
    secrets = [_secret_pattern(scope, secret) for secret in job.secrets.values()]
    if secrets:
        found.append(access.allow(("secretsmanager:GetSecretValue",), secrets))
    if keys := [key for secret in job.secrets.values() if (key := _key_of(scope, secret))]:
        through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{scope.facts.region}.{_domain(scope)}"}}
        found.append(access.allow(("kms:Decrypt",), keys, through))
    description = f"Starts jobs of {scope.owner}: pulls the image, reads the secrets, writes the log"
    return make_role(scope, _execution_what(scope, job), _trust_tasks(scope), found, job, description=description)


def _schedulers(scope: Scope) -> dict[str, list[Job]]:
    """Share the scheduled jobs out among roles, as many to each as a policy can name: `scheduler`, `scheduler-2`, ….

    A policy cannot name them by our tag instead: AWS looks at a definition's tags only when a submission names its
    revision ("Restrict job submission by resource tags", Batch User Guide), and a schedule names the newest.
    """
    shared: list[list[Job]] = []
    named: set[str] = set()
    for job in scope.spec.jobs.values():
        if not job.schedules:
            continue
        arns = set(access.submit_resources(scope, [job]))
        named |= arns
        if not shared or sum(len(arn) + len('"",') for arn in named) > _NAMED_LIMIT:
            shared.append([])
            named = arns
        shared[-1].append(job)
    return {"scheduler" if not number else f"scheduler-{number + 1}": jobs for number, jobs in enumerate(shared)}


def _scheduler_role(scope: Scope, what: str, jobs: list[Job]) -> Desired:
    found = [
        access.allow(("batch:SubmitJob",), access.submit_resources(scope, jobs)),
        access.allow(("sqs:SendMessage",), [dead_letter_arn(scope)]),
    ]
    trust = trust_for("scheduler.amazonaws.com", scope, "StringEquals", schedule_group_arn_of(scope))
    description = f"Submits scheduled jobs of {scope.owner}"
    return make_role(scope, what, trust, found, scope.spec, description=description, common=True)


def _trust_tasks(scope: Scope) -> Policy:
    partition, region, account = scope.place
    return trust_for("ecs-tasks.amazonaws.com", scope, "ArnLike", f"arn:{partition}:ecs:{region}:{account}:*")


def _job_what(job: Job) -> str:
    mounted = sorted({str(place) for place in job.mounts.values()})
    return f"job-{_digest((*access.intent(job.access), *((tuple(mounted),) if mounted else ())))}"


def _execution_what(scope: Scope, job: Job) -> str:
    """Images that anybody may pull need no leave: jobs that differ in them alone share a role."""
    secrets = sorted({secret.secret or str(secret.arn) for secret in job.secrets.values()})
    return f"start-{_digest((_repository_arn(scope, job), secrets))}"


def _digest(value: object) -> str:
    """Names a set of access by what it is, so that a job that comes or goes never renames another's role."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:6]


_NO_ACCESS = ((), (), (), (), (), repr(()))


def _repository_arn(scope: Scope, job: Job) -> str | None:
    """The ECR repository that a job pulls from; None for an image that anybody may pull."""
    image = scope.spec.image_of(job)
    if image is not None:
        return scope.arn("images", image.key)
    found = _ECR_URI.match(str(scope.text(job.image)))
    if found is None:
        return None
    return f"arn:{scope.facts.partition}:ecr:{found['region']}:{found['account']}:repository/{found['name']}"


def _secret_pattern(scope: Scope, secret: SecretRef) -> str | Ref | Text:
    """A secret's ARN ends in six characters that AWS chooses; the pattern is AWS's own advice and matches just it.

    Of a database's password AWS chooses the whole name, so that the role waits for the database.
    """
    if secret.arn is not None:
        found: str | Ref | Text = scope.text(secret.arn)
        return found
    key = str(secret.secret)
    existing = scope.facts.existing.get(("secrets", key))
    if existing is not None:
        return existing["arn"]
    partition, region, account = scope.place
    return f"arn:{partition}:secretsmanager:{region}:{account}:secret:{scope.physical('secrets', key)}-??????"


def _key_of(scope: Scope, secret: SecretRef) -> str | None:
    """The ARN of the user's key that an existing secret is under; None for AWS's own, which needs no leave."""
    key = scope.facts.existing.get(("secrets", str(secret.secret)), {}).get("key", "")
    if not key or "alias/aws/" in key:
        return None
    partition, region, account = scope.place
    # A policy cannot name a key by alias: that of an alias is any key, as far as Secrets Manager asks for it.
    name = "*" if "alias/" in key else key
    return key if ":key/" in key else f"arn:{partition}:kms:{region}:{account}:key/{name}"


def _domain(scope: Scope) -> str:
    return "amazonaws.com.cn" if scope.facts.partition == "aws-cn" else "amazonaws.com"
