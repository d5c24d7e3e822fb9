"""Whoever calls the cloud is held to a policy, and denied in the words of each service."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from scrapectl.aws.errors import translate
from scrapectl.errors import AccessDenied
from scrapectl.local.caller import judge
from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import connect
from scrapectl.local.jobs.access import sessions_of
from tests.current import boto


@pytest.fixture
def cloud():
    found = Cloud()
    yield found
    found.close()


@pytest.fixture
def client(cloud):
    return boto(cloud).client


def allow(*actions: str, on: str = "*", **condition: dict[str, str]):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    return {"Statement": [statement | ({"Condition": condition} if condition else {})]}


@pytest.mark.parametrize(
    ("service", "call", "params", "code", "action"),
    [
        ("batch", "create_job_queue", {"jobQueueName": "q", "priority": 1, "computeEnvironmentOrder": []},
         "AccessDeniedException", "batch:CreateJobQueue"),
        ("s3", "create_bucket", {"Bucket": "some-bucket"}, "AccessDenied", "s3:CreateBucket"),
        ("iam", "get_role", {"RoleName": "any"}, "AccessDenied", "iam:GetRole"),
        ("ec2", "describe_vpcs", {}, "UnauthorizedOperation", "ec2:DescribeVpcs"),
        ("sqs", "create_queue", {"QueueName": "q"}, "AccessDenied", "sqs:CreateQueue"),
        ("sns", "create_topic", {"Name": "t"}, "AuthorizationError", "sns:CreateTopic"),
        ("rds", "describe_db_instances", {}, "AccessDenied", "rds:DescribeDBInstances"),
        ("lambda", "list_functions", {}, "AccessDeniedException", "lambda:ListFunctions"),
        ("secretsmanager", "get_secret_value", {"SecretId": "s"}, "AccessDeniedException",
         "secretsmanager:GetSecretValue"),
    ],
)  # fmt: skip
def test_a_denial_is_the_services_own_and_names_what_is_missing(cloud, client, service, call, params, code, action):
    judge(cloud, [])
    with pytest.raises(ClientError) as refused:
        getattr(client(service), call)(**params)
    assert refused.value.response["Error"]["Code"] == code
    assert "is not authorized to perform: " in refused.value.response["Error"]["Message"]
    denied = translate(refused.value, service, call)
    assert isinstance(denied, AccessDenied)
    assert denied.action == action


def test_a_head_is_refused_without_words(cloud, client):
    client("s3").create_bucket(Bucket="some-bucket")
    judge(cloud, [allow("s3:CreateBucket")])
    with pytest.raises(ClientError) as refused:
        client("s3").head_bucket(Bucket="some-bucket")
    assert refused.value.response["Error"]["Code"] == "403"


def test_everything_that_a_request_implies_is_judged(cloud, client):
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument='{"Statement": []}')["Role"]["Arn"]
    caller = judge(cloud, [allow("batch:RegisterJobDefinition"), allow("batch:TagResource")])
    definition = {
        "jobDefinitionName": "d",
        "type": "container",
        "platformCapabilities": ["FARGATE"],
        "containerProperties": {
            "image": "x",
            "executionRoleArn": role,
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
        },
        "tags": {"a": "b"},
    }
    with pytest.raises(ClientError, match="iam:PassRole on resource: arn:aws:iam::123456789012:role/r"):
        client("batch").register_job_definition(**definition)
    passing = allow("iam:PassRole", on=role, StringEquals={"iam:PassedToService": "ecs-tasks.amazonaws.com"})
    caller.documents.append(passing)
    client("batch").register_job_definition(**definition)
    assert caller.used == {"batch:RegisterJobDefinition", "batch:TagResource", "iam:PassRole"}


def test_tags_of_what_stands_and_of_the_request_are_known_to_conditions(cloud, client):
    sqs = client("sqs")
    theirs = sqs.create_queue(QueueName="theirs", tags={"owner": "them"})["QueueUrl"]
    judge(
        cloud,
        [
            allow("sqs:CreateQueue", "sqs:TagQueue", StringEquals={"aws:RequestTag/owner": "us"}),
            allow("sqs:DeleteQueue", StringEquals={"aws:ResourceTag/owner": "us"}),
        ],
    )
    ours = sqs.create_queue(QueueName="ours", tags={"owner": "us"})["QueueUrl"]
    sqs.delete_queue(QueueUrl=ours)
    for refused in (
        lambda: sqs.create_queue(QueueName="more", tags={"owner": "them"}),
        lambda: sqs.create_queue(QueueName="more"),
        lambda: sqs.delete_queue(QueueUrl=theirs),
    ):
        with pytest.raises(ClientError, match="not authorized"):
            refused()


def test_a_secret_is_judged_by_the_arn_that_it_has(cloud, client):
    secrets = client("secretsmanager")
    arn = secrets.create_secret(Name="key", SecretString="x")["ARN"]
    judge(cloud, [allow("secretsmanager:GetSecretValue", on=arn.rsplit("-", 1)[0] + "-??????")])
    assert secrets.get_secret_value(SecretId="key")["SecretString"] == "x"
    with pytest.raises(ClientError, match="secret:other"):
        secrets.get_secret_value(SecretId="other")


def test_keys_and_versions_are_judged_each(cloud, client):
    s3 = client("s3")
    s3.create_bucket(Bucket="some-bucket")
    judge(cloud, [allow("s3:DeleteObject", "s3:DeleteObjectVersion", on="arn:aws:s3:::some-bucket/mine/*")])
    s3.delete_objects(Bucket="some-bucket", Delete={"Objects": [{"Key": "mine/a"}]})
    with pytest.raises(ClientError, match="some-bucket/theirs/a"):
        s3.delete_objects(Bucket="some-bucket", Delete={"Objects": [{"Key": "mine/a"}, {"Key": "theirs/a"}]})


def test_a_deny_wins(cloud, client):
    deny = {"Statement": [{"Effect": "Deny", "Action": "sqs:Delete*", "Resource": "*"}]}
    judge(cloud, [allow("sqs:*"), deny])
    url = client("sqs").create_queue(QueueName="q")["QueueUrl"]
    with pytest.raises(ClientError, match="sqs:deletequeue"):
        client("sqs").delete_queue(QueueUrl=url)


def test_a_session_is_judged_too_unless_it_is_a_jobs(cloud):
    """A token of the user's own sign-in opens no door; what a job's role may do is judged by that role."""
    judge(cloud, [])
    keys = {"aws_access_key_id": cloud.access_key, "aws_secret_access_key": cloud.secret_key}
    mine = connect(cloud).client("sqs", **keys, aws_session_token="of-my-own")
    with pytest.raises(ClientError, match="user/caller is not authorized"):
        mine.create_queue(QueueName="q")
    trust = '{"Statement": []}'
    role = cloud.call("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": trust})["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", **allow("sqs:CreateQueue")})
    cloud.call("iam", "PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": policy})
    jobs = connect(cloud).client("sqs", **keys, aws_session_token=sessions_of(cloud).open(role, "task"))
    jobs.create_queue(QueueName="q")
