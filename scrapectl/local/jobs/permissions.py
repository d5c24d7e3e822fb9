"""Tells which IAM actions, on what, a call of a job's, a function's or a schedule's role needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from scrapectl.local.jobs.wanted import ASKERS, Wanted
from scrapectl.local.policy import allows, as_list
from scrapectl.local.registry import Call

_PREFIXES = {
    "cloudwatch": "cloudwatch",
    "efs": "elasticfilesystem",
    "resourcegroupstaggingapi": "tag",
    "sesv2": "ses",
    "stepfunctions": "states",
}
_S3_ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteObject": "DeleteObject",
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "ListParts": "ListMultipartUploadParts",
    "PutObject": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
_S3_BUCKET_ACTIONS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
}


def permissions(call: Call) -> Iterator[Wanted]:
    """The permissions that a call needs (the Service Authorization Reference, as far as jobs use it)."""
    special: dict[str, Callable[[Call], Iterator[Wanted]]] = {
        "s3": _s3,
        "sqs": _sqs,
        "sns": _sns,
        "batch": _batch,
        "logs": _logs,
        "lambda": _lambda,
        "events": _events,
        "rds": _rds,
        **ASKERS,
        "stepfunctions": _states,
        "datasync": _datasync,
        "autoscaling": _autoscaling,
        "ecr": _ecr,
    }
    if call.service in special:
        yield from special[call.service](call)
        return
    prefix = _PREFIXES.get(call.service, call.service)
    named = call.params.get("SecretId", "") if call.service == "secretsmanager" else ""
    yield Wanted(f"{prefix}:{call.operation}", named if named.startswith("arn:") else None, {})


def _s3(call: Call) -> Iterator[Wanted]:
    bucket = f"arn:aws:s3:::{call.params['Bucket']}" if "Bucket" in call.params else None
    if call.operation == "DeleteObjects":
        for entry in call.params["Delete"]["Objects"]:
            version = "Version" if entry.get("VersionId") else ""
            yield Wanted(f"s3:DeleteObject{version}", f"{bucket}/{entry['Key']}", {})
    elif call.operation in _S3_ACTIONS:
        version = "Version" if call.params.get("VersionId") else ""
        yield Wanted(f"s3:{_S3_ACTIONS[call.operation]}{version}", f"{bucket}/{call.params['Key']}", {})
        source = call.params.get("CopySource")
        if source:
            yield Wanted("s3:GetObject", f"arn:aws:s3:::{_source(source)}", {})
    else:
        listing = call.operation.startswith("ListObject")
        context = {"s3:prefix": call.params.get("Prefix") or ""} if listing else {}
        yield Wanted(f"s3:{_S3_BUCKET_ACTIONS.get(call.operation, call.operation)}", bucket, context)


def _source(source: Any) -> str:
    if isinstance(source, dict):
        return f"{source['Bucket']}/{source['Key']}"
    return unquote(str(source)).lstrip("/").partition("?versionId=")[0]


def _sqs(call: Call) -> Iterator[Wanted]:
    name = call.params.get("QueueName") or str(call.params.get("QueueUrl", "")).rsplit("/", 1)[-1]
    yield Wanted(f"sqs:{call.operation.removesuffix('Batch')}", call.arn(name) if name else None, {})


def _batch(call: Call) -> Iterator[Wanted]:
    if call.operation in {"CancelJob", "CancelJobs", "TerminateJob", "TerminateJobs"}:
        for job in call.params.get("jobs") or [call.params["jobId"]]:
            yield Wanted(f"batch:{call.operation.removesuffix('s')}", call.arn(f"job/{job}"), {})
        return
    if call.operation != "SubmitJob":
        yield Wanted(f"batch:{call.operation}", "*", {})
        return
    share = call.params.get("shareIdentifier")
    context = {"batch:ShareIdentifier": share} if share else {}
    for kind, name in (("job-queue", call.params["jobQueue"]), ("job-definition", call.params["jobDefinition"])):
        arn = name if name.startswith("arn:") else call.arn(f"{kind}/{name}")
        yield Wanted("batch:SubmitJob", arn, context)


def _sns(call: Call) -> Iterator[Wanted]:
    named = call.params.get("TopicArn") or call.params.get("TargetArn")
    yield Wanted(f"sns:{call.operation.removesuffix('Batch')}", named, {})


def _logs(call: Call) -> Iterator[Wanted]:
    """On a stream where the call names one, else on the group; as the reference has it for what jobs call."""
    group, stream = call.params.get("logGroupName"), call.params.get("logStreamName")
    of_stream = stream and call.operation not in {"FilterLogEvents", "DescribeLogStreams"}
    resource = f"log-group:{group}:log-stream:{stream if of_stream else ''}" if group else None
    yield Wanted(f"logs:{call.operation}", call.arn(resource) if resource else None, {})


def _lambda(call: Call) -> Iterator[Wanted]:
    name = str(call.params.get("FunctionName", "")).rpartition("function:")[2]
    action = "InvokeFunction" if call.operation == "Invoke" else call.operation
    yield Wanted(f"lambda:{action}", call.arn(f"function:{name}") if name else None, {})


def _events(call: Call) -> Iterator[Wanted]:
    if call.operation != "PutEvents":
        yield Wanted(f"events:{call.operation}", None, {})
        return
    for entry in call.params["Entries"]:
        bus = str(entry.get("EventBusName") or "default").rsplit("/", 1)[-1]
        yield Wanted("events:PutEvents", call.arn(f"event-bus/{bus}"), {})


def _rds(call: Call) -> Iterator[Wanted]:
    name = call.params.get("DBInstanceIdentifier")
    yield Wanted(f"rds:{call.operation}", call.arn(f"db:{name}") if name else None, {})


def _states(call: Call) -> Iterator[Wanted]:
    named = call.params.get("executionArn") or call.params.get("stateMachineArn")
    yield Wanted(f"states:{call.operation}", named, {})


def _datasync(call: Call) -> Iterator[Wanted]:
    named = call.params.get("TaskExecutionArn") or call.params.get("TaskArn") or call.params.get("LocationArn")
    yield Wanted(f"datasync:{call.operation}", named, {})


def _autoscaling(call: Call) -> Iterator[Wanted]:
    """On the group: of an instance it is the one that it is in."""
    name = call.params.get("AutoScalingGroupName")
    if name is None and "InstanceId" in call.params:
        listed = call.cloud.call("autoscaling", "DescribeAutoScalingGroups", {}, call.region)["AutoScalingGroups"]
        ids = {one["InstanceId"]: group["AutoScalingGroupName"] for group in listed for one in group["Instances"]}
        name = ids.get(call.params["InstanceId"])
    arn = call.arn(f"autoScalingGroup:0:autoScalingGroupName/{name}") if name else None
    yield Wanted(f"autoscaling:{call.operation}", arn, {})


def _ecr(call: Call) -> Iterator[Wanted]:
    name = call.params.get("repositoryName")
    yield Wanted(f"ecr:{call.operation}", call.arn(f"repository/{name}") if name else "*", {})


def refused(call: Call, documents: list[dict[str, Any]]) -> Wanted | None:
    """Return the first permission that a call needs and policies do not give; None when they give all."""
    for wanted in permissions(call):
        if not any(allows(documents, wanted.action, one, wanted.context) for one in _resources(documents, wanted)):
            return wanted
    return None


def _resources(documents: list[dict[str, Any]], wanted: Wanted) -> list[str]:
    if wanted.resource is not None:
        return [wanted.resource]
    statements = [statement for document in documents for statement in as_list(document.get("Statement"))]
    return [pattern for statement in statements for pattern in as_list(statement.get("Resource"))]
