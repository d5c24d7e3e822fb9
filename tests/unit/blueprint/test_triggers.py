"""Triggers of uploads: what listens where, what it may do, and what the starter is told."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from scrapectl.blueprint.triggers import key_filter
from scrapectl.engine.values import refs
from scrapectl.kinds.s3_bucket import S3Bucket
from scrapectl.spec.model import BucketPlace, UploadEvent
from tests.unit.blueprint.world import ACCOUNT, REGION, resources, roles, spec_of, wanted

TEXT = """
buckets: {raw: {}, theirs: {existing: their-bucket}}
message_queues: {rows: {}}
filesystems: {work: {paths: {data: {}}}}
jobs: {analyse: {image: "x/y:1"}}
workflows:
  process:
    steps: [{copy: {from: raw/in/, to: work/data}}, {run: analyse}]
triggers:
"""
BUCKET = f"shop-raw-{ACCOUNT}-{REGION}"
STARTER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop_starter"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/shop-upload"
EXISTING = {("buckets", "theirs"): {"name": "their-bucket", "arn": "arn:aws:s3:::their-bucket"}}


def all_of(line: str) -> dict[str, Any]:
    return {a: d.resource for a, d in wanted(spec_of(f"{TEXT}  upload: {line}"), existing=EXISTING).items()}


def routes(line: str) -> Any:
    package = all_of(line)["lambda_function.shop_starter"].package
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.namelist() == ["routes.json", "starter.py"]
        return json.loads(archive.read("routes.json"))["triggers"]["upload"]


@pytest.mark.parametrize(
    ("place", "suffix", "wanted_filter"),
    [
        ("in/", ".csv", {"wildcard": "in/*.csv"}),
        ("in/", "", {"prefix": "in/"}),
        ("", ".csv", {"suffix": ".csv"}),
        ("", "", None),
        ("a*b\\/", "*", {"wildcard": "a\\*b\\\\/*\\*"}),
    ],
)
def test_prefix_and_suffix_are_one_filter(place: str, suffix: str, wanted_filter: Any) -> None:
    assert key_filter(UploadEvent(BucketPlace("raw", place), suffix)) == wanted_filter


def test_a_rule_wakes_the_starter_with_retries_and_a_dead_letter_queue() -> None:
    found = all_of(
        "{on: {upload: raw/in/, suffix: .csv}, start: {workflow: process}, deliver: {retries: 7, within: 2h}}"
    )
    rule = found["events_rule.shop-upload"]
    detail = {"bucket": {"name": [BUCKET]}, "object": {"key": [{"wildcard": "in/*.csv"}]}}
    assert rule.pattern == {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
    (target,) = rule.targets
    assert (target.arn.value, target.retries, target.within_seconds) == (STARTER, 7, 7200)
    assert target.dead_letter.value.endswith(":shop_dead")
    assert (target.template, target.role) == (None, None)
    statements = found["sqs_queue.shop_dead"].policy.document["Statement"]
    assert [one["Condition"] for one in statements] == [{"ArnEquals": {"aws:SourceArn": RULE}}]
    (permission,) = found["lambda_function.shop_starter"].permissions
    assert (permission.principal, permission.source_arn) == ("events.amazonaws.com", RULE)


def test_a_rule_comes_after_what_it_starts() -> None:
    spec = spec_of(f"{TEXT}  upload: {{on: {{upload: raw/in/}}, start: {{workflow: process}}}}")
    assert wanted(spec, existing=EXISTING)["events_rule.shop-upload"].after == ("sfn_state_machine.shop-process",)


def test_the_starter_may_start_these_machines_and_bury_what_it_cannot() -> None:
    spec = spec_of(f"{TEXT}  upload: {{on: {{upload: raw/in/}}, start: {{job: analyse}}}}")
    policy = roles(spec, existing=EXISTING)["starter"].policy
    assert policy is not None
    granted = {action: one["Resource"] for one in policy.document["Statement"] for action in one["Action"]}
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:shop-upload"
    (started,) = granted.pop("states:StartExecution")
    assert started.startswith(machine)
    assert granted == {
        "logs:CreateLogStream": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/scrapectl/shop:*"],
        "logs:PutLogEvents": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/scrapectl/shop:*"],
        "sqs:SendMessage": [f"arn:aws:sqs:{REGION}:{ACCOUNT}:shop_dead"],
    }
    starter = resources(spec, "lambda_function", existing=EXISTING)["lambda_function.shop_starter"]
    assert starter.on_failure.value == f"arn:aws:sqs:{REGION}:{ACCOUNT}:shop_dead"


def test_the_starter_knows_what_copies_take() -> None:
    assert routes("{on: {upload: raw/in/, suffix: .csv}, start: {workflow: process}}") == {
        "via": "eventbridge",
        "bucket": BUCKET,
        "prefix": "in/",
        "suffix": ".csv",
        "machine": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:shop-process",
        "copies": ["in/"],
    }
    assert routes("{on: {upload: raw/in/}, start: {job: analyse}}")["copies"] == []


def test_only_the_bucket_that_is_listened_to_tells_eventbridge() -> None:
    bucket = all_of("{on: {upload: raw/in/}, start: {job: analyse}}")["s3_bucket.shop-raw"]
    assert (bucket.events, bucket.notifications, bucket.trail) == (True, frozenset(), None)
    others = all_of("{on: {upload: theirs/in/}, start: {job: analyse}}")
    assert others["s3_bucket.shop-raw"] == S3Bucket(BUCKET)
    assert others["s3_bucket_events.shop-theirs"].bucket == "their-bucket"


def test_a_notification_of_our_bucket_is_a_field_of_it() -> None:
    found = all_of("{on: {upload: raw/in/, suffix: .csv}, via: notification, start: {job: analyse}}")
    assert not [address for address in found if address.startswith(("events_rule", "s3_bucket_notification"))]
    (entry,) = found["s3_bucket.shop-raw"].notifications
    assert (entry.id, entry.function.value, entry.prefix, entry.suffix) == ("scrapectl_upload", STARTER, "in/", ".csv")
    (permission,) = found["lambda_function.shop_starter"].permissions
    assert (permission.principal, permission.source_arn) == ("s3.amazonaws.com", f"arn:aws:s3:::{BUCKET}")
    assert permission.source_account == ACCOUNT
    assert not [ref for ref in refs(found["lambda_function.shop_starter"]) if ref.address.startswith("s3_bucket")]


def test_a_notification_of_their_bucket_is_an_entry_of_its_own() -> None:
    found = all_of("{on: {upload: theirs/in/}, via: notification, start: {job: analyse}}")
    entry = found["s3_bucket_notification.shop-upload"]
    assert (entry.bucket, entry.id, entry.prefix) == ("their-bucket", "scrapectl-shop-upload", "in/")


def test_a_trail_has_its_own_bucket_that_lets_it_alone_in() -> None:
    found = all_of("{on: {upload: raw/in/}, via: cloudtrail, start: {job: analyse}}")
    trail, bucket = found["cloudtrail_trail.shop-upload"], found["s3_bucket.shop-upload-trail"]
    assert trail.objects == {f"arn:aws:s3:::{BUCKET}/in/"}
    assert str(trail.bucket) == bucket.name == f"shop-upload-trail-{ACCOUNT}-{REGION}"
    assert bucket.trail == f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/shop-upload"
    assert bucket.expire == {"": 30 * 86400}
    assert not found["s3_bucket.shop-raw"].events
    detail = found["events_rule.shop-upload"].pattern["detail"]
    assert detail["eventName"] == ["CompleteMultipartUpload", "CopyObject", "PutObject"]
    assert detail["errorCode"] == [{"exists": False}]
    assert detail["requestParameters"] == {"bucketName": [BUCKET], "key": [{"prefix": "in/"}]}


@pytest.mark.parametrize(
    ("via", "path"), [("eventbridge", "$.detail.object.key"), ("cloudtrail", "$.detail.requestParameters.key")]
)
def test_a_queue_gets_a_message_that_says_which_object(via: str, path: str) -> None:
    found = all_of(f"{{on: {{upload: raw/in/}}, via: {via}, start: {{message_queue: rows}}}}")
    assert "lambda_function.shop_starter" not in found
    (target,) = found["events_rule.shop-upload"].targets
    assert target.arn.value == f"arn:aws:sqs:{REGION}:{ACCOUNT}:shop-rows"
    assert dict(target.paths)["key"] == path
    assert set(json.loads(target.template)) == {"bucket", "key", "version"} == {name for name, _ in target.paths}
    (statement,) = found["sqs_queue.shop-rows"].policy.document["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": [RULE]}}


def test_without_uploads_nobody_starts_anything() -> None:
    addresses = set(wanted(spec_of(TEXT.replace("triggers:\n", "")), existing=EXISTING))
    assert not {a for a in addresses if "starter" in a or a.startswith(("events_rule", "cloudtrail"))}
