"""Alarms: read by the hundred, put whole, with their tags and their state left alone."""

from __future__ import annotations

import dataclasses

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal, Update
from scrapectl.kinds.cloudwatch_alarm import CloudwatchAlarm, alarm_arn
from scrapectl.local.registry import Refusal

TAGS = {"scrapectl:pipeline": "shop"}


def alarm(name: str = "shop-rows_dead") -> CloudwatchAlarm:
    return CloudwatchAlarm(
        name=name,
        namespace="AWS/SQS",
        metric="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": "shop-rows_dead"},
        statistic="Maximum",
        period=60,
        threshold=1,
        comparison="GreaterThanOrEqualToThreshold",
    )


def read(aws, want: CloudwatchAlarm) -> Live:
    live = CloudwatchAlarm.read(aws, want.key())
    assert live is not None
    return live


def test_a_hundred_names_go_in_one_call(aws, sent):
    alarm("shop-1").create(aws, TAGS)
    alarm("shop-150").create(aws, TAGS)
    found = CloudwatchAlarm.read_many(aws, [(f"shop-{number}",) for number in range(201)])
    assert found.keys() == {("shop-1",), ("shop-150",)}
    assert sorted(len(params["AlarmNames"]) for params in sent.of("DescribeAlarms")) == [1, 100, 100]
    assert len(sent.of("ListTagsForResource")) == 2


def test_an_alarm_is_put_whole_and_keeps_tags_and_state(aws, sent):
    want = alarm()
    want.create(aws, TAGS)
    aws.client("cloudwatch").set_alarm_state(AlarmName=want.name, StateValue="ALARM", StateReason="x")
    other = dataclasses.replace(want, threshold=5)
    live = read(aws, want)
    other.update(aws, Update(live, frozenset({"threshold"}), TAGS))
    first, second = sent.of("PutMetricAlarm")
    assert first.keys() - second.keys() == {"Tags"}
    assert read(aws, other).resource == other
    assert read(aws, other).tags == TAGS
    assert aws.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"


def test_one_that_was_muted_by_hand_is_a_difference(aws):
    want = alarm()
    want.create(aws, TAGS)
    aws.client("cloudwatch").disable_alarm_actions(AlarmNames=[want.name])
    live = read(aws, want)
    assert [change.name for change in diff(want, live)] == ["tells"]
    want.update(aws, Update(live, frozenset({"tells"}), TAGS))
    assert diff(want, read(aws, want)) == ()


def test_percentiles_go_under_another_name(aws, sent):
    want = dataclasses.replace(alarm(), statistic="p99.9")
    want.create(aws, TAGS)
    assert sent.of("PutMetricAlarm")[0]["ExtendedStatistic"] == "p99.9"
    assert diff(want, read(aws, want)) == ()


def test_an_alarm_on_a_formula_is_read_and_differs(aws):
    metric = {"Namespace": "AWS/SQS", "MetricName": "x"}
    queries = [
        {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
        {"Id": "e", "Expression": "m * 2", "ReturnData": True},
    ]
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="shop-rows_dead",
        ComparisonOperator="LessThanThreshold",
        EvaluationPeriods=1,
        Threshold=1,
        Metrics=queries,
    )
    assert "metric" in {change.name for change in diff(alarm(), read(aws, alarm()))}


def test_an_alarm_that_goes_between_two_calls_is_absent(aws, sent):
    alarm().create(aws, TAGS)
    sent.refuse("ListTagsForResource", Refusal("ResourceNotFoundException", "gone", 404))
    assert CloudwatchAlarm.read(aws, alarm().key()) is None


def test_a_second_delete_is_no_error(aws):
    want = alarm()
    want.create(aws, TAGS)
    live = read(aws, want)
    CloudwatchAlarm.delete(aws, live, Removal())
    CloudwatchAlarm.delete(aws, live, Removal())
    assert CloudwatchAlarm.read(aws, want.key()) is None


def test_names_may_hold_colons():
    arn = alarm_arn("aws", "us-east-1", "123456789012", "shop:rows/dead")
    assert CloudwatchAlarm.key_of_arn(arn) == ("shop:rows/dead",)
