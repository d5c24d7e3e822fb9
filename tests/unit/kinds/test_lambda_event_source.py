"""Event source mappings: found by what they join, slow to change, and alive after their function."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.order import holders
from scrapectl.engine.resource import Live, Removal, Status, Update
from scrapectl.errors import AwsError
from scrapectl.kinds import KINDS
from scrapectl.kinds.lambda_event_source import LambdaEventSource
from scrapectl.kinds.lambda_function import LambdaFunction
from scrapectl.kinds.sqs_queue import SqsQueue
from scrapectl.local.registry import OPERATIONS, Call
from tests.contract.messaging_cases import PACKAGE, digest

TAGS = {"scrapectl:pipeline": "shop"}
RIGHTS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def want(cloud, aws) -> LambdaEventSource:
    iam = aws.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    rights = {"Effect": "Allow", "Action": RIGHTS, "Resource": "*"}
    role = iam.create_role(RoleName="notifier", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="notifier", PolicyName="x", PolicyDocument=document(rights))
    cloud.clock.advance(60)
    SqsQueue("shop_dead", 1209600, 43200).create(aws, TAGS)
    function = LambdaFunction(
        name="shop_notifier",
        code=digest(PACKAGE),
        package=PACKAGE,
        handler="notifier.handle",
        runtime="python3.13",
        role=role,
        memory=256,
        timeout=60,
    )
    function.create(aws, TAGS)
    cloud.clock.advance(60)
    return LambdaEventSource(function="shop_notifier", source=f"arn:aws:sqs:us-east-1:{aws.account}:shop_dead")


def read(aws, want: LambdaEventSource) -> Live:
    live = LambdaEventSource.read(aws, want.key())
    assert live is not None
    return live


def test_it_is_busy_while_aws_makes_it(cloud, aws, want):
    want.create(aws, TAGS)
    assert (read(aws, want).status, read(aws, want).reason) == (Status.BUSY, "it is Creating")
    with pytest.raises(AwsError, match="in use"):
        want.update(aws, Update(read(aws, want), frozenset({"batch"}), TAGS))
    cloud.clock.advance(10)
    live = read(aws, want)
    assert live.status is Status.READY
    assert diff(want, live) == ()
    assert live.outputs["arn"].endswith(f":event-source-mapping:{live.outputs['name']}")


def test_it_is_there_until_aws_has_ended_it(cloud, aws, want):
    want.create(aws, TAGS)
    cloud.clock.advance(10)
    LambdaEventSource.delete(aws, read(aws, want), Removal())
    assert read(aws, want).reason == "it is Deleting"
    cloud.clock.advance(10)
    assert LambdaEventSource.read(aws, want.key()) is None


@pytest.mark.parametrize(("state", "word"), [("DISABLED", "Disabling"), ("ENABLED", "Updating")])
def test_a_change_of_state_takes_its_time(cloud, aws, want, state, word):
    want.create(aws, TAGS)
    cloud.clock.advance(10)
    other = dataclasses.replace(want, state=state)
    other.update(aws, Update(read(aws, want), frozenset({"state"}), TAGS))
    assert read(aws, other).reason == f"it is {word}"
    cloud.clock.advance(10)
    assert diff(other, read(aws, other)) == ()


def test_a_second_mapping_of_the_same_two_is_refused(aws, want):
    want.create(aws, TAGS)
    with pytest.raises(AwsError, match="already exists") as refused:
        want.create(aws, TAGS)
    assert refused.value.code == "ResourceConflictException"


def test_a_role_that_may_not_read_the_queue_yet_heals(cloud, aws, want):
    aws.client("iam").put_role_policy(
        RoleName="notifier",
        PolicyName="x",
        PolicyDocument=document({"Effect": "Allow", "Action": RIGHTS, "Resource": want.source}),
    )
    with pytest.raises(AwsError, match="does not have permissions"):
        want.create(aws, TAGS)
    cloud.clock.advance(10)
    want.create(aws, TAGS)


def test_messages_must_stay_hidden_for_as_long_as_the_function_runs(aws, want):
    url = aws.client("sqs").get_queue_url(QueueName="shop_dead")["QueueUrl"]
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
    with pytest.raises(AwsError, match="less than Function timeout: 60"):
        want.create(aws, TAGS)


def test_none_of_a_function_that_does_not_stand(aws):
    key = ("shop_other", f"arn:aws:sqs:us-east-1:{aws.account}:shop_dead")
    assert LambdaEventSource.read(aws, key) is None


@pytest.fixture
def strict(monkeypatch) -> None:
    """What AWS may say of a function that is gone: that it does not know it (ListEventSourceMappings, Lambda API)."""
    listed = OPERATIONS["lambda", "ListEventSourceMappings"]

    def refuse_unknown(call: Call) -> Mapping[str, Any]:
        if "FunctionName" in call.params:
            call.moto({"FunctionName": call.params["FunctionName"]}, "GetFunction")
        return listed(call)

    monkeypatch.setitem(OPERATIONS, ("lambda", "ListEventSourceMappings"), refuse_unknown)


@pytest.mark.usefixtures("strict")
def test_it_is_found_when_its_function_is_gone(cloud, aws, want):
    want.create(aws, TAGS)
    cloud.clock.advance(10)
    aws.client("lambda").delete_function(FunctionName="shop_notifier")
    assert LambdaEventSource.owned(aws, "shop") == [want.key()]
    LambdaEventSource.delete(aws, read(aws, want), Removal())
    cloud.clock.advance(10)
    assert LambdaEventSource.owned(aws, "shop") == []


def test_that_of_another_function_on_the_same_queue_is_another(aws, want):
    want.create(aws, TAGS)
    assert LambdaEventSource.read(aws, ("shop_other", want.source)) is None


def test_tags_are_read_of_those_with_the_owners_names_alone(aws, sent, want):
    want.create(aws, TAGS)
    assert LambdaEventSource.owned(aws, "shopping") == []
    assert sent.of("ListTags") == []
    assert LambdaEventSource.owned(aws, "shop") == [want.key()]


def test_function_and_queue_end_after_it(cloud, aws, want):
    want.create(aws, TAGS)
    cloud.clock.advance(10)
    found = {
        ("lambda_event_source", want.key()): read(aws, want),
        ("lambda_function", ("shop_notifier",)): LambdaFunction.read(aws, ("shop_notifier",)),
        ("sqs_queue", ("shop_dead",)): SqsQueue.read(aws, ("shop_dead",)),
    }
    standing = {thing: live for thing, live in found.items() if live is not None}
    held = holders(standing, KINDS)
    assert held["lambda_function", ("shop_notifier",)] == {("lambda_event_source", want.key())}
    assert held["sqs_queue", ("shop_dead",)] == {("lambda_event_source", want.key())}
