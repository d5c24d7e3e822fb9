"""Events reach the targets of the rules they fit, with the receiver's leave only; else they are dead letters."""

import json

import pytest
from botocore.exceptions import ClientError

from scrapectl.local.registry import OPERATIONS, Refusal

ORDERS = {"source": ["shop"]}
COUNT = "def handler(event, context):\n    print('seen', event['detail']['n'])\n"


def bodies(world, queue):
    return [json.loads(message["Body"]) for message in world.messages(queue)]


def test_an_event_has_eventbridges_shape(world):
    arn = world.queue("all", "events.amazonaws.com")
    world.rule("orders", ORDERS, {"Arn": arn})
    answer = world.event({"n": 1})
    assert world.messages("all") == []  # no flow runs inside a request
    world.pass_time()
    assert bodies(world, "all") == [
        {
            "version": "0",
            "id": answer["EventId"],
            "detail-type": "order",
            "source": "shop",
            "account": "123456789012",
            "time": "2026-03-02T09:00:00Z",
            "region": "us-east-1",
            "resources": [],
            "detail": {"n": 1},
        }
    ]


def test_only_rules_that_fit_and_are_on_get_it(world):
    names = ("fits", "other", "off")
    queues = {name: world.queue(name, "events.amazonaws.com") for name in names}
    world.rule("fits", ORDERS, {"Arn": queues["fits"]})
    world.rule("other", {"source": ["x"]}, {"Arn": queues["other"]})
    world.rule("off", ORDERS, {"Arn": queues["off"]})
    world("events").disable_rule(Name="off")
    world("events").put_rule(Name="clock", ScheduleExpression="rate(1 hour)")
    world.event({"n": 1})
    world.pass_time()
    assert [len(world.messages(name)) for name in names] == [1, 0, 0]


def test_a_function_is_called_with_its_leave(world):
    arn = world.function("count", COUNT)
    rule = world.rule("orders", ORDERS, {"Arn": arn})
    world.permit("count", "events.amazonaws.com", rule)
    world.event({"n": 7})
    world.pass_time()
    assert "seen 7" in world.log("/aws/lambda/count")


@pytest.mark.parametrize("source", [None, "arn:aws:events:us-east-1:123456789012:rule/other"])
def test_a_function_without_leave_is_not_called(world, source):
    arn, dead = world.function("count", COUNT), world.queue("dead", "events.amazonaws.com")
    rule = world.rule("orders", ORDERS, {"Arn": arn, "DeadLetterConfig": {"Arn": dead}})
    if source:
        world.permit("count", "events.amazonaws.com", source)
    world.event({"n": 7})
    world.pass_time()
    (letter,) = world.messages("dead")
    assert json.loads(letter["Body"])["detail"] == {"n": 7}
    told = world.told(letter)
    assert told.pop("ERROR_MESSAGE").startswith("events.amazonaws.com is not authorized to perform: lambda:Invoke")
    assert told == {"RULE_ARN": rule, "TARGET_ARN": arn, "ERROR_CODE": "NO_PERMISSIONS", "RETRY_ATTEMPTS": "0"}
    assert world("logs").describe_log_groups()["logGroups"] == []


def test_a_target_that_is_gone_is_a_dead_letter(world):
    dead = world.queue("dead", "events.amazonaws.com")
    gone = "arn:aws:sqs:us-east-1:123456789012:gone"
    world.rule("orders", ORDERS, {"Arn": gone, "DeadLetterConfig": {"Arn": dead}})
    world.event({"n": 7})
    world.pass_time()
    (letter,) = world.messages("dead")
    assert world.told(letter)["ERROR_CODE"] == "NO_RESOURCE"


def test_a_queue_without_leave_gets_nothing_and_no_letter_is_lost_loudly(world):
    shut = world.queue("shut")
    world.rule("orders", ORDERS, {"Arn": shut, "DeadLetterConfig": {"Arn": shut}})
    world.event({"n": 7})
    world.pass_time()
    assert world.messages("shut") == []


def test_a_slow_target_is_tried_again_as_the_policy_says(world, monkeypatch):
    arn, dead = world.queue("busy", "events.amazonaws.com"), world.queue("dead", "events.amazonaws.com")
    policy = {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 3600}
    world.rule("orders", ORDERS, {"Arn": arn, "DeadLetterConfig": {"Arn": dead}, "RetryPolicy": policy})

    def busy(call):
        if call.params["QueueUrl"].endswith("busy"):
            raise Refusal("ThrottlingException", "Rate exceeded", 400)
        return call.moto()

    monkeypatch.setitem(OPERATIONS, ("sqs", "SendMessage"), busy)
    world.event({"n": 7})
    world.pass_time()
    assert world.messages("dead") == []
    world.pass_time(2)
    (letter,) = world.messages("dead")
    told = world.told(letter)
    assert (told["ERROR_CODE"], told["RETRY_ATTEMPTS"]) == ("THROTTLING", "1")
    assert told["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"


INPUTS = {
    "fixed": ({"Input": '{"a": 1}'}, '{"a": 1}'),
    "a part": ({"InputPath": "$.detail.rows[1]"}, '{"n": "two"}'),
    "an object": (
        {
            "InputTransformer": {
                "InputPathsMap": {"n": "$.detail.rows[0].n", "all": "$.detail"},
                "InputTemplate": '{"n": <n>, "told": "n is <n>", "rows": <all>, "rule": "<aws.events.rule-name>"}',
            }
        },
        '{"n": 1, "told": "n is 1", "rows": {"rows": [{"n": 1}, {"n": "two"}]}, "rule": "orders"}',
    ),
    "a text": (
        {"InputTransformer": {"InputPathsMap": {"n": "$.detail.rows[1].n"}, "InputTemplate": '"row <n> of <none>"'}},
        '"row two of "',
    ),
}


@pytest.mark.parametrize("case", INPUTS)
def test_what_a_target_gets(world, case):
    settings, wanted = INPUTS[case]
    world.rule("orders", ORDERS, {"Arn": world.queue("q", "events.amazonaws.com")} | settings)
    world.event({"rows": [{"n": 1}, {"n": "two"}]})
    world.pass_time()
    (message,) = world.messages("q")
    assert message["Body"] == wanted


def test_a_bad_pattern_is_refused(world):
    with pytest.raises(ClientError, match=r"Event pattern is not valid. Reason: Unrecognized match type like"):
        world.rule("orders", {"source": [{"like": "x"}]})


def test_each_entry_is_answered_for_itself(world):
    entries = [
        {"Source": "shop", "DetailType": "t", "Detail": "{}"},
        {"Source": "shop", "DetailType": "t", "Detail": "{"},
        {"Source": "shop", "DetailType": "t", "Detail": "[]"},
        {"Source": "aws.batch", "DetailType": "t", "Detail": "{}"},
    ]
    answer = world("events").put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 3
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    assert codes == [None, "MalformedDetail", "MalformedDetail", "NotAuthorizedForSourceException"]


def test_entries_have_room_together_only(world):
    entry = {"Source": "shop", "DetailType": "t", "Detail": json.dumps({"text": "x" * 600_000})}
    assert world("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    with pytest.raises(ClientError, match="Total size of the entries"):
        world("events").put_events(Entries=[entry, entry])


def test_a_pattern_can_be_tried(world):
    event = json.dumps({"id": "1", "account": "1", "source": "shop", "time": "t", "region": "r", "detail-type": "x"})
    tries = [{"source": ["shop"]}, {"source": ["x"]}]
    results = [world("events").test_event_pattern(EventPattern=json.dumps(p), Event=event)["Result"] for p in tries]
    assert results == [True, False]
