"""Each private moto symbol that the embedded cloud stands on is there, and does what we use it for."""

from __future__ import annotations

import base64
import io
import time
import zipfile

import pytest
import xmltodict
from botocore.session import get_session

from scrapectl.local import moto_answers
from scrapectl.local import moto_private as moto
from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud


def _request(headers, body=b""):
    return moto.Request.from_primitives("POST", "https://sqs.us-east-1.amazonaws.com/", headers, body)


def test_every_name_is_exported():
    assert {name for name in moto.__all__ if not hasattr(moto, name)} == set()


def test_the_operations_of_a_service_are_looked_up_once():
    names = moto._responses.method_names_from_class
    assert "call_action" in names(moto._responses.BaseResponse)
    assert names(moto._responses.BaseResponse) is names(moto._responses.BaseResponse)
    assert moto._responses.BaseResponse.call_action.__globals__["method_names_from_class"] is names


def test_a_service_is_described_once_to_all_sessions():
    first, second = (get_session().get_service_data("sqs") for _ in range(2))
    assert first["operations"] is second["operations"]


def test_symmetric_keys_share_the_pair_that_none_of_them_uses_and_no_others_do():
    def pair(spec):
        key = moto._keys.Key(None, "ENCRYPT_DECRYPT", spec, "", "123456789012", "us-east-1")
        return key.private_key

    assert pair("SYMMETRIC_DEFAULT") is pair("SYMMETRIC_DEFAULT")
    assert pair("ECC_NIST_P256") is not pair("ECC_NIST_P256")


def test_router_and_parser_decode_a_request():
    headers = {"X-Amz-Target": "AmazonSQS.CreateQueue", "Content-Type": "application/x-amz-json-1.0"}
    request = _request(headers, b'{"QueueName": "q"}')
    operation, labels = moto.get_service_router("sqs").match(request)
    assert (operation.name, labels) == ("CreateQueue", {})
    protocol = moto.determine_request_protocol(moto.get_service_model("sqs"), request.content_type)
    parser = moto.PROTOCOL_PARSERS[protocol](operation, map_type=dict)
    fields = {
        "method": "POST",
        "values": request.values,
        "headers": request.headers,
        "body": request.data,
        "url_path": "/",
        "url_params": {},
    }
    assert parser.parse(fields) == {"QueueName": "q"}
    assert request.raw_url == "https://sqs.us-east-1.amazonaws.com/"


def test_router_does_not_know_every_request():
    with pytest.raises(moto.NotFound):
        moto.get_service_router("sqs").match(_request({"X-Amz-Target": "AmazonSQS.Fly"}))


def test_serializer_writes_a_result():
    model = moto.get_service_model("sqs")
    answer = moto.get_serializer_class("sqs", "json")(model.operation_model("GetQueueUrl")).serialize({"QueueUrl": "u"})
    assert (answer["status_code"], answer["body"]) == (200, '{"QueueUrl": "u"}')


def test_backends_can_be_found_listed_and_reset():
    queues = moto.get_backend("sqs")["123456789012"]["us-east-1"]
    queues.create_queue("q", {"a": "b"})
    assert any(pattern for pattern in queues.urls)
    found = [r.arn for b in moto.iter_taggable_backends("123456789012", "us-east-1") for r in b.iter_tagged_resources()]
    assert "arn:aws:sqs:us-east-1:123456789012:q" in found
    moto.BackendDict.reset()
    assert "123456789012" not in moto.get_backend("sqs")


def test_log_streams_take_events_as_we_put_them():
    moto.BackendDict.reset()
    logs = moto.get_backend("logs")["123456789012"]["us-east-1"]
    logs.create_log_group("g", {})
    logs.create_log_stream("g", "s")
    logs.groups["g"].streams["s"].put_log_events([{"timestamp": 1, "message": "m"}])
    assert [event.message for event in logs.groups["g"].streams["s"].events] == ["m"]
    moto.BackendDict.reset()


@pytest.fixture
def backend():
    """A function that gives a service's backend of a region, empty before and after."""
    moto.BackendDict.reset()
    yield lambda service: moto.get_backend(service)["123456789012"]["us-east-1"]
    moto.BackendDict.reset()


def test_queues_go_by_the_clock_they_are_given(backend):
    now = [1000.0]
    moto.run_queues_by(lambda: now[0])
    try:
        queue = backend("sqs").create_queue("q")
        backend("sqs").send_message("q", "text", delay_seconds=5)
        assert (queue.messages, queue.approximate_number_of_messages_delayed) == ([], 1)
        now[0] += 6
        assert [message.sent_timestamp for message in queue._messages] == [1_000_000]
        assert (queue.approximate_number_of_messages, queue.approximate_number_of_messages_not_visible) == (1, 0)
        queue.lambda_event_source_mappings["function"] = "called inside SendMessage"
        assert queue.lambda_event_source_mappings == {}
    finally:
        moto.run_queues_by(time.time)


def test_rules_are_kept_by_bus_with_pattern_state_and_targets(backend):
    backend("events").put_rule("r", event_pattern='{"source": ["x"]}')
    backend("events").put_targets("r", "default", [{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}])
    rule = backend("events").event_buses["default"].rules["r"]
    assert (rule.event_pattern.get_pattern(), rule.state, rule.targets[0]["Id"]) == ({"source": ["x"]}, "ENABLED", "1")
    assert rule.arn.endswith(":rule/r")


