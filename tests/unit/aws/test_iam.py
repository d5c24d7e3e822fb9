"""Which IAM actions calls need, what a refusal says, and what policies allow."""

from __future__ import annotations

import re

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from scrapectl.aws.iam import (
    CORRECTIONS,
    _spellings,
    _table,
    actions_for,
    missing_action,
    passed_roles,
    resource_star_needed,
)
from scrapectl.aws.iam_policies import allows

TAGS = [{"Key": "a", "Value": "b"}]
JOBS = "arn:aws:batch:eu-west-1:123456789012:job-queue/shop"


@pytest.mark.parametrize(
    ("service", "operation", "params", "actions"),
    [
        ("batch", "CreateJobQueue", None, ["batch:CreateJobQueue"]),
        ("batch", "CreateJobQueue", {"tags": {"a": "b"}}, ["batch:CreateJobQueue", "batch:TagResource"]),
        ("batch", "CreateJobQueue", {"tags": {}}, ["batch:CreateJobQueue"]),
        ("s3", "HeadBucket", {"Bucket": "b"}, ["s3:ListBucket"]),
        ("s3", "ListObjectsV2", None, ["s3:ListBucket"]),
        ("s3", "PutBucketEncryption", None, ["s3:PutEncryptionConfiguration"]),
        ("s3", "DeletePublicAccessBlock", None, ["s3:PutBucketPublicAccessBlock"]),
        ("s3", "GetObject", {"Key": "k", "VersionId": "v"}, ["s3:GetObject", "s3:GetObjectVersion"]),
        ("s3", "DeleteObjects", None, ["s3:DeleteObject", "s3:DeleteObjectVersion"]),
        ("s3", "CreateBucket", {"CreateBucketConfiguration": {"Tags": TAGS}}, ["s3:CreateBucket", "s3:TagResource"]),
        ("sqs", "CreateQueue", {"QueueName": "q"}, ["sqs:CreateQueue"]),
        ("sqs", "CreateQueue", {"QueueName": "q", "tags": {"a": "b"}}, ["sqs:CreateQueue", "sqs:TagQueue"]),
        ("sqs", "SendMessageBatch", None, ["sqs:SendMessage"]),
        ("iam", "CreateRole", {"Tags": TAGS}, ["iam:CreateRole", "iam:TagRole"]),
        ("ec2", "CreateSecurityGroup", {"TagSpecifications": [1]}, ["ec2:CreateSecurityGroup", "ec2:CreateTags"]),
        ("efs", "CreateFileSystem", None, ["elasticfilesystem:CreateFileSystem"]),
        ("resourcegroupstaggingapi", "GetResources", None, ["tag:GetResources"]),
        ("stepfunctions", "StartExecution", None, ["states:StartExecution"]),
        ("lambda", "Invoke", None, ["lambda:InvokeFunction"]),
        ("sesv2", "CreateEmailIdentity", None, ["ses:CreateEmailIdentity"]),
        ("sts", "GetCallerIdentity", None, []),
        ("batch", "BrandNewCall", None, ["batch:BrandNewCall"]),
        ("brand-new", "Call", None, ["brand-new:Call"]),
    ],
)
def test_actions_of_a_call(service, operation, params, actions):
    assert list(actions_for(service, operation, params)) == actions


@pytest.mark.parametrize(
    ("service", "operation", "params", "roles"),
    [
        ("scheduler", "CreateSchedule", {"Target": {"RoleArn": "r"}}, ["r"]),
        (
            "batch",
            "RegisterJobDefinition",
            {"containerProperties": {"jobRoleArn": "a", "executionRoleArn": "b"}},
            ["a", "b"],
        ),
        (
            "batch",
            "RegisterJobDefinition",
            {"containerProperties": {"jobRoleArn": "a", "executionRoleArn": "a"}},
            ["a"],
        ),
        ("batch", "RegisterJobDefinition", {"containerProperties": {}}, []),
        ("events", "PutTargets", {"Targets": [{"RoleArn": "a"}, {"Id": "1"}, {"RoleArn": "b"}]}, ["a", "b"]),
        ("redshift", "CreateCluster", {"IamRoles": ["a"]}, ["a"]),
        ("s3", "GetObject", {"Key": "k"}, []),
    ],
)
def test_roles_that_are_passed_on(service, operation, params, roles):
    assert list(passed_roles(service, operation, params)) == roles
    assert ("iam:PassRole" in actions_for(service, operation, params)) is bool(roles)


