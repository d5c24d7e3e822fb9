"""Holds whoever calls a cloud to a policy: each request is judged as IAM would, and denied in its service's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scrapectl.local.jobs.access import sessions_of
from scrapectl.local.judged import Asked, asked_by
from scrapectl.local.paging import tag_map
from scrapectl.local.policy import allows
from scrapectl.local.registry import Call, Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

Document = Mapping[str, Any]
TAGS_WITHHELD = "tags withheld"
"""The note on a call that is answered without the tags, which its sender may not list: why."""

_CODES = {
    **dict.fromkeys(("s3", "iam", "sts", "sqs", "rds", "cloudwatch"), ("AccessDenied", 403)),
    "ec2": ("UnauthorizedOperation", 403),
    "sns": ("AuthorizationError", 403),
}
"""Service → the code and status of its denials; the others answer AccessDeniedException (each API's common errors)."""
_TAGS: Mapping[str, tuple[str, Callable[[str], Mapping[str, Any]], str]] = {
    "appstream": ("ListTagsForResource", lambda arn: {"ResourceArn": arn}, "Tags"),
    "autoscaling": (
        "DescribeTags",
        lambda arn: {"Filters": [{"Name": "auto-scaling-group", "Values": [_last(arn)]}]},
        "Tags",
    ),
    "batch": ("ListTagsForResource", lambda arn: {"resourceArn": arn}, "tags"),
    "cloudtrail": ("ListTags", lambda arn: {"ResourceIdList": [arn]}, "ResourceTagList"),
    "cloudwatch": ("ListTagsForResource", lambda arn: {"ResourceARN": arn}, "Tags"),
    "ec2": ("DescribeTags", lambda arn: {"Filters": [_named("resource-id", arn)]}, "Tags"),
    "ecr": ("ListTagsForResource", lambda arn: {"resourceArn": arn}, "tags"),
    "datasync": ("ListTagsForResource", lambda arn: {"ResourceArn": arn}, "Tags"),
    "elasticfilesystem": ("ListTagsForResource", lambda arn: {"ResourceId": _last(arn)}, "Tags"),
    "events": ("ListTagsForResource", lambda arn: {"ResourceARN": arn}, "Tags"),
    "lambda": ("ListTags", lambda arn: {"Resource": arn}, "Tags"),
    "rds": ("ListTagsForResource", lambda arn: {"ResourceName": arn}, "TagList"),
    "redshift": ("DescribeTags", lambda arn: {"ResourceName": arn}, "TaggedResources"),
    "redshift-serverless": ("ListTagsForResource", lambda arn: {"resourceArn": arn}, "tags"),
    "secretsmanager": ("DescribeSecret", lambda arn: {"SecretId": arn}, "Tags"),
    "sns": ("ListTagsForResource", lambda arn: {"ResourceArn": arn}, "Tags"),
    "sqs": ("ListQueueTags", lambda arn: {"QueueUrl": _queue_url(arn)}, "Tags"),
    "states": ("ListTagsForResource", lambda arn: {"resourceArn": arn}, "tags"),
}
"""Service → the call that tells the tags of a thing by its ARN, and the member of its answer."""
_CLIENTS = {"elasticfilesystem": "efs", "states": "stepfunctions"}  # where ARNs say otherwise than botocore


class Caller:
    """What whoever calls a cloud may do. A hook of the cloud; jobs are judged by their own roles instead.

    Args:
        documents: IAM policy documents.

    Attributes:
        used: The actions that were asked for and allowed.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = list(documents)
        self.used: set[str] = set()
        self._linked: set[str] = set()

    def __call__(self, call: Call) -> None:
        """Refuse a request that the policies do not allow.

        Raises:
            Refusal: As AWS denies it.
        """
        if sessions_of(call.cloud).sent(call):
            return
        for asked in asked_by(call):
            linked = asked.context.get("iam:AWSServiceName", "")
            if linked and linked in self._linked:  # made with the first, it stands
                continue
            if not self._may(call, asked):
                raise _denied(call, asked)
            self.used.add(asked.action)
            self._linked |= {linked} - {""}
        if (call.service, call.operation) == ("lambda", "GetFunction"):
            tags = Asked("lambda:ListTags", call.arn(f"function:{call.params['FunctionName']}"))
            call.notes[TAGS_WITHHELD] = None if self._may(call, tags) else _denied(call, tags).message

    def _may(self, call: Call, asked: Asked) -> bool:
        documents = [
            {"Statement": [one for one in each["Statement"] if _speaks_of(one, asked)]} for each in self.documents
        ]
        told = {**asked.context}
        if any("ResourceTag" in str(one.get("Condition")) for each in documents for one in each["Statement"]):
            told |= {f"aws:ResourceTag/{key}": value for key, value in _tags(call, asked.resource).items()}
        return allows(documents, asked.action, asked.resource, told)


def judge(cloud: Cloud, documents: Sequence[Document]) -> Caller:
    """Judge every request to a cloud by policies from now on."""
    caller = Caller(documents)
    cloud.hooks.append(caller)
    return caller


def _speaks_of(statement: Mapping[str, Any], asked: Asked) -> bool:
    """A quick look that spares most of the comparing: an action is listed by its name, or by a pattern."""
    actions = statement.get("Action", "*")
    listed = [actions] if isinstance(actions, str) else actions
    return asked.action in listed or any("*" in one for one in listed)


def _tags(call: Call, arn: str) -> dict[str, str]:
    """The tags that a thing carries now; none of one that is not there, or whose tags IAM does not look at."""
    service = arn.split(":")[2] if arn.startswith("arn:") else ""
    if service not in _TAGS or "*" in arn:
        return {}
    operation, params, member = _TAGS[service]
    try:
        found = (
            call.cloud.call(_CLIENTS.get(service, service), operation, dict(params(arn)), call.region).get(member) or {}
        )
    except Refusal:
        return {}
    if service == "cloudtrail":  # tells those of many at once
        found = found[0]["TagsList"] if found else {}
    if service == "redshift":  # names the thing with each
        found = [one["Tag"] for one in found]
    return dict(found) if isinstance(found, Mapping) else tag_map(found)


def _denied(call: Call, asked: Asked) -> Refusal:
    """AWS's words, in the spelling of the service that says them."""
    action = {"sqs": asked.action.lower(), "sns": asked.action.replace("sns:", "SNS:")}.get(call.service, asked.action)
    on = "" if asked.resource == "*" else f" on resource: {asked.resource}"
    text = (
        f"User: arn:aws:iam::{call.account}:user/caller is not authorized to perform: {action}{on} "
        f"because no identity-based policy allows the {action} action"
    )
    code, status = _CODES.get(call.service, ("AccessDeniedException", None))
    if code == "UnauthorizedOperation":
        text = f"You are not authorized to perform this operation. {text}"
    return Refusal(code, text, status)


def _named(name: str, arn: str) -> dict[str, Any]:
    return {"Name": name, "Values": [_last(arn)]}


def _last(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _queue_url(arn: str) -> str:
    region, account, name = arn.split(":")[3:6]
    return f"https://sqs.{region}.amazonaws.com/{account}/{name}"
