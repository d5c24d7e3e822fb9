"""Buckets: what others wrote is kept, whose a name is, what is inside, what is sent."""

from __future__ import annotations

import dataclasses
import json

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal, Status, Update
from scrapectl.errors import AccessDenied, AwsError
from scrapectl.kinds import s3_bucket_contents
from scrapectl.kinds.s3_bucket import S3Bucket
from scrapectl.kinds.s3_bucket_rules import DAY, Archive, expiry_of, lifecycle_rules
from scrapectl.local.registry import Refusal

TAGS = {"scrapectl:pipeline": "shop"}
NAME = "shop-raw-123456789012-us-east-1"
THEIR_RULE = {
    "ID": "theirs",
    "Status": "Enabled",
    "Filter": {"Prefix": "logs/"},
    "Expiration": {"Days": 9},
}
THEIR_STATEMENT = {
    "Sid": "theirs",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:DeleteBucket",
    "Resource": f"arn:aws:s3:::{NAME}",
}


def read(aws, name: str = NAME) -> Live:
    live = S3Bucket.read(aws, (name,))
    assert live is not None
    return live


def update(aws, want: S3Bucket) -> None:
    live = read(aws)
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), TAGS))


def fill(aws, *keys: str) -> None:
    for key in keys:
        aws.client("s3").put_object(Bucket=NAME, Key=key, Body=b"x")


def test_a_plain_bucket_is_made_in_three_calls(aws, sent):
    S3Bucket(NAME).create(aws, TAGS)
    assert [call.operation for call in sent.calls] == ["CreateBucket", "PutPublicAccessBlock", "PutBucketPolicy"]
    tags = [{"Key": "scrapectl:pipeline", "Value": "shop"}]
    assert sent.of("CreateBucket") == [{"Bucket": NAME, "CreateBucketConfiguration": {"Tags": tags}}]


def test_an_absent_bucket_costs_one_call(aws, sent):
    assert S3Bucket.read(aws, (NAME,)) is None
    assert len(sent.calls) == 1


def test_its_policy_refuses_what_comes_without_tls(aws, sent):
    S3Bucket(NAME).create(aws, TAGS)
    (statement,) = json.loads(sent.of("PutBucketPolicy")[0]["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Resource"] == [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_lifecycle_rules_of_others_are_kept(aws):
    S3Bucket(NAME, expire={"tmp/": DAY}).create(aws, TAGS)
    s3 = aws.client("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
    s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration={"Rules": [*rules, THEIR_RULE]})
    assert diff(S3Bucket(NAME, expire={"tmp/": DAY}), read(aws)) == ()
    update(aws, S3Bucket(NAME, expire={"tmp/": 2 * DAY}))
    assert {rule["ID"] for rule in read(aws).detail.rules} == {"theirs"}
    update(aws, S3Bucket(NAME))
    left = s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
    assert [rule["ID"] for rule in left] == ["theirs"]


def test_statements_of_others_are_kept(aws):
    S3Bucket(NAME).create(aws, TAGS)
    s3 = aws.client("s3")
    document = {"Version": "2012-10-17", "Statement": [THEIR_STATEMENT]}
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(document))
    assert [change.name for change in diff(S3Bucket(NAME), read(aws))] == ["tls_only"]
    update(aws, S3Bucket(NAME))
    statements = json.loads(s3.get_bucket_policy(Bucket=NAME)["Policy"])["Statement"]
    assert {statement["Sid"] for statement in statements} == {"theirs", "scrapectlTlsOnly"}


def test_a_rule_that_someone_switched_off_is_a_difference(aws):
    want = S3Bucket(NAME, expire={"tmp/": DAY})
    want.create(aws, TAGS)
    (rule,) = lifecycle_rules(want.expire, None)
    off = {"Rules": [rule | {"Status": "Disabled"}]}
    aws.client("s3").put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration=off)
    assert [change.name for change in diff(want, read(aws))] == ["expire"]
    update(aws, want)
    assert diff(want, read(aws)) == ()


def test_expiry_also_ends_old_versions_and_unfinished_uploads():
    (rule,) = lifecycle_rules({"tmp/": 3 * DAY}, None)
    assert rule["Expiration"] == {"Days": 3}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


