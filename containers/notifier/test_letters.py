"""What the notifier tells of dead letters."""

import json

import pytest

from containers.notifier import notifier
from containers.notifier.conftest import TOPIC, job


def letter(body, receives="1", number="m-1", **attributes):
    return {
        "messageId": number,
        "body": json.dumps(body) if not isinstance(body, str) else body,
        "attributes": {"ApproximateReceiveCount": receives},
        "messageAttributes": {name: {"stringValue": value, "dataType": "String"} for name, value in attributes.items()},
        "eventSourceARN": "arn:aws:sqs:us-east-1:1:shop_dead",
    }


MISSED = {
    "SCHEDULE_ARN": "arn:aws:scheduler:us-east-1:1:schedule/shop/collect-morning",
    "ERROR_CODE": "ClientException",
    "ERROR_MESSAGE": "Job queue shop-main does not exist",
    "SCHEDULED_TIME": "2026-03-02T06:00:00Z",
    "TARGET_ARN": "arn:aws:scheduler:::aws-sdk:batch:submitJob",
}


def test_a_schedule_that_could_not_start_its_job(aws):
    answer = notifier.handler({"Records": [letter({"JobName": "x"}, **MISSED)]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert aws.message == {
        "TopicArn": TOPIC + "-letters",
        "Subject": "shop: collect was not started (ClientException)",
        "Message": (
            "Schedule:  collect-morning\n"
            "Due:       2026-03-02T06:00:00Z\n"
            "Cause:     ClientException: Job queue shop-main does not exist\n"
            "Do it now: scrapectl run collect --env ZIP=48104\n"
            "\n"
            "The message m-1 stays in the queue shop_dead until it is deleted or too old.\n"
        ),
    }


def test_a_schedule_that_the_spec_has_no_more_is_named(aws):
    told = MISSED | {"SCHEDULE_ARN": "arn:aws:scheduler:us-east-1:1:schedule/shop/old"}
    notifier.handler({"Records": [letter({}, **told)]})
    assert aws.message["Subject"] == "shop: old was not started (ClientException)"
    assert "Do it now" not in aws.message["Message"]


def test_an_event_that_could_not_be_delivered_is_told_as_the_run_it_is(aws):
    aws.lines["collect/default/1"] = ["last"]
    aws.jobs["id-1"] = job()
    about = {"RULE_ARN": "rule", "ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "may not"}
    notifier.handler({"Records": [letter({"source": "aws.batch", "detail": job()}, **about)]})
    assert aws.message["TopicArn"] == TOPIC
    assert aws.message["Subject"] == "shop: collect failed (exit 3)"
    late = "This comes late: EventBridge could not deliver the event (NO_PERMISSIONS: may not).\n"
    assert aws.message["Message"].startswith(late)


@pytest.mark.parametrize("body", ["no json", "[1]", {}])
def test_a_letter_of_another_kind_is_told_as_such(aws, body):
    notifier.handler({"Records": [letter(body)]})
    assert aws.message["Subject"] == "shop: a message was given up (unknown)"
    assert "m-1 stays in the queue shop_dead" in aws.message["Message"]


def test_each_letter_is_told_once_and_all_stay(aws):
    records = [letter({}, "1", "a", **MISSED), letter({}, "2", "b", **MISSED), letter({}, "1", "c", **MISSED)]
    answer = notifier.handler({"Records": records})
    assert len(aws.sent) == 2
    assert [entry["itemIdentifier"] for entry in answer["batchItemFailures"]] == ["a", "b", "c"]


def test_a_letter_that_cannot_be_told_keeps_no_other_from_being_told(aws, monkeypatch):
    publish = aws.publish

    def refuse_the_first(**message):
        monkeypatch.setattr(aws, "publish", publish)
        raise ConnectionError("throttled")

    monkeypatch.setattr(aws, "publish", refuse_the_first)
    with pytest.raises(ExceptionGroup) as raised:
        notifier.handler({"Records": [letter({}, "1", "a", **MISSED), letter({}, "1", "b", **MISSED)]})
    assert "The message b stays" in aws.message["Message"]
    assert [str(error) for error in raised.value.exceptions] == ["throttled"]


FAILED_CALL = {
    "version": "1.0",
    "timestamp": "2026-03-02T06:00:05.000Z",
    "requestContext": {
        "requestId": "r-1",
        "functionArn": "arn:aws:lambda:us-east-1:1:function:shop-publish:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    },
    "requestPayload": {"environment": {"API_TOKEN": "hush-hush"}},
    "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
    "responsePayload": {"errorType": "KeyError", "errorMessage": "'price' with hush-hush"},
}


def test_a_function_that_failed_each_time_is_told_to_its_topic(aws):
    notifier.handler({"Records": [letter(FAILED_CALL)]})
    assert aws.message["TopicArn"] == TOPIC
    assert aws.message["Subject"] == "shop: publish failed (KeyError)"
    assert aws.message["Message"].startswith(
        "Function:  publish\nRequest:   r-1\nCause:     KeyError: 'price' with ********\n"
        "Tries:     3\nAgain:     scrapectl run publish\n"
    )


def test_a_function_that_nobody_wants_to_hear_of_is_not_told(aws, monkeypatch):
    monkeypatch.setitem(notifier.routes()["functions"]["shop-publish"], "topic", None)
    notifier.handler({"Records": [letter(FAILED_CALL)]})
    assert aws.sent == []


@pytest.mark.parametrize(
    "event",
    [
        {"detail": {"bucket": {"name": "raw"}, "object": {"key": "in/a.csv"}}},
        {"detail": {"requestParameters": {"bucketName": "raw", "key": "in/a.csv"}}},
        {"Records": [{"s3": {"bucket": {"name": "raw"}, "object": {"key": "in/a.csv"}}}]},
    ],
    ids=["eventbridge", "cloudtrail", "notification"],
)
def test_an_upload_that_started_nothing_is_named_whoever_gave_it_up(aws, event):
    about = {"RULE_ARN": "rule", "ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "may not"}
    starter = FAILED_CALL | {"requestPayload": event}
    records = [letter(starter, number="a"), *([letter(event, number="b", **about)] if "detail" in event else [])]
    notifier.handler({"Records": records})
    assert len(aws.sent) == len(records)
    for message in aws.sent:
        assert message["TopicArn"] == TOPIC + "-letters"
        assert message["Subject"].startswith("shop: an upload started nothing (")
        assert message["Message"].startswith("Object:    s3://raw/in/a.csv\n")


def test_a_run_that_could_not_be_told_when_it_was_new_is_told_from_the_letter(aws):
    aws.lines["collect/default/1"] = ["last"]
    aws.jobs["id-1"] = job()
    own = {"functionArn": "arn:aws:lambda:us-east-1:1:function:shop_notifier:$LATEST", "condition": "RetriesExhausted"}
    record = FAILED_CALL | {"requestContext": own, "requestPayload": {"source": "aws.batch", "detail": job()}}
    notifier.handler({"Records": [letter(record)]})
    assert aws.message["Subject"] == "shop: collect failed (exit 3)"
    assert aws.message["Message"].startswith("This comes late: this could not be told when it was new.\n")
