"""Job definitions: revisions that come and go, and a canonical form that survives what Batch makes of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.ownership import tag_key_mark
from scrapectl.engine.resource import Live, Removal, Update
from scrapectl.kinds.batch_job_definition import BatchJobDefinition, job_definition_arn

TAGS = {"scrapectl:pipeline": "shop", "scrapectl:address": "job.collect"}
KEY = ("shop-collect",)
ROLE = "arn:aws:iam::123456789012:role/scrapectl/us-east-1/shop/"


def wanted(**changes: Any) -> BatchJobDefinition:
    want = BatchJobDefinition(
        name=KEY[0],
        image="123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:" + "0" * 64,
        command=("python", "-m", "scraper"),
        vcpus="0.5",
        memory=1024,
        environment={"ZIP": "48109", "BUCKET": "shop-raw"},
        secrets={"NPS_KEY": "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-nps-key-AbCdEf"},
        job_role=ROLE + "collect-us-east-1",
        execution_role=ROLE + "execution-us-east-1",
        log_group="/scrapectl/shop",
        log_region="us-east-1",
        log_prefix="collect",
        timeout=1800,
        attempts=3,
        retry_on=("spot", "exit:137"),
        priority=5,
        keep_revisions=2,
    )
    return dataclasses.replace(want, **changes)


def read(aws) -> Live:
    return BatchJobDefinition.read_many(aws, [KEY])[KEY]


def step(aws, want, live) -> Live:
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), TAGS))
    return read(aws)


def test_what_its_create_answers_is_what_a_read_says(aws):
    made = wanted().create(aws, TAGS)
    live = read(aws)
    assert diff(wanted(), live) == diff(wanted(), made) == ()
    assert (made.outputs, made.tags, made.detail) == (live.outputs, live.tags, live.detail)
    assert made.outputs == {
        "arn": job_definition_arn("aws", "us-east-1", "123456789012", KEY[0]),
        "name": KEY[0],
        "revision": "1",
    }


CHANGES = [
    {"image": "busybox"},
    {"command": ("true",)},
    {"command": ()},
    {"vcpus": "1", "memory": 2048},
    {"platform": "ARM64"},
    {"disk": 50},
    {"public_ip": True},
    {"environment": {}},
    {"environment": {"ZIP": "48104"}},
    {"secrets": {}},
    {"job_role": None},
    {"execution_role": ROLE + "other"},
    {"log_group": "/other"},
    {"log_prefix": "other"},
    {"timeout": 60},
    {"attempts": 1},
    {"retry_on": None},
    {"retry_on": ("pull", "memory", "exit:1*")},
    {"priority": None},
    {"propagate_tags": False},
]


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: "-".join(f"{k}={v}"[:24] for k, v in changes.items()))
def test_every_field_can_change_by_one_new_revision(aws, sent, changes):
    live = wanted().create(aws, TAGS)
    other = wanted(**changes)
    assert {change.name for change in diff(other, live)} == set(changes)
    live = step(aws, other, live)
    assert diff(other, live) == ()
    assert live.outputs["revision"] == "2"
    assert live.tags == TAGS
    assert len(sent.of("RegisterJobDefinition")) == 2


def test_revisions_beyond_those_to_keep_are_deregistered_oldest_first(aws, sent):
    live = wanted().create(aws, TAGS)
    for memory in (2048, 3072, 4096):
        live = step(aws, wanted(memory=memory, keep_revisions=9), live)
    want = wanted(memory=4096)
    (change,) = diff(want, live)
    assert (change.name, change.before, change.after) == ("revisions", 4, 2)
    live = step(aws, want, live)
    arn = live.outputs["arn"]
    assert [request["jobDefinition"] for request in sent.of("DeregisterJobDefinition")] == [f"{arn}:1", f"{arn}:2"]
    assert diff(want, live) == ()
    assert live.detail == (f"{arn}:3", f"{arn}:4")


def test_the_tenth_revision_is_newer_than_the_ninth(aws):
    live = wanted().create(aws, TAGS)
    for minute in range(1, 10):
        live = step(aws, wanted(timeout=1800 + minute, keep_revisions=99), live)
    assert live.outputs["revision"] == "10"
    assert live.detail[-1].endswith(":10")


def test_keep_revisions_is_no_difference_while_few_stand(aws):
    live = wanted().create(aws, TAGS)
    assert diff(wanted(keep_revisions=1), live) == ()


def test_an_empty_variable_is_sent_but_is_the_same_as_none(aws, sent):
    live = wanted().create(aws, TAGS)
    other = wanted(environment={**wanted().environment, "EMPTY": ""})
    assert diff(other, live) == ()
    other.create(aws, TAGS)
    environment = sent.of("RegisterJobDefinition")[-1]["containerProperties"]["environment"]
    assert {"name": "EMPTY", "value": ""} in environment


@pytest.mark.parametrize(("given", "sent_as"), [("1.0", "1"), ("0.50", "0.5"), ("16", "16")])
def test_sizes_have_one_spelling(given, sent_as):
    assert wanted(vcpus=given).vcpus == sent_as


def test_tags_go_to_the_newest_revision(aws, sent):
    live = wanted().create(aws, TAGS)
    live = step(aws, wanted(timeout=60), live)
    BatchJobDefinition.retag(aws, live, {"team": "mobility"}, ("scrapectl:address",))
    assert read(aws).tags == {"scrapectl:pipeline": "shop", "team": "mobility"}
    assert sent.of("TagResource")[0]["resourceArn"].endswith("shop-collect:2")


def test_a_new_revision_keeps_the_tags_of_others_and_drops_those_we_no_longer_set(aws):
    ours = {**TAGS, "team": "mobility", "scrapectl:tags": tag_key_mark("team")}
    live = wanted().create(aws, ours)
    BatchJobDefinition.retag(aws, live, {"cost-center": "42"}, ())
    live = step(aws, wanted(timeout=60), read(aws))
    assert live.tags == {**TAGS, "cost-center": "42"}


def test_more_than_a_page_is_read_whole(aws, sent):
    names = [f"job-{i:03}" for i in range(103)]
    for name in names:
        wanted(name=name).create(aws, TAGS)
    sent.calls.clear()
    assert set(BatchJobDefinition.read_many(aws, [(name,) for name in names])) == {(name,) for name in names}
    assert len(sent.calls) == 2


def test_a_few_are_read_by_name_and_many_in_one_listing(aws, sent):
    names = [f"job-{i}" for i in range(12)]
    for name in names:
        dataclasses.replace(wanted(), name=name).create(aws, TAGS)
    sent.calls.clear()
    few = BatchJobDefinition.read_many(aws, [(name,) for name in names[:8]])
    assert set(few) == {(name,) for name in names[:8]}
    assert len(sent.calls) == 8
    sent.calls.clear()
    many = BatchJobDefinition.read_many(aws, [(name,) for name in [*names[:11], "none"]])
    assert set(many) == {(name,) for name in names[:11]}
    assert [request.params for request in sent.calls] == [{"status": "ACTIVE"}]


def test_every_active_revision_is_deregistered_and_again(aws):
    live = step(aws, wanted(timeout=60), wanted().create(aws, TAGS))
    BatchJobDefinition.delete(aws, live, Removal())
    assert BatchJobDefinition.read_many(aws, [KEY]) == {}
    BatchJobDefinition.delete(aws, live, Removal())


def test_a_name_that_comes_back_goes_on_counting(aws):
    live = wanted().create(aws, TAGS)
    BatchJobDefinition.delete(aws, live, Removal())
    assert wanted().create(aws, TAGS).outputs["revision"] == "2"


def test_another_hands_definition_can_be_read(aws):
    aws.call(
        "batch",
        "register_job_definition",
        jobDefinitionName=KEY[0],
        type="container",
        containerProperties={"image": "busybox", "resourceRequirements": [{"type": "VCPU", "value": "1"},
                                                                       {"type": "MEMORY", "value": "2048"}]},
        retryStrategy={"attempts": 2, "evaluateOnExit": [{"onReason": "Foo*", "action": "EXIT"}]},
    )  # fmt: skip
    live = read(aws)
    assert live.tags == {}
    assert live.resource.retry_on == ("EXIT onReason=Foo*", "else RETRY")
    assert live.resource.log_group == ""


def test_keys_stand_in_arns_with_and_without_revision():
    arn = job_definition_arn("aws", "us-east-1", "123456789012", "x")
    assert BatchJobDefinition.key_of_arn(arn) == BatchJobDefinition.key_of_arn(arn + ":12") == ("x",)
    assert BatchJobDefinition.key_of_arn(arn.replace("job-definition", "job-queue")) is None
