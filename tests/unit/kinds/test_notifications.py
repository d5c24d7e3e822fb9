"""A bucket's notifications: entries of others stay, EventBridge stays on, and whose an entry is stands in its id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal, Update
from scrapectl.kinds.s3_bucket import S3Bucket
from scrapectl.kinds.s3_bucket_events import S3BucketEvents
from scrapectl.kinds.s3_bucket_notification import S3BucketNotification, notification_id
from scrapectl.kinds.s3_bucket_policy import trail_of, trail_statements
from scrapectl.kinds.s3_notifications import Notification, entry_for, notification_of
from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud

TAGS = {"scrapectl:pipeline": "shop"}
NAME = "shop-raw-123456789012-us-east-1"
ROOT = f"arn:aws:s3:::{NAME}"
TRAIL = "arn:aws:cloudtrail:us-east-1:123456789012:trail/shop-upload"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """A cloud where everything settles at once."""
    cloud = Cloud(VirtualClock())
    yield cloud
    cloud.close()


def arn(function: str) -> str:
    return f"arn:aws:lambda:us-east-1:123456789012:function:{function}"


def put(aws: Any, *entries: tuple[str, str, str], **more: Any) -> None:
    """Someone's configuration: (id, function, prefix)."""
    listed = [entry_for(Notification(id_, arn(function), prefix)) for id_, function, prefix in entries]
    aws.client("s3").put_bucket_notification_configuration(
        Bucket=NAME,
        NotificationConfiguration={"LambdaFunctionConfigurations": listed, **more},
        SkipDestinationValidation=True,
    )


def ids(aws: Any) -> list[str]:
    found = aws.client("s3").get_bucket_notification_configuration(Bucket=NAME)
    return [entry["Id"] for entry in found.get("LambdaFunctionConfigurations", [])]


def is_on(aws: Any) -> bool:
    return "EventBridgeConfiguration" in aws.client("s3").get_bucket_notification_configuration(Bucket=NAME)


@pytest.fixture
def bucket(aws: Any) -> Any:
    S3Bucket(NAME).create(aws, TAGS)
    for function in ("theirs", "shop_starter"):
        make_function(aws, function)
    return aws


def make_function(aws: Any, name: str) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    functions = aws.client("lambda")
    functions.create_function(
        FunctionName=name, Role=role, Runtime="python3.13", Handler="x.y", Code={"ZipFile": b"PK\x05\x06" + b"\0" * 18}
    )
    functions.add_permission(
        FunctionName=name,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=ROOT,
    )


def read(aws: Any) -> Live:
    live = S3Bucket.read(aws, (NAME,))
    assert live is not None
    return live


def update(aws: Any, want: S3Bucket) -> None:
    live = read(aws)
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), TAGS))
    assert diff(want, read(aws)) == ()


def test_entries_of_others_and_of_other_pipelines_are_kept(bucket: Any) -> None:
    put(bucket, ("theirs", "theirs", "a/"), ("scrapectl-shop-eu-upload", "theirs", "b/"))
    mine = Notification("scrapectl_upload", arn("shop_starter"), "in/", ".csv")
    update(bucket, S3Bucket(NAME, notifications=frozenset({mine})))
    assert sorted(ids(bucket)) == ["scrapectl-shop-eu-upload", "scrapectl_upload", "theirs"]
    update(bucket, S3Bucket(NAME))
    assert sorted(ids(bucket)) == ["scrapectl-shop-eu-upload", "theirs"]


def test_eventbridge_is_switched_on_and_never_off(bucket: Any) -> None:
    update(bucket, S3Bucket(NAME, events=True))
    assert is_on(bucket)
    want = S3Bucket(NAME)
    assert want.given(read(bucket)).events
    assert diff(want.given(read(bucket)), read(bucket)) == ()
    want.update(bucket, Update(read(bucket), frozenset({"events", "notifications"}), TAGS))
    assert is_on(bucket)


def test_a_write_heeds_what_was_put_since_the_plan(bucket: Any) -> None:
    live = read(bucket)
    put(bucket, ("theirs", "theirs", "a/"), EventBridgeConfiguration={})
    mine = Notification("scrapectl_upload", arn("shop_starter"), "in/")
    want = S3Bucket(NAME, notifications=frozenset({mine}))
    want.update(bucket, Update(live, frozenset({"notifications"}), TAGS))
    assert sorted(ids(bucket)) == ["scrapectl_upload", "theirs"]
    assert is_on(bucket)


def test_other_events_of_our_entry_are_a_difference(bucket: Any) -> None:
    mine = Notification("scrapectl_upload", arn("shop_starter"), "in/")
    changed = {**entry_for(mine), "Events": ["s3:ObjectRemoved:*"]}
    bucket.client("s3").put_bucket_notification_configuration(
        Bucket=NAME, NotificationConfiguration={"LambdaFunctionConfigurations": [changed]}
    )
    want = S3Bucket(NAME, notifications=frozenset({mine}))
    assert [change.name for change in diff(want, read(bucket))] == ["notifications"]


