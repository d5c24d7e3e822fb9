"""The front door decodes every protocol, refuses in each, and lets operations of ours wrap moto's."""

from __future__ import annotations

import json

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from scrapectl.local import registry
from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import connect, record
from scrapectl.local.registry import Refusal


@pytest.fixture
def ours(monkeypatch):
    """Put one operation of ours in for a test."""

    def put(service, name, function):
        monkeypatch.setitem(registry.OPERATIONS, (service, name), function)

    return put


PROTOCOLS = [
    ("batch", "describe_job_queues", "DescribeJobQueues", {}),
    ("logs", "describe_log_groups", "DescribeLogGroups", {}),
    ("sqs", "list_queues", "ListQueues", {}),
    ("iam", "list_roles", "ListRoles", {}),
    ("ec2", "describe_vpcs", "DescribeVpcs", {}),
    ("s3", "get_bucket_tagging", "GetBucketTagging", {"Bucket": "some-bucket"}),
]


@pytest.mark.parametrize(("service", "method", "name", "params"), PROTOCOLS)
def test_each_protocol_decodes_and_refuses(aws, ours, refused, service, method, name, params):
    seen = []

    def refuse(call):
        seen.append((call.service, call.operation, call.params, call.region, call.account))
        raise Refusal("OddException", "a <odd> & awkward message", 418)

    ours(service, name, refuse)
    with refused("OddException", "a <odd> & awkward message"):
        getattr(aws(service), method)(**params)
    assert seen == [(service, name, params, "us-east-1", "123456789012")]


def test_a_modelled_error_has_its_modelled_status(aws, ours):
    def refuse(_call):
        raise Refusal("ConflictException", "taken")

    ours("scheduler", "GetSchedule", refuse)
    client = aws("scheduler")
    with pytest.raises(client.exceptions.ConflictException) as caught:
        client.get_schedule(Name="x")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_a_head_request_is_refused_without_body(aws, refused):
    with refused("404"):
        aws("s3").head_object(Bucket="no-such-bucket", Key="k")


def test_an_operation_may_wrap_moto(aws, ours):
    def doubled(call):
        result = call.moto()
        return {"Roles": result["Roles"] * 2, "IsTruncated": False}

    statement = {"Effect": "Allow", "Principal": {"Service": "x.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    ours("iam", "ListRoles", doubled)
    assert [role["RoleName"] for role in aws("iam").list_roles()["Roles"]] == ["r", "r"]


def test_every_answer_carries_the_clouds_date_and_a_request_id(cloud, aws):
    cloud.clock.advance(3600)
    told = aws("sts").get_caller_identity()["ResponseMetadata"]
    assert told["HTTPHeaders"]["date"] == "Mon, 02 Mar 2026 10:00:00 GMT"
    again = aws("sts").get_caller_identity()["ResponseMetadata"]
    assert told["RequestId"] != again["RequestId"]


def test_patterns_enums_and_maxima_are_checked(refused):
    session = connect(Cloud())
    with refused("InvalidParameterException", "logGroupName"):
        session.client("logs").create_log_group(logGroupName="no spaces allowed")
    with refused("InvalidParameterException", "imageTagMutability"):
        session.client("ecr").create_repository(repositoryName="xx", imageTagMutability="ODD")


def test_a_lax_cloud_does_not_check():
    session = connect(Cloud(strict=False))
    session.client("logs").create_log_group(logGroupName="no spaces allowed")


def test_what_moto_lacks_is_said_so(aws, refused):
    with refused("NotImplemented", "embedded cloud"):
        aws("iam").get_context_keys_for_principal_policy(PolicySourceArn="arn:aws:iam::123456789012:role/r")


def test_a_new_cloud_is_empty():
    connect(Cloud()).client("sqs").create_queue(QueueName="q")
    assert "QueueUrls" not in connect(Cloud()).client("sqs").list_queues()


def test_regions_are_apart(cloud, aws):
    aws("sqs").create_queue(QueueName="q")
    assert "QueueUrls" not in connect(cloud, "eu-west-1").client("sqs").list_queues()


def test_the_account_is_the_clouds():
    session = connect(Cloud(account="210987654321"))
    assert session.client("sts").get_caller_identity()["Account"] == "210987654321"
    url = session.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    assert "/210987654321/" in url


def test_a_client_cannot_choose_the_account(cloud):
    client = connect(cloud).client("sts")
    client.meta.events.register_first("before-send", _other_account)
    assert client.get_caller_identity()["Account"] == "123456789012"


def _other_account(request, **_):
    request.headers["X-Moto-Account-Id"] = "210987654321"


def test_calls_are_recorded_in_order(cloud, aws):
    recorder = record(cloud)
    aws("sqs").create_queue(QueueName="q")
    aws("s3").create_bucket(Bucket="some-bucket")
    assert [(s.service, s.operation) for s in recorder.calls] == [("sqs", "CreateQueue"), ("s3", "CreateBucket")]
    assert recorder.of("CreateQueue") == [{"QueueName": "q"}]
    assert recorder.count()["sqs", "CreateQueue"] == 1


def test_a_throttled_call_is_repeated_by_the_client(cloud, aws):
    recorder = record(cloud)
    recorder.throttle("CreateQueue")
    assert aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    assert recorder.count()["sqs", "CreateQueue"] == 2


def test_a_denied_call_stays_denied(cloud, aws, refused):
    record(cloud).deny("CreateQueue")
    for _ in range(2):
        with refused("AccessDeniedException", "not authorized to perform: CreateQueue"):
            aws("sqs").create_queue(QueueName="q")


@pytest.mark.parametrize(("after", "made"), [(True, ["a"]), (False, [])])
def test_an_answer_is_lost_after_or_before_the_call(cloud, after, made):
    client = connect(cloud).client("logs", config=Config(retries={"max_attempts": 0}))
    record(cloud).lose_answer("CreateLogGroup", after=after)
    with pytest.raises(ConnectionClosedError):
        client.create_log_group(logGroupName="a")
    assert [group["logGroupName"] for group in client.describe_log_groups()["logGroups"]] == made


def test_the_clouds_own_calls_are_checked_but_not_recorded(cloud):
    recorder = record(cloud)
    assert cloud.call("batch", "DescribeJobQueues", {}) == {"jobQueues": [], "nextToken": None}
    with pytest.raises(Refusal, match="ClientException"):
        cloud.call("batch", "SubmitJob", {"jobName": "j", "jobQueue": "none", "jobDefinition": "none"})
    assert recorder.calls == []
