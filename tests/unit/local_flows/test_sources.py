"""A queue's messages reach the function that is mapped to it; what it deals with is deleted, the rest comes again."""

import json

import pytest

SEES = """
import json
def handler(event, context):
    print("batch", json.dumps(sorted(record["body"] for record in event["Records"])))
"""
PICKS = """
def handler(event, context):
    for record in event["Records"]:
        print("saw", record["body"], record["attributes"]["ApproximateReceiveCount"])
    bad = [r["messageId"] for r in event["Records"] if r["body"].startswith("bad")]
    return {"batchItemFailures": [{"itemIdentifier": one} for one in bad]}
"""


@pytest.fixture
def mapped(world):
    """A function that gets what is sent to the queue `in`; `send` sends."""

    def make(code, *, visibility=60, redrive=None, **settings):
        attributes = {"VisibilityTimeout": str(visibility)}
        if redrive:
            attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": world.queue("dead"), **redrive})
        queue = world.queue("in", **attributes)
        world.function("work", code, "sqs:*")
        world("lambda").create_event_source_mapping(FunctionName="work", EventSourceArn=queue, **settings)

    return make


@pytest.fixture
def send(world):
    def make(*bodies):
        url = world("sqs").get_queue_url(QueueName="in")["QueueUrl"]
        for body in bodies:
            attributes = {"n": {"DataType": "Number", "StringValue": "7"}}
            world("sqs").send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)

    return make


def lines(world, word):
    return [line for line in world.log("/aws/lambda/work") if line.startswith(word)]


def left(world, name="in"):
    url = world("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = world("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return tuple(int(found[name]) for name in names)


def test_messages_come_in_batches_and_go(world, mapped, send):
    mapped(SEES, BatchSize=2)
    send("a", "b", "c")
    assert left(world) == (3, 0)
    world.pass_time()
    world.pass_time()
    assert lines(world, "batch") == ['batch ["a", "b"]', 'batch ["c"]']
    assert left(world) == (0, 0)


def test_messages_that_were_there_before_come_as_well(world, mapped, send):
    world.queue("in", VisibilityTimeout="60")
    send("early")
    mapped(SEES)
    world.pass_time()
    assert lines(world, "batch") == ['batch ["early"]']


def test_a_record_has_lambdas_shape(world, mapped, send):
    code = "import json\ndef handler(e, c):\n    print('record', json.dumps(e['Records'][0]))\n"
    mapped(code)
    send("a")
    world.pass_time()
    record = json.loads(lines(world, "record")[0].removeprefix("record "))
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:in"
    assert record["awsRegion"] == "us-east-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert (record["messageAttributes"]["n"]["stringValue"], record["messageAttributes"]["n"]["dataType"]) == (
        "7",
        "Number",
    )


def test_a_failed_batch_comes_again_when_it_is_visible_again(world, mapped, send):
    mapped("def handler(e, c):\n    print('try')\n    raise ValueError\n")
    send("a")
    tries = []
    for seconds in (0, 59, 2):
        world.pass_time(seconds)
        tries.append(len(lines(world, "try")))
    assert tries == [1, 1, 2]


def test_only_what_is_reported_comes_again(world, mapped, send):
    mapped(PICKS, FunctionResponseTypes=["ReportBatchItemFailures"])
    send("good", "bad")
    world.pass_time()
    assert left(world) == (0, 1)
    world.pass_time(61)
    assert lines(world, "saw")[-1] == "saw bad 2"


def test_what_was_never_in_the_batch_fails_it_whole(world, mapped, send):
    code = "def handler(e, c):\n    return {'batchItemFailures': [{'itemIdentifier': 'x'}]}\n"
    mapped(code, FunctionResponseTypes=["ReportBatchItemFailures"])
    send("a")
    world.pass_time()
    assert left(world) == (0, 1)


def test_reports_that_were_not_asked_for_do_not_count(world, mapped, send):
    mapped(PICKS)
    send("bad")
    world.pass_time()
    assert left(world) == (0, 0)


def test_what_never_works_ends_in_the_dead_letters(world, mapped, send):
    mapped(PICKS, FunctionResponseTypes=["ReportBatchItemFailures"], redrive={"maxReceiveCount": 2})
    send("bad")
    for _ in range(3):
        world.pass_time(61)
    assert [line.split()[-1] for line in lines(world, "saw")] == ["1", "2"]
    assert (left(world), left(world, "dead")) == ((0, 0), (1, 0))


def test_a_window_lets_the_batch_fill(world, mapped, send):
    mapped(SEES, BatchSize=10, MaximumBatchingWindowInSeconds=30)
    send("a")
    world.pass_time()
    send("b")
    world.pass_time(29)
    assert left(world) == (2, 0)
    world.pass_time(1)
    assert lines(world, "batch") == ['batch ["a", "b"]']


def test_a_mapping_that_is_off_or_gone_takes_nothing(world, mapped, send):
    mapped(SEES)
    (mapping,) = world("lambda").list_event_source_mappings()["EventSourceMappings"]
    world("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    send("a")
    world.pass_time(60)
    world("lambda").delete_event_source_mapping(UUID=mapping["UUID"])
    world.pass_time(60)
    assert left(world) == (1, 0)


def test_without_the_right_to_receive_nothing_is_taken(world, mapped, send):
    mapped(SEES)
    world("iam").delete_role_policy(RoleName="work-role", PolicyName="access")
    send("a")
    world.pass_time()
    assert left(world) == (1, 0)
