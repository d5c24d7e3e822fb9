"""What SNS, EventBridge, CloudWatch and Lambda would refuse is found before it is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scrapectl.aws.request_check import check_request

QUEUE = "arn:aws:sqs:us-east-1:123456789012:rows"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"
ROLE = "arn:aws:iam::123456789012:role/x"
JOB_QUEUE = "arn:aws:batch:us-east-1:123456789012:job-queue/q"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:x"


def topic_policy(**fields: Any) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC, **fields}
    return json.dumps({"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v is not None}]})


def topic(**fields: Any) -> tuple[str, str, dict[str, Any]]:
    return "sns", "CreateTopic", {"Name": "alerts", **fields}


def topic_attribute(name: str, value: str) -> tuple[str, str, dict[str, Any]]:
    return "sns", "SetTopicAttributes", {"TopicArn": TOPIC, "AttributeName": name, "AttributeValue": value}


def subscribe(protocol: str, endpoint: str, **attributes: str) -> tuple[str, str, dict[str, Any]]:
    params = {"TopicArn": TOPIC, "Protocol": protocol, "Endpoint": endpoint, "Attributes": attributes}
    return "sns", "Subscribe", params


def rule(pattern: Any = None, **fields: Any) -> tuple[str, str, dict[str, Any]]:
    text = {"EventPattern": pattern if isinstance(pattern, str) else json.dumps(pattern)} if pattern else {}
    return "events", "PutRule", {"Name": "x", **text, **fields}


def targets(*found: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    return "events", "PutTargets", {"Rule": "x", "Targets": list(found)}


def alarm(**fields: Any) -> tuple[str, str, dict[str, Any]]:
    params = {
        "AlarmName": "x",
        "Namespace": "AWS/SQS",
        "MetricName": "x",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
        **fields,
    }
    return "cloudwatch", "PutMetricAlarm", {key: value for key, value in params.items() if value is not None}


def function(**fields: Any) -> tuple[str, str, dict[str, Any]]:
    return "lambda", "CreateFunction", {"FunctionName": "x", "Role": ROLE, "Code": {"ZipFile": b"x"}, **fields}


def mapping(**fields: Any) -> tuple[str, str, dict[str, Any]]:
    return "lambda", "CreateEventSourceMapping", {"FunctionName": "x", "EventSourceArn": QUEUE, **fields}


BATCH = {"JobDefinition": "d", "JobName": "n"}


@pytest.mark.parametrize(
    "request_",
    [
        topic(),
        topic(Name="alerts.fifo", Attributes={"FifoTopic": "true"}),
        topic(Attributes={"Policy": topic_policy(Action=["SNS:Publish", "sns:Subscribe"])}),
        topic_attribute("Policy", topic_policy(Action="*")),
        topic_attribute("DisplayName", ""),
        subscribe("email", "ops@example.com"),
        subscribe("sqs", QUEUE, RawMessageDelivery="true"),
        rule({"source": ["aws.batch"], "detail": {"status": ["FAILED"]}}),
        rule(ScheduleExpression="rate(1 hour)"),
        targets({"Id": "q", "Arn": QUEUE}, {"Id": "m", "Arn": MACHINE, "RoleArn": ROLE}),
        targets({"Id": "b", "Arn": JOB_QUEUE, "RoleArn": ROLE, "BatchParameters": BATCH}),
        alarm(),
        alarm(Period=10),
        alarm(Period=3600, EvaluationPeriods=168),
        alarm(Statistic=None, ExtendedStatistic="p99"),
        function(Timeout=900, MemorySize=10_240, Environment={"Variables": {"AWS_BUCKET": "raw"}}),
        mapping(BatchSize=10),
        mapping(BatchSize=100, MaximumBatchingWindowInSeconds=1),
    ],
)
def test_what_aws_takes(request_):
    assert check_request(*request_) == []


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (topic(Name="a b"), "Name"),
        (topic(Name="x" * 257), "Name"),
        (topic(Attributes={"Policy": topic_policy(Action="s3:GetObject")}), "s3:GetObject is no action of SNS"),
        (topic_attribute("Policy", ""), "AttributeValue: must be a policy document"),
        (topic_attribute("Policy", topic_policy(Principal=None)), "no Principal"),
        (subscribe("email", "ops"), "is no mail address"),
        (subscribe("lambda", "notifier"), "must be an ARN"),
        (subscribe("email", "ops@example.com", RawMessageDelivery="true"), "is not supported with email"),
        (rule(), "ScheduleExpression must be specified"),
        (rule("{"), "is no JSON"),
        (rule({"source": "aws.batch"}), "EventPattern.source"),
        (rule({"detail": {"status": []}}), "EventPattern.detail.status"),
        (rule({"detail": {}}), "EventPattern.detail"),
        (rule({"source": ["x" * 4096]}), "4096"),
        (targets(*({"Id": f"q{n}", "Arn": QUEUE} for n in range(11))), "at most 10"),
        (targets({"Id": "m", "Arn": MACHINE}), "Targets[0].RoleArn"),
        (targets({"Id": "b", "Arn": JOB_QUEUE, "RoleArn": ROLE}), "Targets[0].BatchParameters"),
        (targets({"Id": "q", "Arn": QUEUE, "RetryPolicy": {"MaximumRetryAttempts": 186}}), "185"),
        (alarm(Period=45), "45 is none of 10, 20, 30"),
        (alarm(Period=60, EvaluationPeriods=1441), "more than 86400 s"),
        (alarm(Period=3600, EvaluationPeriods=169), "more than 604800 s"),
        (alarm(Statistic=None), "is required"),
        (alarm(ExtendedStatistic="p99"), "not both"),
        (alarm(DatapointsToAlarm=2), "more than EvaluationPeriods"),
        (alarm(AlarmActions=[TOPIC] * 6), "at most 5"),
        (function(Timeout=901), "Timeout"),
        (function(MemorySize=10_241), "MemorySize"),
        (function(FunctionName="x" * 65), "FunctionName"),
        (function(Environment={"Variables": {"AWS_REGION": "x"}}), "is a name of Lambda's own"),
        (function(Environment={"Variables": {"TEXT": "x" * 4096}}), "more than 4096 bytes"),
        (mapping(BatchSize=11), "must be at least 1"),
        (mapping(StartingPosition="LATEST"), "is not for queues"),
    ],
)
def test_what_aws_refuses(request_, said):
    assert said in "; ".join(check_request(*request_))
