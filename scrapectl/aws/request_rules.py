"""What AWS refuses in a request because of several fields together → the path and the words for it.

Sources in brackets are those of the reference on AWS's behaviour, as in `request_limits`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scrapectl.aws.request_instances import INSTANCE_RULES, instance_environment, no_update_policy
from scrapectl.aws.request_messaging import MESSAGING_RULES
from scrapectl.aws.request_patterns import compiled

Params = Mapping[str, Any]
Found = Iterator[tuple[str, str]]

#: Fargate's vCPUs → the memory in MiB that goes with them [doc: task-cpu-memory-error, pf batch-fargate-cpu-memory].
FARGATE_SIZES: Mapping[str, tuple[int, ...]] = {
    "0.25": (512, 1024, 2048),
    "0.5": tuple(range(1024, 4097, 1024)),
    "1": tuple(range(2048, 8193, 1024)),
    "2": tuple(range(4096, 16385, 1024)),
    "4": tuple(range(8192, 30721, 1024)),
    "8": tuple(range(16384, 61441, 4096)),
    "16": tuple(range(32768, 122881, 8192)),
}
# [pf batch-fargate-ce-fields]
_NOT_ON_FARGATE = (
    *("allocationStrategy", "bidPercentage", "desiredvCpus", "minvCpus", "ec2KeyPair", "imageId", "instanceRole"),
    *("instanceTypes", "launchTemplate", "placementGroup", "spotIamFleetRole", "tags", "ec2Configuration"),
    "scalingPolicy",
)
_NOT_IN_FARGATE_JOBS = ("privileged", "ulimits")  # [pf]
_NOT_IN_EC2_JOBS = ("runtimePlatform", "fargatePlatformConfiguration", "networkConfiguration")  # [pf]
_MOST_TAGS, _LONGEST_KEY, _LONGEST_VALUE = 50, 128, 256  # [doc, pf tags-*]
_QUEUE_ARN = re.compile(r"arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:.+")
_TAG_TEXT = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"


def fargate_environment(params: Params) -> Found:
    """A Fargate environment needs subnets, groups and a size, and takes nothing about instances."""
    resources = params.get("computeResources") or {}
    if not str(resources.get("type", "")).startswith("FARGATE"):
        return
    for field in _NOT_ON_FARGATE:
        if field in resources:
            yield f"computeResources.{field}", "is not applicable for Fargate"
    for field in ("subnets", "securityGroupIds", "maxvCpus"):
        if not resources.get(field):
            yield f"computeResources.{field}", "is required for Fargate"
    if params.get("type") == "UNMANAGED":
        yield "type", "an unmanaged environment cannot be Fargate"


def queue_order(params: Params) -> Found:
    """The environments of a queue, and their numbers, are unique [pf]."""
    entries = params.get("computeEnvironmentOrder") or []
    for field in ("order", "computeEnvironment"):
        values = [one.get(field) for one in entries]
        if len(set(values)) < len(values):
            yield "computeEnvironmentOrder", f"two entries have the same {field}"


def job_definition(params: Params) -> Found:
    """Fargate and EC2 jobs each take fields the other refuses; secrets and Fargate need an execution role [pf]."""
    container = params.get("containerProperties") or {}
    on_fargate = params.get("platformCapabilities") == ["FARGATE"]
    path = "containerProperties"
    for field in _NOT_IN_FARGATE_JOBS if on_fargate else _NOT_IN_EC2_JOBS:
        if container.get(field):
            yield f"{path}.{field}", f"is not allowed in {'Fargate' if on_fargate else 'EC2'} jobs"
    if not container.get("executionRoleArn") and (on_fargate or container.get("secrets")):
        yield f"{path}.executionRoleArn", f"is required for {'Fargate jobs' if on_fargate else 'secrets'}"
    kinds = [one.get("type") for one in container.get("resourceRequirements") or []]
    if len(set(kinds)) < len(kinds):
        yield f"{path}.resourceRequirements", "holds one type twice"
    if on_fargate:
        yield from _fargate_size(container)
    if (params.get("retryStrategy") or {}).get("evaluateOnExit") and not params["retryStrategy"].get("attempts"):
        yield "retryStrategy.attempts", "is required with evaluateOnExit"
    yield from _longest(params, 24, "a job definition")  # [doc: Batch quotas]


def _fargate_size(container: Params) -> Found:
    sizes = {one.get("type"): one.get("value") for one in container.get("resourceRequirements") or []}
    vcpu, memory = str(sizes.get("VCPU")), str(sizes.get("MEMORY"))
    path = "containerProperties.resourceRequirements"
    if "GPU" in sizes:
        yield path, "Fargate has no GPU"
    if vcpu not in FARGATE_SIZES:
        yield path, f"Fargate has no size of {vcpu} vCPU; the sizes are {', '.join(FARGATE_SIZES)}"
    elif memory not in map(str, FARGATE_SIZES[vcpu]):
        fits = ", ".join(map(str, FARGATE_SIZES[vcpu]))
        yield path, f"Fargate has no {memory} MiB with {vcpu} vCPU; these fit: {fits}"


def submitted_job(params: Params) -> Found:
    """A submission has a size, and a conditional retry an amount."""
    if (params.get("retryStrategy") or {}).get("evaluateOnExit") and not params["retryStrategy"].get("attempts"):
        yield "retryStrategy.attempts", "is required with evaluateOnExit"
    yield from _longest(params, 30, "a submission")  # [doc: Batch quotas]


def _longest(params: Params, kib: int, what: str) -> Found:
    size = len(json.dumps(params, default=str).encode())
    if size > kib * 1024:
        yield "", f"{what} has at most {kib} KiB; this one has {size / 1024:.1f}"


def queue_attributes(params: Params) -> Found:
    """Redrive policies are JSON with bounds; the two encryptions exclude each other; FIFO has names of its own."""
    attributes = params.get("Attributes") or {}
    redrive = attributes.get("RedrivePolicy")
    if redrive:
        said = _redrive_problem(redrive)
        if said:
            yield "Attributes.RedrivePolicy", said
    if attributes.get("SqsManagedSseEnabled") == "true" and attributes.get("KmsMasterKeyId"):
        yield "Attributes.KmsMasterKeyId", "excludes SqsManagedSseEnabled"
    fifo = str(params.get("QueueName", params.get("QueueUrl", ""))).endswith(".fifo")
    if not fifo and any(attributes.get(one) for one in ("FifoQueue", "ContentBasedDeduplication")):
        yield "Attributes", "FifoQueue and ContentBasedDeduplication are for names that end in .fifo"


def _redrive_problem(text: str) -> str | None:
    try:
        policy = json.loads(text)
        count = int(policy["maxReceiveCount"])
        arn = str(policy["deadLetterTargetArn"])
    except (TypeError, ValueError, KeyError):
        return "must be JSON with deadLetterTargetArn and maxReceiveCount"
    if not 1 <= count <= 1000:  # noqa: PLR2004 [pf]
        return f"maxReceiveCount {count} is out of range; 1 to 1000 is allowed"
    return None if _QUEUE_ARN.fullmatch(arn) else f'"{arn}" is no queue\'s ARN'


def schedule(params: Params) -> Found:
    """A window has minutes exactly when it is flexible; what goes to an API is JSON [bc, pf]."""
    window = params.get("FlexibleTimeWindow") or {}
    minutes = "MaximumWindowInMinutes" in window
    if minutes != (window.get("Mode") == "FLEXIBLE"):
        yield "FlexibleTimeWindow.MaximumWindowInMinutes", "is required with FLEXIBLE and refused with OFF"
    target = params.get("Target") or {}
    if ":aws-sdk:" in str(target.get("Arn")) and not _is_json(target.get("Input")):
        yield "Target.Input", "must be JSON for a call of an API"


def policy_documents(params: Params) -> Found:
    """Policies are JSON; a trust policy has 2048 characters, an inline one 10240, spaces not counted [doc: quotas]."""
    bounds = {"AssumeRolePolicyDocument": 2048, "PolicyDocument": 10_240, "Policy": 20_480}
    for field, most in bounds.items():
        text = params.get(field)
        if not isinstance(text, str):
            continue
        if not _is_json(text):
            yield field, "must be JSON"
        elif (size := len("".join(text.split()))) > most:
            yield field, f"has {size} characters; {most} are allowed"


def parameter(params: Params) -> Found:
    """Tags go with a new parameter only; a standard value has 4096 characters [pf, bc]."""
    if params.get("Overwrite") and params.get("Tags"):
        yield "Tags", "cannot be given together with Overwrite"
    most = 4096 if params.get("Tier", "Standard") == "Standard" else 8192
    if len(str(params.get("Value", "")).encode()) > most:
        yield "Value", f"has more than the {most} characters that are allowed"


def _is_json(text: Any) -> bool:
    try:
        json.loads(text)
    except (TypeError, ValueError):
        return False
    return True


def tags(params: Params) -> Found:
    """Tags anywhere in the request: how many, how long, which characters, no name of AWS's own, no name twice."""
    for path, found in _tag_sets(params):
        entries = (
            [("", str(key), value) for key, value in found.items()]
            if isinstance(found, dict)
            else [_entry(one) for one in found]
        )
        if len(entries) > _MOST_TAGS:
            yield path, f"has {len(entries)} tags; at most {_MOST_TAGS} are allowed"
        names = [(of, key) for of, key, _ in entries]
        for _, key in sorted({name for name in names if names.count(name) > 1}):
            yield path, f'the tag "{key}" is given twice'
        for _, key, value in entries:
            said = _tag_problem(key, str(value))
            if said:
                yield path, said