@pytest.mark.parametrize("place", [{"Filter": {}}, {"Filter": {"Prefix": ""}}, {"Prefix": ""}])
def test_the_whole_bucket_is_read_in_each_spelling(place):
    (rule,) = lifecycle_rules({"": DAY}, None)
    spelled = {name: value for name, value in rule.items() if name != "Filter"} | place
    assert expiry_of([spelled]) == {"": DAY}


def test_a_rule_narrowed_to_a_tag_is_not_as_we_write_it():
    (rule,) = lifecycle_rules({"tmp/": DAY}, None)
    narrowed = rule | {"Filter": {"And": {"Prefix": "tmp/", "Tags": [{"Key": "a", "Value": "b"}]}}}
    assert expiry_of([narrowed]) == {}


def test_archive_tiers_are_written_before_the_rule_and_ended_before_it(aws, sent):
    want = S3Bucket(NAME, archive=Archive(125 * DAY, 180 * DAY))
    want.create(aws, TAGS)
    update(aws, S3Bucket(NAME))
    names = [call.operation for call in sent.calls if "Tiering" in call.operation or "Lifecycle" in call.operation]
    written = [name for name in names if not name.startswith("Get")]
    assert written == [
        "PutBucketIntelligentTieringConfiguration",
        "PutBucketLifecycleConfiguration",
        "DeleteBucketIntelligentTieringConfiguration",
        "DeleteBucketLifecycle",
    ]


@pytest.mark.parametrize("archive", [Archive(), Archive(after=90 * DAY), Archive(deep_after=365 * DAY)])
def test_each_shape_of_archive_is_read_back(aws, archive):
    want = S3Bucket(NAME, archive=archive)
    want.create(aws, TAGS)
    assert diff(want, read(aws)) == ()


def test_a_key_of_the_user_encrypts(aws):
    want = S3Bucket(NAME, encryption="kms:arn:aws:kms:us-east-1:123456789012:key/1")
    want.create(aws, TAGS)
    assert diff(want, read(aws)) == ()


def test_a_bucket_of_another_account_is_nobodys_of_ours(aws, sent):
    sent.refuse("HeadBucket", Refusal("403", "Forbidden", 403))
    sent.refuse("ListObjectsV2", Refusal("AccessDenied", "Access Denied", 403))
    live = read(aws)
    assert live.status is Status.BROKEN
    assert live.tags == {}
    assert "another account" in live.reason
    assert [call.operation for call in sent.calls] == ["HeadBucket", "ListObjectsV2"]


def test_a_bucket_of_ours_that_may_not_be_listed_is_an_error(aws, sent):
    S3Bucket(NAME).create(aws, TAGS)
    text = f"User: arn:aws:iam::1:user/ci is not authorized to perform: s3:ListBucket on resource: arn:aws:s3:::{NAME}"
    sent.refuse("HeadBucket", Refusal("403", "Forbidden", 403))
    sent.refuse("ListObjectsV2", Refusal("AccessDenied", text, 403))
    with pytest.raises(AccessDenied) as denied:
        read(aws)
    assert denied.value.action == "s3:ListBucket"


def test_a_denied_read_is_an_error_and_never_absence(aws, sent):
    S3Bucket(NAME).create(aws, TAGS)
    sent.deny("GetBucketTagging")
    with pytest.raises(AccessDenied) as denied:
        S3Bucket.read(aws, (NAME,))
    assert denied.value.action == "s3:GetBucketTagging"


def test_contents_are_versions_and_markers(aws):
    S3Bucket(NAME, versioned=True).create(aws, TAGS)
    fill(aws, "a", "a", "b")
    aws.client("s3").delete_object(Bucket=NAME, Key="b")
    assert S3Bucket.contents(aws, read(aws)) == 4


def test_counting_ends_where_the_number_decides_nothing(aws, sent, monkeypatch):
    monkeypatch.setattr(s3_bucket_contents, "COUNTED", 2)
    monkeypatch.setattr(s3_bucket_contents, "PAGE", 2)
    S3Bucket(NAME).create(aws, TAGS)
    fill(aws, "a", "b", "c", "d", "e")
    assert S3Bucket.contents(aws, read(aws)) == 2
    assert len(sent.of("ListObjectVersions")) == 1