def test_the_table_holds_names_of_actions_and_of_operations():
    assert [name for name in _spellings().values() if not re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", name)] == []
    for service, entry in _table().items():
        known = set(ServiceModel(Loader().load_service_model(service, "service-2"), service).operation_names)
        assert {*entry["same_name"], *entry["other_names"], *entry["tags"], *entry["passes"]} - known == set()


def test_corrections_correct_something_and_say_why():
    for (service, operation), correction in CORRECTIONS.items():
        entry = _table()[service]
        table = entry["other_names"].get(operation, [f"{entry['prefix']}:{operation}"])
        assert correction.reason
        assert list(correction.actions) != table or correction.with_parameter


def test_no_two_spellings_of_one_action():
    assert _spellings()["s3:getbucketcors"] == "s3:GetBucketCORS"
    assert _spellings()["sqs:createqueue"] == "sqs:CreateQueue"


@pytest.mark.parametrize(
    ("service", "operation", "message", "expected"),
    [
        (
            "batch",
            "CreateJobQueue",
            (
                f"User: arn:aws:iam::1:user/ann is not authorized to perform: batch:CreateJobQueue on resource: {JOBS} "
                "because no identity-based policy allows the batch:CreateJobQueue action"
            ),
            ("batch:CreateJobQueue", JOBS),
        ),
        (
            "batch",
            "CreateComputeEnvironment",
            (
                "User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: iam:PassRole on resource: "
                "arn:aws:iam::1:role/shop with an explicit deny in an identity-based policy"
            ),
            ("iam:PassRole", "arn:aws:iam::1:role/shop"),
        ),
        (
            "s3",
            "CreateBucket",
            (
                'User: u is not authorized to perform: s3:CreateBucket on resource: "arn:aws:s3:::b"'
                " because no identity-based policy allows the s3:CreateBucket action"
            ),
            ("s3:CreateBucket", "arn:aws:s3:::b"),
        ),
        ("s3", "HeadBucket", "Access Denied", ("s3:ListBucket", "")),
        (
            "sqs",
            "CreateQueue",
            (
                "User: arn:aws:iam::1:user/ann is not authorized to perform: sqs:createqueue on resource: "
                "arn:aws:sqs:eu-west-1:1:shop because no identity-based policy allows the sqs:createqueue action"
            ),
            ("sqs:CreateQueue", "arn:aws:sqs:eu-west-1:1:shop"),
        ),
        (
            "sns",
            "CreateTopic",
            "User: u is not authorized to perform: SNS:CreateTopic on resource: arn:aws:sns:eu-west-1:1:shop.",
            ("sns:CreateTopic", "arn:aws:sns:eu-west-1:1:shop"),
        ),
        (
            "ec2",
            "CreateVpc",
            "You are not authorized to perform this operation. Encoded authorization failure message: abc",
            ("ec2:CreateVpc", ""),
        ),
        (
            "ec2",
            "CreateSecurityGroup",
            (
                "You are not authorized to perform this operation. User: u is not authorized to perform: ec2:CreateTags"
                " on resource: arn:aws:ec2:eu-west-1:1:security-group/* because no identity-based policy allows it"
            ),
            ("ec2:CreateTags", "arn:aws:ec2:eu-west-1:1:security-group/*"),
        ),
        ("sts", "GetCallerIdentity", "denied", ("sts:GetCallerIdentity", "")),
        ("batch", "SubmitJob", "User: u is not authorized to perform: batch:NewAction", ("batch:NewAction", "")),
    ],
)
def test_what_is_missing(service, operation, message, expected):
    assert missing_action(service, operation, message) == expected


def policy(*statements: dict[str, object]):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action, resource="*", **more: object):
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def deny(action, resource="*", **more: object):
    return allow(action, resource, **more) | {"Effect": "Deny"}


OBJECTS = "arn:aws:s3:::shop-raw/in/*"
OURS = {"StringEquals": {"aws:ResourceTag/scrapectl:pipeline": "shop"}}
TLS = "aws:SecureTransport"
GROUP = "arn:aws:scheduler:eu:1:schedule-group/shop"
SOURCE = {"ArnLike": {"aws:SourceArn": "arn:aws:scheduler:*:1:schedule-group/shop"}}


