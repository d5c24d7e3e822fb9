"""`access` → IAM statements: what the references of a job imply, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.warehouse_access import warehouse_statements
from scrapectl.engine.values import Ref, refs, transform
from scrapectl.engine.values import Text as Mixed
from scrapectl.spec.model import Access, BucketPlace, Job

Statement = dict[str, Any]

READ_OBJECTS = ("s3:GetObject", "s3:GetObjectVersion")
WRITE_OBJECTS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject")
SEND = ("sqs:GetQueueUrl", "sqs:SendMessage")
RECEIVE = (
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
)


def statements(scope: Scope, access: Access) -> list[Statement]:
    """Everything that a job with this access may do; empty when it may do nothing."""
    found: list[Statement] = []
    found += _bucket_statements(scope, access.read, READ_OBJECTS, lists=True)
    found += _bucket_statements(scope, access.write, WRITE_OBJECTS, lists=False)
    found += _queue_statements(scope, [key for key in access.send if key in scope.spec.message_queues], SEND)
    found += publish_statements(scope, [key for key in access.send if key in scope.spec.topics])
    found += _queue_statements(scope, access.receive, RECEIVE)
    if access.submit:
        found.append(allow(("batch:SubmitJob",), submit_resources(scope, [scope.spec.jobs[k] for k in access.submit])))
    if access.call:
        found.append(allow(("lambda:InvokeFunction",), call_resources(scope, access.call)))
    found += _start_statements(scope, access.start)
    found += warehouse_statements(scope, access.asked)
    found += [transform(scope.filled(entry), _plain) for entry in access.policy]
    return found


def intent(access: Access) -> tuple[object, ...]:
    """What tells one set of access from another, in any order; what starts nothing is told as it always was."""
    asked = (tuple(sorted(access.asked)),) if access.asked else ()
    started = ((tuple(sorted(access.start)), tuple(sorted(access.call))),) if access.start or access.call else ()
    return (
        tuple(sorted(map(str, access.read))),
        tuple(sorted(map(str, access.write))),
        tuple(sorted(access.send)),
        tuple(sorted(access.receive)),
        tuple(sorted(access.submit)),
        repr(access.policy),
        *started,
        *asked,
    )


def allow(actions: Iterable[str], resources: Iterable[Any], condition: Mapping[str, Any] | None = None) -> Statement:
    """One statement, its lists sorted."""
    statement: Statement = {
        "Effect": "Allow",
        "Action": sorted(set(actions)),
        "Resource": sorted(set(resources), key=str),
    }
    return {**statement, "Condition": dict(condition)} if condition else statement


def publish_statements(scope: Scope, topics: Iterable[str]) -> list[Statement]:
    """Leave to publish; a topic under a key of the user's needs that key too (SNS, "Managing encryption keys")."""
    keys = sorted(set(topics))
    if not keys:
        return []
    found = [allow(("sns:Publish",), [scope.arn("topics", key) for key in keys])]
    kms = [topic.kms for key in keys if (topic := scope.spec.topics[key]).kms]
    return [*found, allow(("kms:Decrypt", "kms:GenerateDataKey"), kms)] if kms else found


def submit_resources(scope: Scope, jobs: Iterable[Job]) -> list[str]:
    """What SubmitJob is checked against: the queue, and the definition with and without revision (AWS-FACTS §21)."""
    found = []
    for job in jobs:
        definition = scope.arn("jobs", job.key)
        found += [scope.arn("job_queues", job.queue), definition, f"{definition}:*"]
    return found


def call_resources(scope: Scope, functions: Iterable[str]) -> list[str]:
    """What Invoke is checked against: the function, and any version or alias of it."""
    arns = [scope.arn("functions", key) for key in functions]
    return [*arns, *(f"{arn}:*" for arn in arns)]


def _start_statements(scope: Scope, workflows: Iterable[str]) -> list[Statement]:
    """Leave to start workflows, and to wait for what was started or stop it."""
    arns = [scope.arn("workflows", key) for key in workflows]
    if not arns:
        return []
    runs = [f"{arn.replace(':stateMachine:', ':execution:')}:*" for arn in arns]
    return [
        allow(("states:StartExecution",), arns),
        allow(("states:DescribeExecution", "states:StopExecution"), runs),
    ]


def _bucket_statements(
    scope: Scope, places: Iterable[BucketPlace], actions: tuple[str, ...], *, lists: bool
) -> list[Statement]:
    by_bucket: dict[str, list[str]] = {}
    for place in places:
        by_bucket.setdefault(place.bucket, []).append(place.prefix)
    found = []
    for bucket, prefixes in by_bucket.items():
        arn = scope.arn("buckets", bucket)
        found.append(allow(actions, [f"{arn}/{prefix}*" for prefix in prefixes]))
        if lists:
            patterns = sorted({f"{prefix}*" for prefix in prefixes})
            condition = None if "*" in patterns else {"StringLike": {"s3:prefix": patterns}}
            found.append(allow(("s3:ListBucket",), [arn], condition))
        found += key_statements(scope, bucket, writes=not lists)
    return found


def key_statements(scope: Scope, bucket: str, *, writes: bool) -> list[Statement]:
    """A bucket under a key of the user's needs that key too; with AWS's own keys S3 needs no leave."""
    encryption = scope.spec.buckets[bucket].encryption
    if not encryption.startswith("kms:"):
        return []
    actions = ("kms:Decrypt", "kms:GenerateDataKey") if writes else ("kms:Decrypt",)
    return [allow(actions, [encryption.removeprefix("kms:")])]


def _queue_statements(scope: Scope, keys: Iterable[str], actions: tuple[str, ...]) -> list[Statement]:
    arns = [scope.arn("message_queues", key) for key in keys]
    return [allow(actions, arns)] if arns else []


def _plain(leaf: Any) -> Any:
    """A policy names things by plain text, which orders nothing; what AWS has yet to name stays a reference."""
    known = isinstance(leaf, Ref | Mixed) and all(ref.value is not None for ref in refs(leaf))
    return str(leaf) if known else leaf
