"""An API call → the IAM actions it needs; AWS's words of refusal → what is missing.

The table `data/iam_actions.json` follows AWS's service authorization reference; what is wrong in it is corrected here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, NamedTuple


class Correction(NamedTuple):
    """The right actions of an operation, and why the table's are not."""

    actions: tuple[str, ...]
    reason: str
    with_parameter: Mapping[str, str] = MappingProxyType({})


_ONLY_TAGS = "the table always asks for the action that tags, which AWS checks only when tags are given"
#: (boto3 client, operation) → what the table has wrong or lacks.
CORRECTIONS: Mapping[tuple[str, str], Correction] = {
    ("s3", "CreateBucket"): Correction(
        ("s3:CreateBucket",), "tags given at creation are checked", {"CreateBucketConfiguration.Tags": "s3:TagResource"}
    ),
    ("s3", "DeleteObject"): Correction(
        ("s3:DeleteObject",), "a version has an action of its own", {"VersionId": "s3:DeleteObjectVersion"}
    ),
    ("s3", "DeleteObjects"): Correction(
        ("s3:DeleteObject", "s3:DeleteObjectVersion"), "keys and versions come in one call; each has its action"
    ),
    ("s3", "GetObject"): Correction(
        ("s3:GetObject",), "a version has an action of its own", {"VersionId": "s3:GetObjectVersion"}
    ),
    ("s3", "HeadObject"): Correction(
        ("s3:GetObject",), "a version has an action of its own", {"VersionId": "s3:GetObjectVersion"}
    ),
    ("s3", "DeleteBucketIntelligentTieringConfiguration"): Correction(
        ("s3:PutIntelligentTieringConfiguration",), "not in the table; S3 has no Delete action for sub-documents"
    ),
    ("s3", "ListBucketIntelligentTieringConfigurations"): Correction(
        ("s3:GetIntelligentTieringConfiguration",), "not in the table; S3 lists with the action that gets"
    ),
    ("sqs", "CreateQueue"): Correction(("sqs:CreateQueue",), _ONLY_TAGS, {"tags": "sqs:TagQueue"}),
    ("ec2", "CreateInternetGateway"): Correction(
        ("ec2:CreateInternetGateway",), _ONLY_TAGS, {"TagSpecifications": "ec2:CreateTags"}
    ),
    ("ec2", "CreateSubnet"): Correction(("ec2:CreateSubnet",), _ONLY_TAGS, {"TagSpecifications": "ec2:CreateTags"}),
    ("ec2", "CreateVpc"): Correction(("ec2:CreateVpc",), _ONLY_TAGS, {"TagSpecifications": "ec2:CreateTags"}),
    ("ec2", "CreateVpcEndpoint"): Correction(
        ("ec2:CreateVpcEndpoint",),
        "route53:AssociateVPCWithHostedZone and ec2:DescribeVpcs belong to interface endpoints with private DNS alone",
        {"TagSpecifications": "ec2:CreateTags"},
    ),
    ("rds", "CreateDBCluster"): Correction(("rds:CreateDBCluster",), _ONLY_TAGS, {"Tags": "rds:AddTagsToResource"}),
    ("rds", "DeleteDBInstance"): Correction(
        ("rds:DeleteDBInstance",),
        "a final snapshot is made in the caller's name: CloudFormation's AWS::RDS::DBInstance, delete",
        {"FinalDBSnapshotIdentifier": "rds:CreateDBSnapshot"},
    ),
    ("rds", "CreateDBInstance"): Correction(("rds:CreateDBInstance",), _ONLY_TAGS, {"Tags": "rds:AddTagsToResource"}),
    ("cloudtrail", "CreateTrail"): Correction(
        ("cloudtrail:CreateTrail",),
        "s3:PutObject is CloudTrail's own, granted by the bucket's policy, not the caller's",
        {"TagsList": "cloudtrail:AddTags"},
    ),
}
_NOT_IN_THE_TABLE = {"sesv2": "ses"}  # boto3 client → prefix; its operations and actions share their names

