"""SNS, EventBridge, CloudWatch and Lambda of the embedded cloud are as strict as AWS, where no kind's tests show it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.local.services.lambda_control import function_name, log_group_of
from tests.current import boto

REGION = "us-east-1"


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("x.py", "def handle(event, context): pass\n")
    return content.getvalue()


@pytest.fixture
def cloud():
    cloud = Cloud(VirtualClock())
    yield cloud
    cloud.close()


@pytest.fixture
def session(cloud) -> Any:
    return boto(cloud, REGION)


def role(session: Any, name: str, service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return str(session.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


def function(session: Any, **fields: Any) -> Any:
    params: dict[str, Any] = {
        "FunctionName": "x",
        "Role": "",
        "Runtime": "python3.13",
        "Handler": "x.handle",
        "Code": {"ZipFile": zipped()},
    }
    params |= fields
    params["Role"] = params["Role"] or role(session, "x", "lambda")
    return session.client("lambda").create_function(**params)


def test_a_topic_is_made_again_with_the_same_alone(session):
    sns = session.client("sns")
    same = {"Name": "alerts", "Attributes": {"KmsMasterKeyId": "alias/x"}, "Tags": [{"Key": "a", "Value": "1"}]}
    arn = sns.create_topic(**same)["TopicArn"]
    assert sns.create_topic(**same)["TopicArn"] == arn
    assert sns.create_topic(Name="alerts")["TopicArn"] == arn
    with pytest.raises(ClientError, match="different tags"):
        sns.create_topic(Name="alerts", Tags=[])
    with pytest.raises(ClientError, match="different attributes"):
        sns.create_topic(Name="alerts", Attributes={"KmsMasterKeyId": "alias/y"})


def test_a_subscription_is_made_again_with_the_same_alone(session):
    sns = session.client("sns")
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    queue = "arn:aws:sqs:us-east-1:123456789012:rows"
    raw = {"Attributes": {"RawMessageDelivery": "true"}}
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, **raw)["SubscriptionArn"]
    assert sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, **raw)["SubscriptionArn"] == arn
    with pytest.raises(ClientError, match="different attributes"):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "false"})
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["RawMessageDelivery"] == "true"


def test_tags_of_a_rule_count_when_it_is_new(session):
    events = session.client("events")
    put = {"Name": "x", "EventPattern": '{"source": ["a"]}'}
    arn = events.put_rule(**put, Tags=[{"Key": "a", "Value": "1"}])["RuleArn"]
    events.put_rule(**put, Tags=[{"Key": "b", "Value": "2"}])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]


def test_a_rule_has_five_targets(session):
    events = session.client("events")
    events.put_rule(Name="x", EventPattern='{"source": ["a"]}')
    targets = [{"Id": f"q{n}", "Arn": f"arn:aws:sqs:us-east-1:123456789012:q{n}"} for n in range(6)]
    events.put_targets(Rule="x", Targets=targets[:5])
    events.put_targets(Rule="x", Targets=targets[:5])
    with pytest.raises(ClientError, match="LimitExceeded"):
        events.put_targets(Rule="x", Targets=targets[5:])


def test_a_targets_role_must_trust_eventbridge(session):
    events = session.client("events")
    events.put_rule(Name="x", EventPattern='{"source": ["a"]}')
    target = {"Id": "m", "Arn": "arn:aws:states:us-east-1:123456789012:stateMachine:x"}
    with pytest.raises(ClientError, match="cannot be assumed by principal"):
        events.put_targets(Rule="x", Targets=[{**target, "RoleArn": role(session, "other", "lambda")}])
    events.put_targets(Rule="x", Targets=[{**target, "RoleArn": role(session, "right", "events")}])


def test_a_new_alarm_knows_nothing(session):
    cloudwatch = session.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="x",
        Namespace="AWS/SQS",
        MetricName="x",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
    )
    assert cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "INSUFFICIENT_DATA"


def test_a_function_is_a_zip_that_a_trusted_role_runs(session):
    with pytest.raises(ClientError, match="Could not unzip"):
        function(session, Role=role(session, "right", "lambda"), Code={"ZipFile": b"print()"})
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        function(session, Role=role(session, "other", "events"))


def test_a_functions_name_is_taken_once(session):
    function(session)
    with pytest.raises(ClientError, match="Function already exist: x"):
        function(session, Role="arn:aws:iam::123456789012:role/x")


def test_without_delays_a_function_is_active_at_once(session):
    assert function(session)["State"] == "Active"
    changed = session.client("lambda").update_function_configuration(FunctionName="x", Timeout=5)
    assert changed["LastUpdateStatus"] == "Successful"


def test_a_function_logs_where_it_says(cloud, session):
    function(session, LoggingConfig={"LogGroup": "/scrapectl/shop"})
    client = session.client("lambda")
    assert log_group_of(cloud, REGION, "x") == "/scrapectl/shop"
    assert client.get_function_configuration(FunctionName="x")["LoggingConfig"]["LogGroup"] == "/scrapectl/shop"
    client.update_function_configuration(FunctionName="x", LoggingConfig={"LogGroup": "/other"})
    assert client.list_functions()["Functions"][0]["LoggingConfig"]["LogGroup"] == "/other"
    client.delete_function(FunctionName="x")
    assert log_group_of(cloud, REGION, "x") == "/aws/lambda/x"


@pytest.mark.parametrize(
    "text", ["x", "x:7", "123456789012:function:x", "arn:aws:lambda:us-east-1:123456789012:function:x:live"]
)
def test_a_function_goes_by_many_names(text):
    assert function_name(text) == "x"


def test_a_statement_id_is_taken_once(session):
    function(session)
    client = session.client("lambda")
    permission = {"FunctionName": "x", "StatementId": "rule", "Action": "lambda:InvokeFunction"}
    client.add_permission(**permission, Principal="events.amazonaws.com")
    with pytest.raises(ClientError, match=r"The statement id \(rule\) provided already exists"):
        client.add_permission(**permission, Principal="sns.amazonaws.com")


def test_a_mapping_needs_a_queue_that_stands(session):
    function(session)
    rights = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    session.client("iam").put_role_policy(RoleName="x", PolicyName="x", PolicyDocument=document)
    with pytest.raises(ClientError, match="NonExistentQueue"):
        session.client("lambda").create_event_source_mapping(
            FunctionName="x", EventSourceArn="arn:aws:sqs:us-east-1:123456789012:rows"
        )


def test_mappings_are_in_the_tagging_index(session):
    function(session)
    rights = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    session.client("iam").put_role_policy(RoleName="x", PolicyName="x", PolicyDocument=document)
    session.client("sqs").create_queue(QueueName="rows")
    made = session.client("lambda").create_event_source_mapping(
        FunctionName="x", EventSourceArn="arn:aws:sqs:us-east-1:123456789012:rows", Tags={"team": "a"}
    )
    found = session.client("resourcegroupstaggingapi").get_resources(
        ResourceTypeFilters=["lambda:event-source-mapping"]
    )
    assert [entry["ResourceARN"] for entry in found["ResourceTagMappingList"]] == [made["EventSourceMappingArn"]]
