"""Topics: who has not confirmed, which policy is AWS's own, and how little is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal, Update
from scrapectl.engine.values import Policy
from scrapectl.errors import AwsError
from scrapectl.kinds.sns_subscriptions import PENDING, Subscribed
from scrapectl.kinds.sns_topic import SnsTopic, Subscription, topic_arn
from scrapectl.local.registry import OPERATIONS, Call, Refusal

TAGS = {"scrapectl:pipeline": "shop"}
OPS, DEV = Subscription("email", "ops@example.com"), Subscription("email", "dev@example.com")


def rows(aws, *, raw: bool = False) -> Subscription:
    return Subscription("sqs", f"arn:aws:sqs:us-east-1:{aws.account}:rows", raw)


def alerts(*subscriptions: Subscription, **fields: Any) -> SnsTopic:
    return SnsTopic("shop-alerts", frozenset(subscriptions), **fields)


def read(aws, want: SnsTopic) -> Live:
    live = SnsTopic.read(aws, want.key())
    assert live is not None
    return live


def update(aws, want: SnsTopic) -> None:
    live = read(aws, want)
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), TAGS))


@pytest.fixture
def unconfirmed(monkeypatch) -> None:
    """Nobody reads their mail: what the embedded cloud confirms at once, AWS lists as pending."""

    def list_pending(call: Call) -> Mapping[str, Any]:
        found = call.moto()
        for entry in found["Subscriptions"]:
            if entry["Protocol"] == "email":
                entry["SubscriptionArn"] = PENDING
        return found

    monkeypatch.setitem(OPERATIONS, ("sns", "ListSubscriptionsByTopic"), list_pending)


@pytest.mark.usefixtures("unconfirmed")
def test_who_has_not_confirmed_counts_as_there(aws, sent):
    want = alerts(OPS, rows(aws))
    want.create(aws, TAGS)
    assert diff(want, read(aws, want)) == ()
    update(aws, alerts(OPS, rows(aws, raw=True)))
    assert len(sent.of("Subscribe")) == 2, "the mail is not sent again"


@pytest.mark.usefixtures("unconfirmed")
def test_who_has_not_confirmed_and_is_not_wanted_is_left_to_aws(aws, sent):
    alerts(OPS, rows(aws)).create(aws, TAGS)
    want = alerts(rows(aws))
    assert diff(want, read(aws, want)) == ()
    update(aws, alerts())
    assert len(sent.of("Unsubscribe")) == 1, "the queue alone"
    assert diff(alerts(), read(aws, want)) == ()


@pytest.mark.usefixtures("unconfirmed")
def test_the_plan_tells_whose_confirmation_is_missing(aws):
    want = alerts(OPS, DEV)
    want.create(aws, TAGS)
    live = read(aws, want)
    assert want.told(live, ()) == (
        "dev@example.com must still confirm, by the link in the mail that AWS sent",
        "ops@example.com must still confirm, by the link in the mail that AWS sent",
    )
    assert alerts(OPS).told(live, ())[1] == "dev@example.com never confirmed: AWS ends that subscription by itself"


@pytest.mark.usefixtures("unconfirmed")
def test_a_topic_goes_with_those_who_never_confirmed(aws):
    want = alerts(OPS)
    want.create(aws, TAGS)
    SnsTopic.delete(aws, read(aws, want), Removal())
    assert SnsTopic.read(aws, want.key()) is None


def test_nothing_is_told_when_all_have_confirmed(aws):
    want = alerts(OPS)
    want.create(aws, TAGS)
    assert want.told(read(aws, want), ()) == ()


def test_what_stands_equals_what_is_wanted_give_or_take_pending_ones():
    standing = Subscribed([OPS], [DEV])
    assert standing == frozenset({OPS})
    assert standing == frozenset({OPS, DEV})
    assert frozenset({OPS}) == standing
    assert standing != frozenset({DEV})
    assert frozenset() != standing
    assert standing != "anything"
    assert hash(standing) == hash(Subscribed([OPS]))


def test_raw_delivery_is_switched_without_a_new_subscription(aws, sent):
    alerts(rows(aws)).create(aws, TAGS)
    update(aws, alerts(rows(aws, raw=True)))
    assert len(sent.of("Subscribe")) == 1
    assert [params["AttributeValue"] for params in sent.of("SetSubscriptionAttributes")] == ["true"]


def test_new_subscriptions_come_before_old_ones_go(aws, sent):
    alerts(OPS).create(aws, TAGS)
    update(aws, alerts(DEV))
    assert [call.operation for call in sent.calls][-2:] == ["Subscribe", "Unsubscribe"]


def test_a_policy_that_is_taken_away_leaves_awss_own(aws):
    arn = topic_arn("aws", "us-east-1", aws.account, "shop-alerts")
    statement = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": arn}
    want = alerts(policy=Policy({"Version": "2012-10-17", "Statement": [statement]}))
    want.create(aws, TAGS)
    assert read(aws, want).resource == want
    update(aws, alerts())
    assert read(aws, want).resource == alerts()
    assert aws.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"] != ""


def test_a_widened_policy_of_awss_own_name_is_a_difference(aws):
    want = alerts()
    want.create(aws, TAGS)
    arn = read(aws, want).outputs["arn"]
    sns = aws.client("sns")
    document = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    del document["Statement"][0]["Condition"]
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(document))
    assert [change.name for change in diff(want, read(aws, want))] == ["policy"]


def test_a_topic_of_someone_else_with_the_same_name_is_not_taken_over(aws):
    aws.client("sns").create_topic(Name="shop-alerts", Tags=[{"Key": "team", "Value": "other"}])
    with pytest.raises(AwsError) as refused:
        alerts(OPS).create(aws, TAGS)
    assert "already exists with different tags" in str(refused.value)
    assert read(aws, alerts()).resource == alerts()


def test_a_topic_that_goes_between_two_calls_is_absent(aws, sent):
    want = alerts(OPS)
    want.create(aws, TAGS)
    sent.refuse("ListSubscriptionsByTopic", Refusal("NotFound", "Topic does not exist", 404))
    assert SnsTopic.read(aws, want.key()) is None


def test_arns_of_subscriptions_are_none_of_a_topic():
    arn = topic_arn("aws", "us-east-1", "123456789012", "shop-alerts")
    assert SnsTopic.key_of_arn(arn) == ("shop-alerts",)
    assert SnsTopic.key_of_arn(f"{arn}:0b1c") is None
