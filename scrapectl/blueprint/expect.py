"""`expect` of jobs whose items no loader reads → a function that checks them when the job has succeeded.

It is the loader without a table (containers/loader/loader/check.py); loaders check what they read themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from scrapectl.blueprint import access
from scrapectl.blueprint.load_staging import RECORDS, staging_arn, staging_name
from scrapectl.blueprint.pipeline import (
    dead_letter_arn,
    dead_letter_ref,
    expect_rule_arn,
    expect_rule_name,
    log_group_arn_of,
    log_group_ref,
)
from scrapectl.blueprint.role import make_role, role_ref, trust_of
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.told import failure_topic
from scrapectl.blueprint.zipped import code_digest, zip_files
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.batch_job_definition import job_definition_arn
from scrapectl.kinds.events_rule import EventsRule, RuleTarget
from scrapectl.kinds.lambda_function import LambdaFunction, Permission, function_arn
from scrapectl.spec import names
from scrapectl.spec.expected import checked_by_itself
from scrapectl.spec.load_document import FILE, VERSION, expectation
from scrapectl.spec.loader_runners import HANDLER
from scrapectl.spec.model import Access, Job

WHAT = "expect"
_SECONDS, _MIB = 900, 1024
# The whole of a job's items: those since it was submitted, which is known of each run.
_PATHS = (("run", "$.detail.jobId"), ("since", "$.detail.createdAt"))


def desired(scope: Scope) -> Iterator[Desired]:
    """The function with its role, and a rule for each job."""
    jobs = checked_by_itself(scope.spec)
    if not jobs:
        return
    description = f"Checks what jobs of {scope.owner} have left"
    trust = trust_of("lambda.amazonaws.com")
    yield make_role(scope, WHAT, trust, _leave(scope, jobs), jobs[0], description=description, common=True)
    yield scope.desire(_address(scope), _function(scope, jobs, description), jobs[0], common=True)
    for job in jobs:
        after = (scope.address("jobs", job.key),)
        yield scope.desire(f"events_rule.{scope.base(job.key, WHAT)}", _rule(scope, job), job, after=after)


def _function(scope: Scope, jobs: list[Job], description: str) -> LambdaFunction:
    package = zip_files({**scope.facts.loader, FILE: _document(scope, jobs)})
    return LambdaFunction(
        name=_name(scope),
        code=code_digest(package),
        package=package,
        handler=HANDLER,
        runtime="python3.13",
        role=role_ref(scope, WHAT),
        memory=_MIB,
        timeout=_SECONDS,
        log_group=log_group_ref(scope),
        permissions=frozenset(Permission(job.key, "events.amazonaws.com", expect_rule_arn(scope, job)) for job in jobs),
        on_failure=dead_letter_ref(scope),
        description=description,
    )


def _document(scope: Scope, jobs: list[Job]) -> bytes:
    """What it checks: names and ARNs of buckets and topics are known before anything stands."""
    told: dict[str, Any] = {
        "version": VERSION,
        "pipeline": scope.owner,
        "loader": WHAT,
        "region": scope.facts.region,
        "source": {"bucket": staging_name(scope)},
        "staging": {"bucket": staging_name(scope)},
        "expect": [_expectation(scope, job) for job in jobs],
    }
    return json.dumps(told, sort_keys=True, indent=1).encode()


def _expectation(scope: Scope, job: Job) -> dict[str, Any]:
    if job.expect is None:
        raise AssertionError(job.key)
    topic = failure_topic(scope, job)
    return {
        **expectation(job.key, job.expect),
        "bucket": scope.outputs("buckets", job.expect.place.bucket)["name"],
        "topic": scope.arn("topics", topic) if topic else None,
    }


def _leave(scope: Scope, jobs: list[Job]) -> list[access.Statement]:
    """It reads the items, keeps its records, and tells; its log, and the letters of its failures."""
    places = tuple(job.expect.place for job in jobs if job.expect)
    records = [f"{RECORDS}{job.key}/*" for job in jobs]
    staging = staging_arn(scope)
    topics = {failure_topic(scope, job) for job in jobs}
    return [
        access.allow(("logs:CreateLogStream", "logs:PutLogEvents"), [f"{log_group_arn_of(scope)}:*"]),
        access.allow(("sqs:SendMessage",), [dead_letter_arn(scope)]),
        *access.statements(scope, Access(origin=jobs[0].origin, where=jobs[0].where, read=places)),
        access.allow(("s3:GetObject", "s3:PutObject"), [f"{staging}/{each}" for each in records]),
        access.allow(("s3:ListBucket",), [staging], {"StringLike": {"s3:prefix": records}}),
        *access.publish_statements(scope, [topic for topic in topics if topic]),
    ]


def _rule(scope: Scope, job: Job) -> EventsRule:
    """Runs of any revision that succeeded; children of an array have an index, and their parent comes last."""
    definition = job_definition_arn(*scope.place, scope.physical("jobs", job.key))
    target = RuleTarget(
        id=WHAT,
        arn=Ref(_address(scope), "arn", function_arn(*scope.place, _name(scope))),
        dead_letter=dead_letter_ref(scope),
        paths=_PATHS,
        template=f'{{"job": "{job.key}", "run": "<run>", "detail": {{"startedAt": <since>}}}}',
    )
    detail = {
        "status": ["SUCCEEDED"],
        "jobDefinition": [{"prefix": f"{definition}:"}],
        "arrayProperties": {"index": [{"exists": False}]},
    }
    return EventsRule(
        name=expect_rule_name(scope, job),
        pattern={"source": ["aws.batch"], "detail-type": ["Batch Job State Change"], "detail": detail},
        description=f"Runs of {job.key} of {scope.owner} whose items are to be checked",
        targets=frozenset({target}),
    )


def _name(scope: Scope) -> str:
    return scope.name(names.FUNCTION_LIMIT, None, WHAT)


def _address(scope: Scope) -> str:
    return f"lambda_function.{scope.base(None, WHAT)}"