def _tag_sets(params: Params) -> Iterator[tuple[str, Any]]:
    """Where the services keep tags: `tags`, `Tags`, S3's `TagSet`, EC2's `TagSpecifications`."""
    for field in ("tags", "Tags", "TagList"):
        if isinstance(params.get(field), list | dict):
            yield field, params[field]
    for holder, field in (("Tagging", "TagSet"), ("CreateBucketConfiguration", "Tags")):
        inner = params.get(holder)
        if isinstance(inner, dict) and isinstance(inner.get(field), list):
            yield f"{holder}.{field}", inner[field]
    for number, one in enumerate(params.get("TagSpecifications") or []):
        if isinstance(one, dict):
            yield f"TagSpecifications[{number}].Tags", one.get("Tags") or []


def _entry(tag: Any) -> tuple[str, str, str]:
    """One tag of a list: whose it is (Auto Scaling sends those of several groups at once), its key and its value."""
    if not isinstance(tag, dict):
        return "", str(tag), ""
    return (
        str(tag.get("ResourceId", "")),
        str(tag.get("Key", tag.get("key", ""))),
        str(tag.get("Value", tag.get("value", ""))),
    )


def _tag_problem(key: str, value: str) -> str | None:
    allowed = compiled(_TAG_TEXT)
    if key.lower().startswith("aws:"):
        return f'the tag "{key}" begins with aws:, which is AWS\'s own'
    if not 1 <= len(key) <= _LONGEST_KEY or len(value) > _LONGEST_VALUE:
        return f'the tag "{key[:40]}" is too long; keys have 1 to 128 characters, values up to 256'
    if allowed and not (allowed.fullmatch(key) and allowed.fullmatch(value)):
        return f'the tag "{key}" holds other characters than letters, digits, spaces and _ . : / = + - @'
    return None