@pytest.mark.parametrize(
    ("statements", "action", "resource", "context", "allowed"),
    [
        ([], "s3:GetObject", "arn:aws:s3:::b/k", None, False),
        ([allow("s3:GetObject", OBJECTS)], "s3:GetObject", "arn:aws:s3:::shop-raw/in/a/b", None, True),
        ([allow("s3:GetObject", OBJECTS)], "S3:getobject", "arn:aws:s3:::shop-raw/in/a", None, True),
        ([allow("s3:GetObject", OBJECTS)], "s3:GetObject", "arn:aws:s3:::shop-raw/out/a", None, False),
        ([allow("s3:GetObject", OBJECTS)], "s3:GetObject", "arn:aws:s3:::SHOP-raw/in/a", None, False),
        ([allow("s3:GetObject", OBJECTS)], "s3:PutObject", "arn:aws:s3:::shop-raw/in/a", None, False),
        ([allow(["s3:Get*", "s3:List?ucket"])], "s3:GetObjectVersion", "x", None, True),
        ([allow(["s3:Get*", "s3:List?ucket"])], "s3:ListBucket", "x", None, True),
        ([allow(["s3:Get*", "s3:List?ucket"])], "s3:ListBuckets", "x", None, False),
        ([allow("s3:Get.*")], "s3:GetObject", "x", None, False),
        ([allow("*", ["a", "b"])], "sqs:SendMessage", "b", None, True),
        ([allow("*"), deny("s3:*")], "s3:GetObject", "x", None, False),
        ([allow("*"), deny("s3:*", "y")], "s3:GetObject", "x", None, True),
        ([deny("*"), allow("*")], "s3:GetObject", "x", None, False),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "s3:GetObject", "x", None, True),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "iam:CreateRole", "x", None, False),
        ([{"Effect": "Deny", "Action": "*", "NotResource": "x"}, allow("*")], "a:B", "y", None, False),
        ([{"Effect": "Deny", "Action": "*", "NotResource": "x"}, allow("*")], "a:B", "x", None, True),
        ([allow("*", Condition=OURS)], "a:B", "x", {"aws:resourcetag/scrapectl:pipeline": "shop"}, True),
        ([allow("*", Condition=OURS)], "a:B", "x", {"aws:ResourceTag/scrapectl:pipeline": "shop-eu"}, False),
        ([allow("*", Condition=OURS)], "a:B", "x", None, False),
        ([allow("*", Condition=SOURCE)], "a:B", "x", {"aws:SourceArn": GROUP}, True),
        (
            [allow("*", Condition=SOURCE)],
            "a:B",
            "x",
            {"aws:SourceArn": "arn:aws:scheduler:eu:1:schedule/a"},
            False,
        ),
        ([allow("*", Condition=OURS | SOURCE)], "a:B", "x", {"aws:ResourceTag/scrapectl:pipeline": "shop"}, False),
        ([allow("*", Condition={"StringNotEquals": {"k": "v"}})], "a:B", "x", None, True),
        ([allow("*", Condition={"StringNotEquals": {"k": ["u", "v"]}})], "a:B", "x", {"k": "v"}, False),
        ([allow("*", Condition={"StringEqualsIfExists": {"k": "v"}})], "a:B", "x", None, True),
        ([allow("*", Condition={"StringEqualsIfExists": {"k": "v"}})], "a:B", "x", {"k": "w"}, False),
        ([allow("*", Condition={"Null": {"k": "true"}})], "a:B", "x", None, True),
        ([allow("*", Condition={"Null": {"k": "true"}})], "a:B", "x", {"k": "v"}, False),
        ([allow("*"), deny("*", Condition={"Bool": {TLS: "false"}})], "a:B", "x", {TLS: "false"}, False),
        ([allow("*"), deny("*", Condition={"Bool": {TLS: False}})], "a:B", "x", {TLS: "true"}, True),
    ],
)
def test_what_policies_allow(statements, action, resource, context, allowed):
    assert allows([policy(*statements)], action, resource, context) is allowed
    assert allows([policy(one) for one in statements], action, resource, context) is allowed


def test_a_lone_statement_counts():
    assert allows([{"Statement": allow("s3:GetObject")}], "s3:GetObject", "x")


def test_an_unknown_operator_is_never_guessed():
    condition = {"NumericLessThan": {"s3:max-keys": "10"}}
    with pytest.raises(ValueError, match="NumericLessThan"):
        allows([policy(allow("*", Condition=condition))], "s3:ListBucket", "x")


def test_what_needs_a_star_is_spelled_as_aws_does_and_says_why():
    assert [action for action in resource_star_needed if _spellings().get(action.lower(), action) != action] == []
    assert all(resource_star_needed.values())
    assert "batch:SubmitJob" not in resource_star_needed