def test_every_page_is_emptied(aws, sent, monkeypatch):
    monkeypatch.setattr(s3_bucket_contents, "PAGE", 2)
    S3Bucket(NAME, versioned=True).create(aws, TAGS)
    fill(aws, "a", "a", "a", "b", "ü &<")
    S3Bucket.delete(aws, read(aws), Removal(delete_data=True))
    assert S3Bucket.read(aws, (NAME,)) is None
    assert len(sent.of("DeleteObjects")) == 3


def test_a_bucket_with_objects_stays_unless_its_data_may_go(aws):
    S3Bucket(NAME).create(aws, TAGS)
    fill(aws, "a")
    with pytest.raises(AwsError) as refused:
        S3Bucket.delete(aws, read(aws), Removal())
    assert refused.value.code == "BucketNotEmpty"
    assert S3Bucket.contents(aws, read(aws)) == 1


def test_a_bucket_whose_tag_says_delete_goes_with_its_objects(aws):
    S3Bucket(NAME).create(aws, {**TAGS, "scrapectl:on_destroy": "delete"})
    fill(aws, "a")
    S3Bucket.delete(aws, read(aws), Removal())
    assert S3Bucket.read(aws, (NAME,)) is None


def test_objects_that_s3_keeps_are_an_error_though_it_answers_200(aws, monkeypatch):
    S3Bucket(NAME).create(aws, TAGS)
    fill(aws, "held")
    live = read(aws)
    kept = {"Errors": [{"Key": "held", "Code": "AccessDenied", "Message": "object lock"}]}
    real = aws.call
    monkeypatch.setattr(
        aws, "call", lambda service, name, **more: kept if name == "delete_objects" else real(service, name, **more)
    )
    with pytest.raises(AwsError, match=r"1 object.s., the first 'held'.*object lock"):
        S3Bucket.delete(aws, live, Removal(delete_data=True))


def test_keys_come_from_bucket_arns_alone():
    assert S3Bucket.key_of_arn(f"arn:aws:s3:::{NAME}") == (NAME,)
    assert S3Bucket.key_of_arn("arn:aws:sqs:us-east-1:123456789012:q") is None


def test_a_bucket_elsewhere_is_told_by_its_region(aws, monkeypatch):
    S3Bucket(NAME).create(aws, TAGS)
    real = aws.call
    monkeypatch.setattr(
        aws,
        "call",
        lambda service, name, **more: (
            {"BucketRegion": "eu-west-1"} if name == "head_bucket" else real(service, name, **more)
        ),
    )
    live = read(aws)
    assert (live.status, live.reason) == (Status.BROKEN, "it stands in eu-west-1")


def test_a_bucket_is_made_in_its_region(aws, sent):
    elsewhere = dataclasses.replace(aws, region="eu-west-1")
    S3Bucket("shop-raw-eu").create(elsewhere, TAGS)
    assert sent.of("CreateBucket")[0]["CreateBucketConfiguration"]["LocationConstraint"] == "eu-west-1"


@pytest.mark.parametrize("read", ["GetBucketTagging", "GetBucketPolicy"])
def test_a_bucket_that_goes_between_two_calls_is_absent(aws, sent, read):
    S3Bucket(NAME).create(aws, TAGS)
    sent.refuse(read, Refusal("NoSuchBucket", "The specified bucket does not exist", 404))
    assert S3Bucket.read(aws, (NAME,)) is None


def test_one_statement_of_another_hand_may_stand_in_no_list(aws):
    S3Bucket(NAME).create(aws, TAGS)
    policy = json.dumps({"Version": "2012-10-17", "Statement": THEIR_STATEMENT})
    aws.client("s3").put_bucket_policy(Bucket=NAME, Policy=policy)
    assert [change.name for change in diff(S3Bucket(NAME), read(aws))] == ["tls_only"]
    update(aws, S3Bucket(NAME))
    written = json.loads(aws.client("s3").get_bucket_policy(Bucket=NAME)["Policy"])["Statement"]
    assert [statement["Sid"] for statement in written] == ["theirs", "scrapectlTlsOnly"]