def test_topics_and_subscriptions_are_kept_with_their_filters(backend):
    topic = backend("sns").create_topic("t")
    subscription = backend("sns").subscribe(topic.arn, "a@example.com", "email")
    assert backend("sns").topics[topic.arn].fifo_topic is False
    assert subscription._filter_policy_matcher is None
    backend("sns").set_subscription_attributes(subscription.arn, "FilterPolicy", '{"team": ["north"]}')
    (kept,) = backend("sns").subscriptions.values()
    matches = kept._filter_policy_matcher.matches
    assert (kept.topic.arn, kept.protocol, kept.endpoint) == (topic.arn, "email", "a@example.com")
    assert matches({"team": {"Type": "String", "Value": "north"}}, "text")
    assert not matches({}, "text")
    assert "RawMessageDelivery" in kept.attributes


def test_functions_keep_their_zip(backend):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("main.py", "")
    role = backend_role()
    spec = {"FunctionName": "f", "Role": role, "Handler": "main.h", "Runtime": "python3.13"}
    code = {"ZipFile": base64.b64encode(content.getvalue()).decode()}
    made = backend("lambda").create_function(spec | {"Code": code})
    assert backend("lambda").get_function(made.function_arn).code_bytes == content.getvalue()
    assert list(backend("lambda").list_event_source_mappings(None, None)) == []


def backend_role():
    iam = moto.get_backend("iam")["123456789012"]["aws"]
    return iam.create_role("r", "{}", "/", None, "", [], "3600").arn


def test_alarms_keep_what_they_watch_and_their_state(backend):
    given = {"comparison_operator": "GreaterThanThreshold", "statistic": "Sum", "description": "", "alarm_actions": []}
    numbers = {"evaluation_periods": 1, "period": 60, "threshold": 1.0}
    dimensions = [{"Name": "n", "Value": "v"}]
    backend("cloudwatch").put_metric_alarm("a", "AWS/SQS", "m", dimensions=dimensions, **given, **numbers)
    alarm = backend("cloudwatch").alarms["a"]
    alarm.update_state("why", "{}", "ALARM")
    assert (alarm.state_value, alarm.state_reason, alarm.rule) == ("ALARM", "why", None)
    assert [(dimension.name, dimension.value) for dimension in alarm.dimensions] == [("n", "v")]
    assert len(alarm.history) == 1


def test_filters_match_as_the_tagging_api_does():
    matches = moto.make_tag_matcher([{"Key": "a", "Values": ["1", "2"]}])
    assert matches({"a": "2"})
    assert not matches({"a": "3"})
    assert moto.match_resource_type("batch:job-queue", ["batch"])
    assert not moto.match_resource_type("batch:job-queue", ["batch:job-definition"])


def test_http_exceptions_carry_an_answer():
    error = moto.HTTPException("told")
    error.code = 404
    assert isinstance(error.get_body(), str)
    assert dict(error.get_headers())


def test_queues_go_by_the_machines_clock_once_a_cloud_has_closed():
    """On a clock that stands still whoever waits for messages would wait for ever."""
    stands = Cloud(VirtualClock())
    assert moto._queues.unix_time() == stands.clock.now()
    other = Cloud(VirtualClock(1_000.0))
    stands.close()
    assert moto._queues.unix_time() == 1_000.0
    other.close()
    assert moto._queues.unix_time is time.time


@pytest.mark.parametrize(
    "document",
    [
        {"A": {"@xmlns": 'http://x/"&"', "B": ["1 < 2 & 3", "", None, {}], "C": [], "D": {"E": True, "F": 1.5}}},
        {"A": {"#text": "a>b", "@n": None}},
        {"A": {"B": {"C": [{"D": "é"}, {"D": b"b"}], "E": {"F": []}}, "G": "'\""}},
        {"A": None},
    ],
)
@pytest.mark.parametrize("full_document", [True, False])
def test_answers_are_written_as_moto_writes_them(document, full_document):
    given = {"full_document": full_document, "short_empty_elements": True}
    assert moto_answers.written(document, **given) == xmltodict.unparse(document, **given)


def test_backends_members_are_found_under_the_names_that_moto_knows():
    class DBInstance:
        class Meta:
            serialization_aliases = {"Engine": "motor"}  # noqa: RUF012

        identifier, motor, db_name = "x", "postgres", "d"

    model = moto.get_service_model("rds")
    operation = model.operation_model("CreateDBInstance")
    picker = moto_answers.serialize.XFormedAttributePicker()
    serializer = moto.get_serializer_class("rds", "query")(operation, value_picker=picker)
    shape = operation.output_shape.members["DBInstance"]
    for member in shape.members.values():
        member.parent = shape
    found = {key: serializer.get_value(DBInstance(), key, member) for key, member in shape.members.items()}
    as_moto = {key: moto_answers.slowly_picked(serializer, DBInstance(), key, m) for key, m in shape.members.items()}
    assert found == as_moto
    assert {key: value for key, value in found.items() if value} == {
        "DBInstanceIdentifier": "x",
        "Engine": "postgres",
        "DBName": "d",
    }
