"""Functions: one change at a time, broken ones, and permissions that nobody here would write."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.order import holders
from scrapectl.engine.resource import Live, Removal, Status, Update
from scrapectl.errors import AwsError
from scrapectl.kinds import KINDS
from scrapectl.kinds.lambda_function import LambdaFunction, function_arn
from scrapectl.kinds.lambda_permission import Permission, permissions_of
from scrapectl.kinds.sns_topic import SnsTopic, Subscription, topic_arn
from scrapectl.local.registry import OPERATIONS
from tests.contract.messaging_cases import PACKAGE, digest, zipped

TAGS = {"scrapectl:pipeline": "shop"}
OTHER = zipped("def handle(event, context): return 2\n")
ARN = function_arn("aws", "us-east-1", "123456789012", "shop_notifier")


@pytest.fixture
def role(cloud, aws) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = aws.client("iam").create_role(RoleName="notifier", AssumeRolePolicyDocument=trust)
    cloud.clock.advance(60)
    return str(made["Role"]["Arn"])


def function(role: str, **fields: Any) -> LambdaFunction:
    return LambdaFunction(
        **{
            "name": "shop_notifier",
            "code": digest(PACKAGE),
            "package": PACKAGE,
            "handler": "notifier.handle",
            "runtime": "python3.13",
            "role": role,
            "memory": 256,
            "timeout": 60,
            **fields,
        }
    )


def read(aws, want: LambdaFunction) -> Live:
    live = LambdaFunction.read(aws, want.key())
    assert live is not None
    return live


def step(cloud, aws, want: LambdaFunction) -> set[str]:
    """One step of an update, then AWS's time; what still differs."""
    live = read(aws, want)
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), TAGS))
    cloud.clock.advance(10)
    return {change.name for change in diff(want, read(aws, want))}


@pytest.fixture
def standing(cloud, aws, role) -> LambdaFunction:
    want = function(role)
    want.create(aws, TAGS)
    cloud.clock.advance(10)
    return want


def test_one_that_is_pending_is_busy(cloud, aws, role):
    want = function(role)
    want.create(aws, TAGS)
    assert read(aws, want).status is Status.BUSY
    with pytest.raises(AwsError) as refused:
        dataclasses.replace(want, code=digest(OTHER), package=OTHER).update(
            aws, Update(read(aws, want), frozenset({"code"}), TAGS)
        )
    assert refused.value.code == "ResourceConflictException"
    cloud.clock.advance(10)
    assert read(aws, want).status is Status.READY


def test_code_then_configuration_then_the_rest(cloud, aws, sent, standing):
    want = dataclasses.replace(
        standing,
        code=digest(OTHER),
        package=OTHER,
        handler="notifier.other",
        permissions=frozenset({Permission("rule", "events.amazonaws.com")}),
        concurrency=1,
    )
    assert step(cloud, aws, want) == {"handler", "permissions", "concurrency"}
    assert read(aws, want).status is Status.READY
    assert step(cloud, aws, want) == {"permissions", "concurrency"}
    assert step(cloud, aws, want) == set()
    assert len(sent.of("UpdateFunctionCode")) == 1


def test_one_that_is_being_changed_is_busy(aws, standing):
    want = dataclasses.replace(standing, memory=512)
    want.update(aws, Update(read(aws, want), frozenset({"memory"}), TAGS))
    live = read(aws, want)
    assert (live.status, live.reason) == (Status.BUSY, "The function is being updated.")
    with pytest.raises(AwsError, match="An update is in progress"):
        LambdaFunction.delete(aws, live, Removal())


def test_a_fresh_role_heals(aws, cloud):
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = aws.client("iam").create_role(RoleName="fresh", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    with pytest.raises(AwsError, match="cannot be assumed by Lambda"):
        function(arn).create(aws, TAGS)
    cloud.clock.advance(10)
    function(arn).create(aws, TAGS)


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ({"State": "Pending"}, Status.BUSY, "it is being made"),
        ({"State": "Active", "LastUpdateStatus": "InProgress"}, Status.BUSY, "it is being changed"),
        ({"State": "Failed", "StateReason": "no such key"}, Status.BROKEN, "no such key"),
        ({"LastUpdateStatus": "Failed"}, Status.BROKEN, "its last change failed"),
        ({"State": "Inactive", "LastUpdateStatus": "Successful"}, Status.READY, ""),
    ],
)
def test_states(aws, standing, monkeypatch, answer, status, reason):
    found = OPERATIONS["lambda", "GetFunction"]

    def tell(call: Any) -> Any:
        told = found(call)
        told["Configuration"] |= answer
        return told

    monkeypatch.setitem(OPERATIONS, ("lambda", "GetFunction"), tell)
    live = read(aws, standing)
    assert (live.status, live.reason) == (status, reason)


