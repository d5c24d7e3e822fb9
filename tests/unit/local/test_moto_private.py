"""Each private moto symbol that the embedded cloud stands on is there, and does what we use it for."""

from __future__ import annotations

import pytest

from scrapectl.local import moto_private as moto


def _request(headers, body=b""):
    return moto.Request.from_primitives("POST", "https://sqs.us-east-1.amazonaws.com/", headers, body)


def test_every_name_is_exported():
    assert {name for name in moto.__all__ if not hasattr(moto, name)} == set()


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
