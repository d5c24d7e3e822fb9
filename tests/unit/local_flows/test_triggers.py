"""Specs with triggers, applied to the embedded cloud: each upload starts one run, in every way, and all of it goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scrapectl.local.clock import VirtualClock
from scrapectl.local.server import Server
from scrapectl.local.services.s3_events import uploads_of
from scrapectl.spec.model import Spec
from tests.account import Account, assert_empty, done, spec_of

HEAD = """version: 1
pipeline: shop
region: us-east-1
"""
PROCESS = """
workflows:
  process: {steps: [{wait: 1s}]}
"""
OURS = (
    HEAD
    + """
buckets: {raw: {on_destroy: delete}}
triggers:
  upload: {on: {upload: raw/in/, suffix: .csv}, via: VIA, start: {workflow: process}}
"""
    + PROCESS
)
THEIRS = (
    HEAD
    + """
buckets: {raw: {existing: theirs}}
triggers:
  upload: {on: {upload: raw/in/, suffix: .csv}, via: VIA, start: {workflow: process}}
"""
    + PROCESS
)
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:shop-process"
WAYS = ("eventbridge", "cloudtrail", "notification")


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account behind a socket, which the starter calls; its time passes when a test says so."""
    monkeypatch.setattr("scrapectl.local.server.TICK", 3600)
    account = Account(clock=VirtualClock(), state_dir=tmp_path)
    server = Server(account.cloud)
    server.start()
    yield account
    server.close()


def made(account: Account, text: str, via: str) -> Spec:
    spec = spec_of(text.replace("VIA", via))
    account.put(spec)
    assert_empty(account.plan(spec))
    return spec


def write(account: Account, *keys: str, bucket: str = "shop-raw-123456789012-us-east-1") -> None:
    for key in keys:
        account.client("s3").put_object(Bucket=bucket, Key=key, Body=b"1,2")
    account.cloud.clock.advance(120)


def inputs(account: Account) -> list[dict[str, Any]]:
    """What each execution of the workflow was started with."""
    states = account.client("stepfunctions")
    found = states.list_executions(stateMachineArn=MACHINE)["executions"]
    told = [states.describe_execution(executionArn=one["executionArn"])["input"] for one in found]
    return sorted(map(json.loads, told), key=lambda given: given["key"])


@pytest.mark.parametrize("via", WAYS)
def test_each_upload_under_its_place_is_one_run_and_a_destroy_leaves_nothing(account: Account, via: str) -> None:
    spec = made(account, OURS, via)
    uploads_of(account.cloud).times = 2  # AWS tells at least once
    write(account, "in/a b+ü.csv", "in/sub/b.csv", "in/c.json", "out/d.csv")
    told = [(given["bucket"], given["key"], given["version"]) for given in inputs(account)]
    bucket = "shop-raw-123456789012-us-east-1"
    assert told == [(bucket, "in/a b+ü.csv", ""), (bucket, "in/sub/b.csv", "")]
    uploads_of(account.cloud).times = 1
    write(account, "in/sub/b.csv")  # the second upload of a key is another run
    assert [given["key"] for given in inputs(account)] == ["in/a b+ü.csv", "in/sub/b.csv", "in/sub/b.csv"]
    done(account.destroy(spec, by_name=True))
    assert account.owned("shop") == []


@pytest.fixture
def theirs(account: Account) -> Any:
    """A bucket of others, which tells a queue of theirs of what is removed."""
    s3, sqs = account.client("s3"), account.client("sqs")
    s3.create_bucket(Bucket="theirs")
    queue = "arn:aws:sqs:us-east-1:123456789012:theirs"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.create_queue(QueueName="theirs", Attributes={"Policy": policy})
    entry = {"Id": "theirs", "QueueArn": queue, "Events": ["s3:ObjectRemoved:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="theirs", NotificationConfiguration={"QueueConfigurations": [entry]}
    )
    return lambda: without_metadata(s3.get_bucket_notification_configuration(Bucket="theirs"))


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_their_bucket_gets_an_entry_that_goes_again(account: Account, theirs: Any) -> None:
    before = theirs()
    spec = made(account, THEIRS, "notification")
    assert theirs()["QueueConfigurations"] == before["QueueConfigurations"]
    (entry,) = theirs()["LambdaFunctionConfigurations"]
    assert entry["Id"] == "scrapectl-shop-upload"
    write(account, "in/a.csv", bucket="theirs")
    assert [given["key"] for given in inputs(account)] == ["in/a.csv"]
    done(account.destroy(spec, by_name=True))
    assert theirs() == before


def test_eventbridge_is_left_on_in_their_bucket(account: Account, theirs: Any) -> None:
    spec = made(account, THEIRS, "eventbridge")
    write(account, "in/a.csv", bucket="theirs")
    assert len(inputs(account)) == 1
    done(account.destroy(spec))
    assert set(theirs()) == {"QueueConfigurations", "EventBridgeConfiguration"}
    assert_empty(account.plan_destroy(spec))


def test_an_entry_that_is_no_longer_wanted_goes(account: Account, theirs: Any) -> None:
    before = theirs()
    made(account, THEIRS, "notification")
    made(account, THEIRS, "cloudtrail")
    assert theirs() == before


def test_a_neighbours_entry_stays(account: Account, theirs: Any) -> None:
    """`eu-upload` of `shop` and `upload` of `shop-eu` are not told apart by their ids."""
    made(account, THEIRS, "notification")
    text = THEIRS.replace("VIA", "notification").replace("pipeline: shop", "pipeline: shop-eu").replace("in/", "eu/")
    neighbour = spec_of(text)
    account.put(neighbour)
    account.put(spec_of(HEAD + PROCESS))
    assert [entry["Id"] for entry in theirs()["LambdaFunctionConfigurations"]] == ["scrapectl-shop-eu-upload"]
    assert_empty(account.plan(neighbour))


def test_an_upload_is_put_into_a_queue_as_it_is_told(account: Account) -> None:
    text = """
buckets: {raw: {versioned: true, on_destroy: delete}}
message_queues: {rows: {}}
triggers:
  fan: {on: {upload: raw/in/}, start: {message_queue: rows}}
  slow: {on: {upload: raw/slow/}, via: cloudtrail, start: {message_queue: rows}}
"""
    account.put(spec_of(HEAD + text))
    write(account, "in/a.csv", "slow/b.csv")
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName="shop-rows")["QueueUrl"]
    found = [json.loads(one["Body"]) for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    versions = account.client("s3").list_object_versions(Bucket="shop-raw-123456789012-us-east-1")["Versions"]
    ids = {one["Key"]: one["VersionId"] for one in versions}
    told = [(one["key"], one["version"], one["bucket"]) for one in found]
    bucket = "shop-raw-123456789012-us-east-1"
    assert sorted(told) == sorted((key, version, bucket) for key, version in ids.items())


def test_what_cannot_start_ends_among_the_dead_letters(account: Account) -> None:
    made(account, OURS, "eventbridge")
    account.client("stepfunctions").delete_state_machine(stateMachineArn=MACHINE)
    account.client("s3").put_object(Bucket="shop-raw-123456789012-us-east-1", Key="in/a.csv", Body=b"x")
    for _ in range(5):
        account.cloud.clock.advance(130)
    sqs = account.client("sqs")
    url = sqs.get_queue_url(QueueName="shop_dead")["QueueUrl"]
    (letter,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(letter["Body"])["requestPayload"]["detail"]["object"]["key"] == "in/a.csv"