def test_a_broken_one_gets_its_configuration_again(aws, sent, standing):
    broken = dataclasses.replace(read(aws, standing), status=Status.BROKEN, reason="no such key")
    changed = {change.name for change in diff(standing, broken)}
    assert changed == {"status"}
    standing.update(aws, Update(broken, frozenset(changed), TAGS))
    assert sent.of("UpdateFunctionConfiguration")[0]["Handler"] == "notifier.handle"


def test_the_zip_is_never_shown(role):
    assert "PK" not in repr(function(role))


def test_its_own_log_group_is_none(aws, standing):
    assert vars(read(aws, standing).resource)["log_group"] is None


def test_permissions_go_before_others_come(cloud, aws, sent, standing):
    one = Permission("rule", "events.amazonaws.com", "arn:aws:events:us-east-1:123456789012:rule/a")
    step(cloud, aws, dataclasses.replace(standing, permissions=frozenset({one})))
    other = dataclasses.replace(one, source_arn="arn:aws:events:us-east-1:123456789012:rule/b")
    assert step(cloud, aws, dataclasses.replace(standing, permissions=frozenset({other}))) == set()
    changes = [call.operation for call in sent.calls if "Permission" in call.operation]
    assert changes == ["AddPermission", "RemovePermission", "AddPermission"]


def policy(**fields: Any) -> str:
    statement = {
        "Sid": "rule",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        **fields,
    }
    return json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": [statement]})


def test_a_statement_of_ours_is_a_permission():
    condition = {
        "ArnLike": {"AWS:SourceArn": "arn:aws:events:us-east-1:1:rule/a"},
        "StringEquals": {"AWS:SourceAccount": "1"},
    }
    assert permissions_of(policy(Condition=condition)) == {
        Permission("rule", "events.amazonaws.com", "arn:aws:events:us-east-1:1:rule/a", "1")
    }


@pytest.mark.parametrize(
    "other",
    [
        {"Principal": "*"},
        {"Principal": {"AWS": "arn:aws:iam::1:root"}},
        {"Action": "lambda:*"},
        {"Effect": "Deny"},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
    ],
)
def test_any_other_statement_is_a_difference_and_goes(other):
    (found,) = permissions_of(policy(**other))
    assert found.sid == "rule"
    assert found != Permission("rule", "events.amazonaws.com")
    assert json.loads(found.principal) == json.loads(policy(**other))["Statement"][0]


def test_versions_are_of_their_function():
    assert LambdaFunction.key_of_arn(ARN) == LambdaFunction.key_of_arn(f"{ARN}:7") == ("shop_notifier",)
    assert LambdaFunction.key_of_arn("arn:aws:lambda:us-east-1:1:event-source-mapping:1") is None


def test_who_may_call_it_does_not_end_before_it(cloud, aws, standing):
    """A topic that calls the function names it, as the function's permission names the topic: the topic goes first."""
    topic = SnsTopic("shop-alerts", frozenset({Subscription("lambda", ARN)}))
    topic.create(aws, TAGS)
    allowed = Permission("topic", "sns.amazonaws.com", topic_arn("aws", "us-east-1", aws.account, "shop-alerts"))
    step(cloud, aws, dataclasses.replace(standing, permissions=frozenset({allowed})))
    heard = SnsTopic.read(aws, topic.key())
    assert heard is not None
    things = {("sns_topic", topic.key()): heard, ("lambda_function", standing.key()): read(aws, standing)}
    held = holders(things, KINDS)
    assert held["lambda_function", standing.key()] == {("sns_topic", topic.key())}
    assert held["sns_topic", topic.key()] == frozenset()