#: (service, operation) → the checks of that request. `tags` runs for every request.
RULES: Mapping[tuple[str, str], tuple[Callable[[Params], Found], ...]] = {
    ("batch", "CreateComputeEnvironment"): (fargate_environment, instance_environment, no_update_policy),
    ("batch", "UpdateComputeEnvironment"): (instance_environment,),
    ("batch", "CreateJobQueue"): (queue_order,),
    ("batch", "UpdateJobQueue"): (queue_order,),
    ("batch", "RegisterJobDefinition"): (job_definition,),
    ("batch", "SubmitJob"): (submitted_job,),
    ("sqs", "CreateQueue"): (queue_attributes,),
    ("sqs", "SetQueueAttributes"): (queue_attributes,),
    ("scheduler", "CreateSchedule"): (schedule,),
    ("scheduler", "UpdateSchedule"): (schedule,),
    ("iam", "CreateRole"): (policy_documents,),
    ("iam", "PutRolePolicy"): (policy_documents,),
    ("iam", "UpdateAssumeRolePolicy"): (policy_documents,),
    ("s3", "PutBucketPolicy"): (policy_documents,),
    ("ssm", "PutParameter"): (parameter,),
    **MESSAGING_RULES,
    **INSTANCE_RULES,
}


def rule_problems(service: str, operation: str, params: Params) -> Found:
    """Yield (path, what is wrong) for every rule the request breaks; "" is the request itself."""
    for rule in (*RULES.get((service, operation), ()), tags):
        yield from rule(params)
