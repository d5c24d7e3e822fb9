"""What the notifier tells of hosts that could not start, and of instances that died."""

from datetime import UTC, datetime, timedelta

import pytest

from containers.notifier import notifier
from containers.notifier.conftest import TOPIC
from containers.notifier.test_letters import letter

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
WHY = "We currently do not have sufficient t4g.nano capacity in the Availability Zone you requested."
LAUNCH = {
    "StatusCode": "Failed", "AutoScalingGroupName": "shop-ingester", "ActivityId": "a-2", "StatusMessage": WHY,
    "StartTime": "2026-03-03T12:00:00.000Z", "EndTime": "2026-03-03T12:00:01.000Z", "EC2InstanceId": "",
}  # fmt: skip
DIED = {"instance-id": "i-1", "state": "terminated"}


def heard(detail):
    notifier.handler({"detail": detail})


def tried(number, minutes, state="Failed"):
    return {"ActivityId": number, "StartTime": NOON - timedelta(minutes=minutes), "StatusCode": state}


def in_group(group="shop-ingester", state="InService"):
    return {"InstanceId": "i-1", "AutoScalingGroupName": group, "LifecycleState": state}


def test_a_start_that_failed(aws):
    aws.activities = [tried("a-2", 0), tried("a-1", 90)]
    heard(LAUNCH)
    assert aws.message["TopicArn"] == TOPIC
    assert aws.message["Subject"] == "shop: ingester was not started"
    assert aws.message["Message"] == (
        "Host:      ingester\n"
        f"Cause:     {WHY}\n"
        "Tried:     2026-03-03T12:00:00.000Z\n"
        "\n"
        "Auto Scaling goes on trying until it can start it, or until the host's stop is due.\n"
        "\n"
        "Try now:   scrapectl run ingester --pipeline shop --region us-east-1\n"
    )


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([], 1),
        ([tried("a-3", -5), tried("a-2", 0), tried("a-1", 20)], 0),
        ([tried("a-2", 0), tried("a-1", 20), tried("a-0", 40, "Successful")], 0),
        ([tried("a-2", 0), tried("a-1", 20, "Successful"), tried("a-0", 40)], 1),
        ([tried("a-2", 0), tried("a-1", 60)], 1),
    ],
)
def test_it_is_told_once_though_it_is_tried_again_and_again(aws, before, told):
    aws.activities = before
    heard(LAUNCH)
    assert len(aws.sent) == told
    assert aws.asked == [{"AutoScalingGroupName": "shop-ingester", "MaxRecords": 10}]


def test_an_instance_that_died_is_told_and_its_group_forgets_it(aws):
    aws.instances = [in_group()]
    heard(DIED)
    assert (aws.message["TopicArn"], aws.message["Subject"]) == (TOPIC, "shop: ingester failed (lost)")
    assert "Run:       i-1\nCause:     its instance was terminated, and not by scrapectl\n" in aws.message["Message"]
    assert "Again:     scrapectl run ingester --pipeline shop --region us-east-1\n" in aws.message["Message"]
    assert aws.asked == [{"InstanceId": "i-1", "ShouldDecrementDesiredCapacity": True}]


@pytest.mark.parametrize("instances", [[], [in_group("others")], [in_group(state="Terminating")]])
def test_instances_that_ended_as_they_should_and_those_of_others_are_not_told(aws, instances):
    aws.instances = instances
    heard(DIED)
    heard(LAUNCH | {"AutoScalingGroupName": "others"})
    assert (aws.sent, aws.asked) == ([], [])


def test_text_of_aws_is_set_in_and_plain(aws):
    heard(LAUNCH | {"StatusMessage": "one\x1b[31m\nHost: other"})
    assert "Cause:     one\n           Host: other\n" in aws.message["Message"]


def test_what_could_not_be_delivered_is_told_late(aws):
    aws.instances = [in_group()]
    about = {"RULE_ARN": "rule", "ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "may not"}
    notifier.handler({"Records": [letter({"detail": one}, **about) for one in (LAUNCH, DIED)]})
    assert [sent["Subject"] for sent in aws.sent] == ["shop: ingester was not started", "shop: ingester failed (lost)"]
    assert all(sent["Message"].startswith("This comes late: EventBridge could not deliver") for sent in aws.sent)