def test_names_of_rules_are_read_in_any_case() -> None:
    rules = [{"Name": "Prefix", "Value": "in/"}, {"Name": "Suffix", "Value": ".csv"}]
    entry = {
        "Id": "x",
        "LambdaFunctionArn": "f",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }
    assert notification_of(entry) == Notification("x", "f", "in/", ".csv")
    assert notification_of(entry_for(Notification("x", "f"))) == Notification("x", "f")


def test_a_policy_lets_the_trail_in_and_keeps_others_statements(bucket: Any) -> None:
    theirs = {"Sid": "theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": ROOT}
    s3 = bucket.client("s3")
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    update(bucket, S3Bucket(NAME, trail=TRAIL))
    found = json.loads(s3.get_bucket_policy(Bucket=NAME)["Policy"])["Statement"]
    by_sid = {statement["Sid"]: statement for statement in found}
    assert set(by_sid) == {"theirs", "scrapectlTlsOnly", "scrapectlTrailLooks", "scrapectlTrailWrites"}
    writes = by_sid["scrapectlTrailWrites"]
    assert (writes["Action"], writes["Resource"]) == ("s3:PutObject", f"{ROOT}/AWSLogs/123456789012/*")
    same = {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": TRAIL}
    assert writes["Condition"] == {"StringEquals": same}
    update(bucket, S3Bucket(NAME))
    assert read(bucket).detail.statements == (theirs,)


def test_a_policy_that_was_narrowed_lets_no_trail_in() -> None:
    looks, writes = trail_statements(ROOT, TRAIL)
    assert trail_of([looks, writes], ROOT) == TRAIL
    assert trail_of([writes], ROOT) is None
    assert trail_of([looks, {**writes, "Resource": f"{ROOT}/x/*"}], ROOT) is None
    assert trail_of([looks, {**writes, "Condition": {}}], ROOT) is None


@pytest.mark.parametrize(
    ("id_", "function", "owner"),
    [
        ("scrapectl-shop-upload", "shop_starter", "shop"),
        ("scrapectl-shop-eu-upload", "shop_starter", "shop"),
        ("scrapectl-shop-eu-upload", "shop-eu_starter", "shop-eu"),
        ("scrapectl-shop.eu-upload", "shop-eu_starter", "shop.eu"),
        ("scrapectl-shop-upload", "theirs", None),
        ("scrapectl-shop-upload", "shop-eu_starter", None),
        ("upload", "shop_starter", None),
        ("scrapectl-shop", "shop_starter", None),
    ],
)
def test_whose_an_entry_is_stands_in_its_id_and_its_function(bucket: Any, id_: str, function: str, owner: str) -> None:
    put(bucket, (id_, function, "in/"))
    live = S3BucketNotification.read(bucket, (NAME, id_))
    assert live is not None
    assert live.tags.get("scrapectl:pipeline") == owner


def test_owned_looks_where_the_starter_may_be_called_from(bucket: Any, sent: Any) -> None:
    put(bucket, ("scrapectl-shop-eu-upload", "shop-eu_starter", "a/"), ("scrapectl-shop-upload", "shop_starter", "in/"))
    assert S3BucketNotification.owned(bucket, "shop") == [(NAME, "scrapectl-shop-upload")]
    assert S3BucketNotification.owned(bucket, "nobody") == []


def test_an_entry_in_their_bucket_comes_and_goes_alone(bucket: Any) -> None:
    put(bucket, ("theirs", "theirs", "a/"), EventBridgeConfiguration={})
    want = S3BucketNotification(NAME, notification_id("shop", "upload"), arn("shop_starter"), "in/")
    assert want.create(bucket, TAGS) == S3BucketNotification.read(bucket, want.key())
    assert sorted(ids(bucket)) == ["scrapectl-shop-upload", "theirs"]
    live = S3BucketNotification.read(bucket, want.key())
    assert live is not None
    S3BucketNotification.delete(bucket, live, Removal())
    assert (ids(bucket), is_on(bucket)) == (["theirs"], True)
    S3BucketNotification.delete(bucket, live, Removal())


def test_a_bucket_that_is_gone_has_no_entries(aws: Any) -> None:
    assert S3BucketNotification.read(aws, ("gone", "scrapectl-shop-upload")) is None
    assert S3BucketEvents.read(aws, ("gone",)) is None


def test_their_bucket_keeps_its_entries_when_eventbridge_is_switched_on(bucket: Any) -> None:
    put(bucket, ("theirs", "theirs", "a/"))
    live = S3BucketEvents(NAME).create(bucket, TAGS)
    assert live == S3BucketEvents.read(bucket, (NAME,))
    assert (ids(bucket), is_on(bucket)) == (["theirs"], True)
    assert live is not None
    S3BucketEvents.delete(bucket, live, Removal())
    assert is_on(bucket)
