"""Alarms look at queues and functions once a minute, and act once for each change of their state."""

import json

import pytest

from scrapectl.local.flows.mail import mails_of


@pytest.fixture
def alarm(world):
    """A function that makes an alarm on the queue `main` which tells a topic with one reader."""
    topic = world.topic("ops", "cloudwatch.amazonaws.com")
    world("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    world.queue("main", VisibilityTimeout="300")

    def make(**changes):
        given = {
            "AlarmName": "main-dead",
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateNumberOfMessagesVisible",
            "Dimensions": [{"Name": "QueueName", "Value": "main"}],
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [topic],
            "OKActions": [topic],
        }
        world("cloudwatch").put_metric_alarm(**given | changes)
        return topic

    return make


def state(world):
    return world("cloudwatch").describe_alarms()["MetricAlarms"][0]["StateValue"]


def url(world):
    return world("sqs").get_queue_url(QueueName="main")["QueueUrl"]


def send(world):
    world("sqs").send_message(QueueUrl=url(world), MessageBody="x")


def told(world):
    return [mail["subject"].split(":")[0] for mail in mails_of(world.cloud)]


def test_each_change_is_told_once(world, alarm):
    alarm()
    seen = []
    for step in range(6):
        if step == 2:
            send(world)
        if step == 4:
            world("sqs").purge_queue(QueueUrl=url(world))
        world.pass_time(60)
        seen.append(state(world))
    assert seen == ["OK", "OK", "ALARM", "ALARM", "OK", "OK"]
    assert told(world) == ["OK", "ALARM", "OK"]


def test_a_message_has_cloudwatchs_shape(world, alarm):
    topic = alarm(OKActions=[], AlarmDescription="letters lie there")
    raw = {"Protocol": "sqs", "Attributes": {"RawMessageDelivery": "true"}}
    world("sns").subscribe(TopicArn=topic, Endpoint=world.queue("heard", "sns.amazonaws.com"), **raw)
    send(world)
    world.pass_time(60)
    (mail,) = mails_of(world.cloud)
    assert mail["subject"] == 'ALARM: "main-dead" in US East (N. Virginia)'
    assert '"main-dead" in the US East (N. Virginia) region has entered the ALARM state' in mail["text"]
    assert "- State Change: INSUFFICIENT_DATA -> ALARM\n" in mail["text"]
    message = json.loads(world.messages("heard")[0]["Body"])
    assert message.pop("AlarmConfigurationUpdatedTimestamp").endswith("+0000")
    assert message.pop("Trigger") == {
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Namespace": "AWS/SQS",
        "StatisticType": "Statistic",
        "Statistic": "MAXIMUM",
        "Unit": None,
        "Dimensions": [{"value": "main", "name": "QueueName"}],
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1.0,
        "TreatMissingData": "notBreaching",
        "EvaluateLowSampleCountPercentile": "",
    }
    assert message == {
        "AlarmName": "main-dead",
        "AlarmDescription": "letters lie there",
        "AWSAccountId": "123456789012",
        "NewStateValue": "ALARM",
        "NewStateReason": (
            "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (02/03/26 09:00:00)] was greater than or equal to "
            "the threshold (1.0) (minimum 1 datapoint for INSUFFICIENT_DATA -> ALARM transition)."
        ),
        "StateChangeTime": "2026-03-02T09:01:00.000+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:main-dead",
        "OldStateValue": "INSUFFICIENT_DATA",
        "OKActions": [],
        "AlarmActions": [topic],
        "InsufficientDataActions": [],
    }


def test_the_age_of_the_oldest_message_counts_hidden_ones_too(world, alarm):
    alarm(MetricName="ApproximateAgeOfOldestMessage", Threshold=120.0)
    send(world)
    world("sqs").receive_message(QueueUrl=url(world))
    seen = []
    for _ in range(3):
        world.pass_time(60)
        seen.append(state(world))
    assert seen == ["OK", "ALARM", "ALARM"]


def test_several_periods_must_agree(world, alarm):
    alarm(Statistic="Minimum", Period=120, EvaluationPeriods=2, DatapointsToAlarm=2)
    send(world)
    seen = []
    for _ in range(5):
        world.pass_time(60)
        seen.append(state(world))
    assert seen == ["OK", "OK", "ALARM", "ALARM", "ALARM"]


MISSING = {"missing": "INSUFFICIENT_DATA", "ignore": "INSUFFICIENT_DATA", "notBreaching": "OK", "breaching": "ALARM"}


@pytest.mark.parametrize("treat", MISSING)
def test_what_missing_data_means(world, alarm, treat):
    alarm(TreatMissingData=treat, Dimensions=[{"Name": "QueueName", "Value": "none"}])
    world.pass_time(60)
    assert state(world) == MISSING[treat]


def test_errors_of_a_function_are_counted(world, alarm):
    world.function("bad", "def handler(e, c):\n    raise ValueError\n")
    alarm(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "bad"}],
        Statistic="Sum",
        Threshold=2.0,
    )
    seen = []
    for calls in (1, 2, 0):
        for _ in range(calls):
            world.cloud.clock.advance(1)
            world.invoke("bad")
        world.pass_time(60 - calls)
        seen.append(state(world))
    assert seen == ["OK", "ALARM", "OK"]


def test_without_the_topics_leave_nothing_arrives(world, alarm):
    topic = world.topic("shut", "events.amazonaws.com")
    world("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="no@example.com")
    alarm(AlarmActions=[topic], OKActions=[])
    send(world)
    world.pass_time(60)
    assert (state(world), mails_of(world.cloud)) == ("ALARM", [])


def test_a_topics_own_policy_lets_alarms_of_its_account(world, alarm):
    topic = world.topic("plain")
    world("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="yes@example.com")
    alarm(AlarmActions=[topic], OKActions=[])
    send(world)
    world.pass_time(60)
    assert [mail["to"] for mail in mails_of(world.cloud)] == ["yes@example.com"]


def test_actions_may_be_switched_off(world, alarm):
    alarm(ActionsEnabled=False)
    send(world)
    world.pass_time(60)
    assert (state(world), mails_of(world.cloud)) == ("ALARM", [])


def test_a_function_may_be_called_and_an_event_is_put(world, alarm):
    arn = world.function("hear", "def handler(e, c):\n    print('heard', e['alarmData']['state']['value'])\n")
    name = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:main-dead"
    world.permit("hear", "lambda.alarms.cloudwatch.amazonaws.com", name)
    world.rule("alarms", {"source": ["aws.cloudwatch"]}, {"Arn": world.queue("heard", "events.amazonaws.com")})
    alarm(AlarmActions=[arn])
    send(world)
    world.pass_time(60)
    assert "heard ALARM" in world.log("/aws/lambda/hear")
    (event,) = world.messages("heard")
    assert json.loads(event["Body"])["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"


def test_a_state_set_by_hand_acts_until_it_is_judged_again(world, alarm):
    alarm()
    world.pass_time(60)
    world("cloudwatch").set_alarm_state(AlarmName="main-dead", StateValue="ALARM", StateReason="a try")
    world.pass_time(1)
    assert told(world) == ["OK", "ALARM"]
    world.pass_time(59)
    assert state(world) == "OK"


def test_an_alarm_that_cannot_be_judged_here_keeps_no_other_from_it(world, alarm):
    alarm(AlarmName="a-band", ComparisonOperator="LessThanLowerThreshold")
    alarm()
    world.pass_time(60)
    send(world)
    world.pass_time(60)
    assert told(world)[-1] == "ALARM"