_NO_NARROWER = "the action knows no resource: service authorization reference"
_LISTS = "lists and describes know no resource in this service: service authorization reference"
#: Actions AWS allows only with Resource "*", with the reason; a role may hold "*" for these alone.
resource_star_needed: Mapping[str, str] = MappingProxyType(
    {
        "ecr:GetAuthorizationToken": "a token is for the whole registry",
        "batch:ListJobs": _LISTS,
        "elasticfilesystem:CreateFileSystem": "what is made has no id yet; its tags say whose it is",
        **dict.fromkeys(
            (
                *("batch:DescribeJobs", "batch:DescribeJobQueues", "batch:DescribeJobDefinitions"),
                *("batch:DescribeComputeEnvironments", "batch:DescribeSchedulingPolicies"),
                *("batch:ListSchedulingPolicies", "ec2:DescribeAvailabilityZones", "ec2:DescribeInstances"),
                *("datasync:ListLocations", "datasync:ListTasks"),
                *("ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"),
                *("ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups"),
                *("ec2:DescribeSecurityGroupRules", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints"),
                *("ec2:DescribeAddresses", "ec2:DescribeInternetGateways", "ec2:DescribeNatGateways"),
                *("ec2:DescribeTags", "ec2:DescribeVpcPeeringConnections"),
                *("ec2:DescribeVpcs", "autoscaling:DescribeAutoScalingGroups", "events:ListRules"),
                *("autoscaling:DescribeScalingActivities", "autoscaling:DescribeScheduledActions"),
                "autoscaling:DescribeAutoScalingInstances",
                *("ses:GetAccount", "ses:ListEmailIdentities"),
                *("iam:ListInstanceProfiles", "iam:ListRoles", "lambda:ListEventSourceMappings"),
                *("lambda:ListFunctions", "lambda:ListLayers", "lambda:ListLayerVersions"),
                *("logs:DescribeLogGroups", "redshift-data:DescribeStatement"),
                *("redshift-data:GetStatementResult", "redshift-data:ListStatements", "s3:ListAllMyBuckets"),
                *("redshift-serverless:ListNamespaces", "redshift-serverless:ListWorkgroups"),
                *("redshift:DescribeClusterSubnetGroups", "ec2:DescribeAccountAttributes"),
                *("appstream:DescribeFleets", "appstream:DescribeStacks", "appstream:ListTagsForResource"),
                *("cloudtrail:ListTrails",),
                *("scheduler:ListScheduleGroups", "scheduler:ListSchedules", "secretsmanager:ListSecrets"),
                *("sns:ListTopics", "sqs:ListQueues", "ssm:DescribeParameters", "states:ListStateMachines"),
                "tag:GetResources",
            ),
            _LISTS,
        ),
        "cloudwatch:GetMetricData": _NO_NARROWER,
        "cloudwatch:PutMetricData": "metrics have no ARN; narrow it by the condition cloudwatch:namespace",
        "ecs:DiscoverPollEndpoint": _NO_NARROWER,
        "lambda:CreateEventSourceMapping": "its resource has no id yet; narrow it by the tags of the request",
        "batch:TerminateJob": "a job's ARN ends in an id that AWS chooses, and says nothing of whose it is",
        "pricing:GetProducts": _NO_NARROWER,
        "redshift-data:CancelStatement": "a statement has no ARN; narrow it by whose it is",
        "secretsmanager:GetRandomPassword": _NO_NARROWER,
        **dict.fromkeys(
            ("sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"),
            "a subscription is no resource to IAM: service authorization reference",
        ),
        "sts:GetCallerIdentity": "needs no permission at all; a deny cannot stop it either",
        **dict.fromkeys(
            (
                *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery"),
                *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies"),
            ),
            "deliveries and resource policies belong to the account, not to a log group",
        ),
    }
)


def actions_for(service: str, operation: str, params: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Return the IAM actions a caller needs for one API call.

    Args:
        service: The name of the boto3 client, such as `efs`.
        operation: The API's name, such as `CreateFileSystem`.
        params: What is sent; with it, actions that only some parameters need are added (tags, object versions, roles
            that are passed on).

    Returns:
        For example (`elasticfilesystem:CreateFileSystem`,); empty when no permission is needed. An operation newer
        than the table gets the name that nearly all have: `prefix:Operation`.
    """
    entry = _table().get(service, {})
    correction = CORRECTIONS.get((service, operation))
    if correction:
        actions, extra = correction.actions, dict(correction.with_parameter)
    else:
        same_name = (f"{_prefix(service)}:{operation}",)
        actions = tuple(entry.get("other_names", {}).get(operation, same_name))
        extra = {}
    if operation in entry.get("tags", {}):
        parameter, action = entry["tags"][operation]
        extra.setdefault(parameter, action)
    given = params or {}
    more = [action for path, action in extra.items() if any(values_at(given, path.split(".")))]
    more += ["iam:PassRole"] if passed_roles(service, operation, given) else []
    return (*actions, *(action for action in more if action not in actions))


def passed_roles(service: str, operation: str, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the roles (ARNs or names, as they are sent) that a call hands to a service, each needing iam:PassRole."""
    paths = _table().get(service, {}).get("passes", {}).get(operation, [])
    found = [value for path in paths for value in values_at(params, path.replace("[]", ".[]").split("."))]
    return tuple(dict.fromkeys(str(value) for value in found if value))


def missing_action(service: str, operation: str, error_message: str) -> tuple[str, str]:
    """Read AWS's refusal: (action, resource), each in AWS's own spelling; the resource is "" when AWS names none.

    When the message names no action (S3's plain "Access Denied", EC2's encoded message), it is the one that the
    operation needs.
    """
    found = re.search(r"not authorized to perform:? \[?\"?([A-Za-z0-9-]+:[A-Za-z0-9*]+)", error_message)
    on = re.search(r"on (?:the )?resource:? \"?([^\s\"]+)", error_message)
    resource = on[1].rstrip(".,;") if on else ""
    if found:
        return _spelled(found[1]), resource
    return next(iter(actions_for(service, operation)), f"{_prefix(service)}:{operation}"), resource


@cache
def _table() -> dict[str, Any]:
    text = resources.files("scrapectl.aws").joinpath("data/iam_actions.json").read_text(encoding="utf-8")
    services: dict[str, Any] = json.loads(text)["services"]
    return services


def _prefix(service: str) -> str:
    entry = _table().get(service, {})
    return str(entry.get("prefix") or _NOT_IN_THE_TABLE.get(service, service))


@cache
def _spellings() -> dict[str, str]:
    """Every known action in small letters → as AWS writes it."""
    names = [action for one in CORRECTIONS.values() for action in (*one.actions, *one.with_parameter.values())]
    for entry in _table().values():
        names += [f"{entry['prefix']}:{operation}" for operation in entry["same_name"]]
        names += [action for actions in entry["other_names"].values() for action in actions]
        names += [action for _, action in entry["tags"].values()]
    return {name.lower(): name for name in [*names, "iam:PassRole"]}


def _spelled(action: str) -> str:
    """SQS and SNS write their actions in letters of another size (`sqs:createqueue`, `SNS:CreateTopic`)."""
    prefix, _, name = action.partition(":")
    return _spellings().get(action.lower(), f"{prefix.lower()}:{name}")


def values_at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Yield what stands at a path; `[]` is every entry of a list."""
    if not path:
        yield value
    elif path[0] == "[]":
        for one in value if isinstance(value, list | tuple) else ():
            yield from values_at(one, path[1:])
    elif isinstance(value, Mapping) and path[0] in value:
        yield from values_at(value[path[0]], path[1:])
