"""What is published to a topic reaches its queues, functions and mail addresses, each in its own form."""

import json

import pytest
from botocore.exceptions import ClientError

from scrapectl.local.flows.mail import mails_of


@pytest.fixture
def topic(world):
    arn = world.topic("news")

    class Topic:
        def __init__(self):
            self.arn = arn

        def subscribe(self, protocol, endpoint, **attributes):
            given = {"TopicArn": arn, "Protocol": protocol, "Endpoint": endpoint}
            return world("sns").subscribe(**given, Attributes=attributes, ReturnSubscriptionArn=True)["SubscriptionArn"]

        def publish(self, message, **params):
            number = world("sns").publish(TopicArn=arn, Message=message, **params)["MessageId"]
            world.pass_time()
            return number

    return Topic()


def attribute(text):
    return {"DataType": "String", "StringValue": text}


def test_a_queue_gets_the_envelope(world, topic):
    subscription = topic.subscribe("sqs", world.queue("in", "sns.amazonaws.com"))
    number = topic.publish("hello", Subject="Hi", MessageAttributes={"team": attribute("north")})
    (message,) = world.messages("in")
    told = json.loads(message["Body"])
    assert told.pop("UnsubscribeURL").endswith(subscription)
    assert told.pop("SigningCertURL")
    assert told == {
        "Type": "Notification",
        "MessageId": number,
        "TopicArn": topic.arn,
        "Subject": "Hi",
        "Message": "hello",
        "Timestamp": "2026-03-02T09:00:00.000Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "MessageAttributes": {"team": {"Type": "String", "Value": "north"}},
    }


def test_a_queue_gets_the_bare_message_when_it_wants_it_raw(world, topic):
    topic.subscribe("sqs", world.queue("in", "sns.amazonaws.com"), RawMessageDelivery="true")
    topic.publish("hello", MessageAttributes={"team": attribute("north")})
    (message,) = world.messages("in")
    assert (message["Body"], world.told(message)) == ("hello", {"team": "north"})


def test_a_queue_that_does_not_let_the_topic_gets_nothing(world, topic):
    topic.subscribe("sqs", world.queue("shut"))
    topic.subscribe("sqs", world.queue("open", "sns.amazonaws.com"))
    topic.publish("hello")
    assert (len(world.messages("shut")), len(world.messages("open"))) == (0, 1)


def test_what_cannot_arrive_goes_to_the_subscriptions_dead_letters(world, topic):
    dead = world.queue("dead", "sns.amazonaws.com")
    topic.subscribe("sqs", world.queue("shut"), RedrivePolicy=json.dumps({"deadLetterTargetArn": dead}))
    topic.publish("hello")
    (letter,) = world.messages("dead")
    assert json.loads(letter["Body"])["Message"] == "hello"


@pytest.mark.parametrize("leave", [True, False])
def test_a_function_gets_a_record_with_its_leave(world, topic, leave):
    arn = world.function("hear", "def handler(e, c):\n    print('heard', e['Records'][0]['Sns']['Message'])\n")
    if leave:
        world.permit("hear", "sns.amazonaws.com", topic.arn)
    topic.subscribe("lambda", arn)
    topic.publish("hello")
    groups = world("logs").describe_log_groups()["logGroups"]
    heard = bool(groups) and "heard hello" in world.log("/aws/lambda/hear")
    assert heard == leave


def test_a_mail_is_in_the_mail_box_newest_last(world, topic):
    topic.subscribe("email", "team@example.com")
    topic.publish("first", Subject="One")
    world.pass_time(60)
    topic.publish("second")
    assert mails_of(world.cloud) == [
        {
            "at": "2026-03-02T09:00:00Z",
            "to": "team@example.com",
            "subject": "One",
            "text": "first",
            "topic": topic.arn,
        },
        {
            "at": "2026-03-02T09:01:00Z",
            "to": "team@example.com",
            "subject": "AWS Notification Message",
            "text": "second",
            "topic": topic.arn,
        },
    ]


def test_nothing_is_sent_inside_the_request(world, topic):
    topic.subscribe("email", "team@example.com")
    world("sns").publish(TopicArn=topic.arn, Message="later")
    assert mails_of(world.cloud) == []


def test_each_protocol_may_have_its_own_text(world, topic):
    topic.subscribe("email", "team@example.com")
    topic.subscribe("sqs", world.queue("in", "sns.amazonaws.com"), RawMessageDelivery="true")
    topic.publish(json.dumps({"default": "short", "email": "long"}), MessageStructure="json")
    assert mails_of(world.cloud)[0]["text"] == "long"
    assert world.messages("in")[0]["Body"] == "short"


def test_a_filter_lets_only_its_own_through(world, topic):
    wanted = json.dumps({"team": ["north"]})
    topic.subscribe("sqs", world.queue("in", "sns.amazonaws.com"), FilterPolicy=wanted, RawMessageDelivery="true")
    for team in ("south", "north"):
        topic.publish(team, MessageAttributes={"team": attribute(team)})
    assert [message["Body"] for message in world.messages("in")] == ["north"]


def test_a_batch_is_answered_message_by_message(world, topic):
    topic.subscribe("email", "team@example.com")
    entries = [{"Id": "a", "Message": "one"}, {"Id": "b", "Message": "two", "Subject": "line\nbreak"}]
    answer = world("sns").publish_batch(TopicArn=topic.arn, PublishBatchRequestEntries=entries)
    world.pass_time()
    assert [entry["Id"] for entry in answer["Successful"]] == ["a"]
    assert [entry["Code"] for entry in answer["Failed"]] == ["InvalidParameter"]
    assert [mail["text"] for mail in mails_of(world.cloud)] == ["one"]


REFUSED = {
    "too long a subject": {"Message": "x", "Subject": "s" * 101},
    "a subject of two lines": {"Message": "x", "Subject": "a\nb"},
    "a subject that is not ASCII": {"Message": "x", "Subject": "Fehler über"},
    "too long a message": {"Message": "ü" * 131_073},
    "no message": {"Message": ""},
    "no default": {"Message": '{"email": "x"}', "MessageStructure": "json"},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(world, topic, case):
    with pytest.raises(ClientError, match="InvalidParameter"):
        world("sns").publish(TopicArn=topic.arn, **REFUSED[case])


def test_a_topic_that_is_not_there(world):
    with pytest.raises(world("sns").exceptions.NotFoundException):
        world("sns").publish(TopicArn="arn:aws:sns:us-east-1:123456789012:none", Message="x")


def test_a_rule_may_publish_with_the_topics_leave_only(world):
    open_topic, shut = world.topic("open", "events.amazonaws.com"), world.topic("shut")
    for name, arn in (("open", open_topic), ("shut", shut)):
        world("sns").subscribe(TopicArn=arn, Protocol="email", Endpoint=f"{name}@example.com")
        world.rule(name, {"source": ["shop"]}, {"Arn": arn})
    world.event({"n": 1})
    world.pass_time()
    assert [mail["to"] for mail in mails_of(world.cloud)] == ["open@example.com"]
