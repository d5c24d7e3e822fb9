"""Secrets: a value is fetched only to be compared, never shown, made once, and comes back with its secret."""

from __future__ import annotations

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal, Status, Update
from scrapectl.kinds.secret import SecretValue

TAGS = {"scrapectl:pipeline": "shop"}
NAME = "shop-key"


def read(aws) -> Live:
    live = SecretValue.read(aws, (NAME,))
    assert live is not None
    return live


def value(aws) -> str:
    return aws.client("secretsmanager").get_secret_value(SecretId=NAME)["SecretString"]


def test_the_value_is_not_fetched_when_none_is_wanted(aws, sent):
    SecretValue(NAME, "first").create(aws, TAGS)
    assert diff(SecretValue(NAME), read(aws)) == ()
    assert not sent.of("GetSecretValue")


def test_the_value_is_fetched_once_when_one_is_wanted(aws, sent):
    SecretValue(NAME, "first").create(aws, TAGS)
    live = read(aws)
    for want, fields in (("first", []), ("second", ["value"]), ("third", ["value"])):
        assert [change.name for change in diff(SecretValue(NAME, want), live)] == fields
    assert len(sent.of("GetSecretValue")) == 1


def test_no_text_of_it_holds_the_value(aws):
    want = SecretValue(NAME, "hunter2hunter2")
    want.create(aws, TAGS)
    live = read(aws)
    changes = diff(SecretValue(NAME, "swordfish99"), live)
    assert changes[0].hidden
    assert "hunter2" not in f"{want!r} {live!r} {changes[0].before!s} {changes[0].before!r}"


def test_two_looks_at_a_secret_are_equal_without_fetching(aws, sent):
    SecretValue(NAME, "first").create(aws, TAGS)
    assert read(aws) == read(aws)
    assert not sent.of("GetSecretValue")


def test_a_secret_without_a_value_differs_from_a_wanted_one(aws):
    SecretValue(NAME).create(aws, TAGS)
    assert [change.name for change in diff(SecretValue(NAME, "first"), read(aws))] == ["value"]


@pytest.mark.parametrize("length", [8, 64])
def test_a_generated_value_has_its_length(aws, length):
    SecretValue(NAME, generate=length).create(aws, TAGS)
    assert len(value(aws)) == length
    assert value(aws).isalnum()


def test_a_generated_value_is_never_a_difference(aws):
    want = SecretValue(NAME, generate=32)
    want.create(aws, TAGS)
    assert diff(want, read(aws)) == ()


def test_a_deleted_secret_is_recoverable_and_comes_back_with_its_generated_value(aws, sent):
    want = SecretValue(NAME, generate=32, description="old")
    want.create(aws, TAGS)
    before = value(aws)
    SecretValue.delete(aws, read(aws), Removal())
    assert read(aws).status is Status.RECOVERABLE
    assert sent.of("DeleteSecret")[0]["RecoveryWindowInDays"] == 7
    SecretValue(NAME, generate=32, description="new").create(aws, {**TAGS, "team": "a"})
    live = read(aws)
    assert live.status is Status.READY
    assert live.tags == {**TAGS, "team": "a"}
    assert diff(SecretValue(NAME, description="new"), live) == ()
    assert value(aws) == before


def test_a_deleted_secret_comes_back_with_the_value_that_is_wanted_now(aws):
    SecretValue(NAME, "old").create(aws, TAGS)
    SecretValue.delete(aws, read(aws), Removal())
    SecretValue(NAME, "new").create(aws, TAGS)
    assert value(aws) == "new"


def test_value_and_description_change_in_one_call(aws, sent):
    SecretValue(NAME, "old").create(aws, TAGS)
    want = SecretValue(NAME, "new", description="better")
    live = read(aws)
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), TAGS))
    assert diff(want, read(aws)) == ()
    assert len(sent.of("UpdateSecret")) == 1


def test_its_name_is_what_stands_before_the_arns_suffix(aws):
    SecretValue(NAME, "x").create(aws, TAGS)
    assert SecretValue.key_of_arn(read(aws).outputs["arn"]) == (NAME,)
    assert SecretValue.key_of_arn("arn:aws:sqs:us-east-1:123456789012:q") is None
