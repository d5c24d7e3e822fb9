"""Grants become documents that allow just them, and that IAM takes."""

from __future__ import annotations

import pytest

from scrapectl.aws.iam_policies import allows, matches
from scrapectl.aws.iam_resources import types_of
from scrapectl.pipeline.permissions import grants
from scrapectl.pipeline.policy_documents import LIMIT, documents, size
from scrapectl.pipeline.policy_notes import notes
from scrapectl.pipeline.scoping import Grant
from tests.permissions.everything import everything
from tests.permissions.life import WHERE

OURS = {"aws:ResourceTag/scrapectl:pipeline": "shop", "aws:RequestTag/scrapectl:pipeline": "shop"}
EVERY_CONDITION = OURS | {
    "ec2:CreateAction": "CreateSecurityGroup",
    "iam:PassedToService": "scheduler.amazonaws.com",
    "lambda:FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:shop_notifier",
}


@pytest.mark.parametrize("purpose", ["apply", "run", "read", "destroy"])
def test_statements_allow_what_was_granted_and_nothing_else(tmp_path, purpose):
    """No action gets a thing of a type that it is judged on because it shares a statement with another's."""
    granted = [one for one in grants(everything(tmp_path), purpose, WHERE) if "LinkedRole" not in one.action]
    made = documents(granted)
    things = {(one.resource, one.type) for one in granted if one.type}
    for action in {one.action for one in granted}:
        own = [one.resource for one in granted if one.action == action]
        for thing, type_ in things:
            if type_ in types_of(action):
                wanted = any(matches(resource, thing) for resource in own)
                assert allows(made, action, thing, EVERY_CONDITION) is wanted, f"{action} on {thing}"


def test_one_statement_stands_for_equal_ones():
    made = documents(
        [
            Grant("sqs:DeleteQueue", "arn:aws:sqs:::shop-*", "sqs:queue"),
            Grant("sqs:DeleteQueue", "arn:aws:sqs:::shop-*", "sqs:queue"),
            Grant("sqs:TagQueue", "arn:aws:sqs:::shop-*", "sqs:queue"),
            Grant("sqs:TagQueue", "arn:aws:sqs:::shop-rows", "sqs:queue"),
        ]
    )
    (statement,) = made[0]["Statement"]
    assert statement["Action"] == ["sqs:DeleteQueue", "sqs:TagQueue"]
    assert statement["Resource"] == ["arn:aws:sqs:::shop-*"]


def test_a_wider_reader_never_widens_a_narrower_one():
    """Tags of every function may be read, the code of one: they must not share a statement."""
    one, every = "arn:aws:lambda:::function:shop_notifier", "arn:aws:lambda:::function:*"
    made = documents(
        [Grant("lambda:GetFunction", one, "lambda:function"), Grant("lambda:ListTags", every, "lambda:function")]
    )
    assert not allows(made, "lambda:GetFunction", "arn:aws:lambda:::function:other")
    assert allows(made, "lambda:ListTags", "arn:aws:lambda:::function:other")


def test_all_buckets_are_no_objects():
    """The pattern of every bucket matches every object, too: who may read some must not stand beside it."""
    records = "arn:aws:s3:::shop-loads/records/*"
    made = documents(
        [
            Grant("s3:GetBucketNotification", "arn:aws:s3:::*", "s3:bucket"),
            Grant("s3:GetObject", records, "s3:object"),
        ]
    )
    assert allows(made, "s3:GetObject", "arn:aws:s3:::shop-loads/records/persons/a.json")
    assert not allows(made, "s3:GetObject", "arn:aws:s3:::others/private.txt")


@pytest.mark.parametrize("count", [1, 40, 400])
def test_no_document_is_larger_than_iam_takes(count):
    names = [f"shop-{number}-123456789012-us-east-1" for number in range(count)]
    granted = [Grant("s3:DeleteObject", f"arn:aws:s3:::{name}/*", "s3:object") for name in names]
    made = documents(granted)
    assert all(size(document) <= LIMIT for document in made)
    sids = [statement["Sid"] for document in made for statement in document["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(allows(made, "s3:DeleteObject", f"arn:aws:s3:::{name}/a") for name in names)


def test_white_space_does_not_count():
    assert size({"Version": "a b", "Statement": []}) == len('{"Version":"ab","Statement":[]}')


def test_notes_say_what_this_policy_cannot_tell_apart(tmp_path):
    spec = everything(tmp_path)
    told = {purpose: notes(spec, purpose, grants(spec, purpose, WHERE), 2) for purpose in ("apply", "read", "run")}
    assert [note for note in told["apply"] if "boundary: ARN" in note]
    assert [note for note in told["apply"] if "shop-eu" in note]
    assert [note for note in told["apply"] if "buckets by name" in note]
    assert [note for note in told["read"] if "no secret's value" in note]
    assert [note for note in told["run"] if "batch:TerminateJob" in note]


def test_more_documents_than_a_role_takes_are_told(tmp_path):
    spec = everything(tmp_path)
    granted = grants(spec, "apply", WHERE)
    assert not [note for note in notes(spec, "apply", granted, 10) if "quota" in note]
    (told,) = [note for note in notes(spec, "apply", granted, 11) if "quota" in note]
    assert told.startswith("IAM attaches 10 policies to a user or role, and these are 11: ")
