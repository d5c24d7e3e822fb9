"""Schedules and their group: full requests, our mark in the Description, bulk reads."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.resource import Live, Removal, Status, Update
from scrapectl.kinds import schedule_mark
from scrapectl.kinds.schedule import Schedule, schedule_arn
from scrapectl.kinds.schedule_group import ScheduleGroup, schedule_group_arn

OWNER = "shop.prod"
KEY = (OWNER, "collect_morning")
TAGS = {
    "scrapectl:pipeline": OWNER,
    "scrapectl:address": "schedule.collect_morning",
    "scrapectl:applied": "v1:0a1b2c3d",
}
GROUP_TAGS = {"scrapectl:pipeline": OWNER, "team": "mobility"}
INPUT = {
    "JobName": "shop-collect",
    "JobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/shop-default",
    "ContainerOverrides": {"Environment": [{"Name": "ZIP", "Value": "48104"}]},
}


@pytest.fixture
def role(aws) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    answer = aws.call(
        "iam",
        "create_role",
        RoleName="scheduler",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    return str(answer["Role"]["Arn"])


@pytest.fixture
def group(aws, cloud, role) -> Live:
    live = ScheduleGroup(name=OWNER).create(aws, GROUP_TAGS)
    cloud.clock.advance(60)  # the role is no longer fresh
    assert live is not None
    return live


@pytest.fixture
def want(role) -> Schedule:
    return Schedule(
        group=OWNER,
        name=KEY[1],
        expression="cron(0 6 * * ? *)",
        timezone="America/Detroit",
        flex_minutes=15,
        target_arn="arn:aws:scheduler:::aws-sdk:batch:submitJob",
        role_arn=role,
        input=INPUT,
        retries=3,
        within_seconds=3600,
        dead_letter="arn:aws:sqs:us-east-1:123456789012:shop_dead",
        description="collect, every morning",
    )


@pytest.fixture
def live(aws, group, want) -> Live:
    made = want.create(aws, TAGS)
    assert made is not None
    return made


def read(aws) -> Live:
    return Schedule.read_many(aws, [KEY])[KEY]


def step(aws, want, live, tags=TAGS) -> Live:
    want.update(aws, Update(live, frozenset(change.name for change in diff(want, live)), tags))
    return read(aws)


class TestGroup:
    def test_what_its_create_answers_is_what_a_read_says(self, aws, group):
        assert ScheduleGroup.read(aws, (OWNER,)) == group
        assert group.tags == GROUP_TAGS
        assert group.outputs["arn"] == schedule_group_arn("aws", "us-east-1", "123456789012", OWNER)
        assert ScheduleGroup.key_of_arn(group.outputs["arn"]) == (OWNER,)

    def test_it_is_busy_until_it_is_gone(self, aws, cloud, group):
        ScheduleGroup.delete(aws, group, Removal())
        going = ScheduleGroup.read(aws, (OWNER,))
        assert going is None or going.status is Status.BUSY
        cloud.clock.advance(60)
        assert ScheduleGroup.read(aws, (OWNER,)) is None
        ScheduleGroup.delete(aws, group, Removal())

    def test_no_other_arn_is_a_groups(self):
        assert ScheduleGroup.key_of_arn("arn:aws:scheduler:us-east-1:123456789012:schedule/x/y") is None
        assert ScheduleGroup.key_of_arn("arn:aws:sqs:us-east-1:123456789012:x") is None


class TestSchedule:
    def test_what_its_create_answers_is_what_a_read_says(self, aws, want, live):
        assert read(aws) == live
        assert diff(want, live) == ()
        assert live.tags == TAGS
        assert live.outputs["arn"] == schedule_arn("aws", "us-east-1", "123456789012", *KEY)

    @pytest.mark.parametrize(
        "changes",
        [
            {"expression": "rate(1 hours)"},
            {"timezone": "UTC"},
            {"flex_minutes": None},
            {"state": "DISABLED"},
            {"start": "2027-01-01T00:00:00Z"},
            {"end": "2027-06-01T00:00:00Z"},
            {"input": {**INPUT, "JobName": "other"}},
            {"retries": 0},
            {"within_seconds": 60},
            {"dead_letter": None},
            {"description": ""},
        ],
        ids=lambda changes: str(*changes),
    )
    def test_every_field_can_change_and_the_whole_is_sent(self, aws, sent, want, live, changes):
        other = dataclasses.replace(want, **changes)
        assert {change.name for change in diff(other, live)} == set(changes)
        live = step(aws, other, live)
        assert diff(other, live) == ()
        assert live.tags == TAGS
        (request,) = sent.of("UpdateSchedule")
        whole = {"GroupName", "Name", "Description", "ScheduleExpression", "ScheduleExpressionTimezone"}
        assert request.keys() >= whole | {"FlexibleTimeWindow", "State", "Target"}
        assert request["FlexibleTimeWindow"] == (
            {"Mode": "OFF"} if "flex_minutes" in changes else {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
        )

    def test_input_is_compared_by_meaning(self, want, live):
        turned = json.loads(json.dumps(INPUT, sort_keys=True, indent=2))
        assert diff(dataclasses.replace(want, input=turned), live) == ()
        as_tuple = {**INPUT, "ContainerOverrides": {"Environment": ({"Name": "ZIP", "Value": "48104"},)}}
        assert diff(dataclasses.replace(want, input=as_tuple), live) == ()

    def test_times_have_one_spelling(self, want):
        east = dt.timezone(dt.timedelta(hours=-5))
        given = dataclasses.replace(want, start=dt.datetime(2026, 12, 1, 0, 0, 0, 900, tzinfo=east))
        assert given.start == "2026-12-01T05:00:00Z"

    def test_a_start_that_has_passed_is_kept_in_the_mark(self, aws, sent, want, live):
        other = dataclasses.replace(want, start="2020-01-01T00:00:00Z")
        live = step(aws, other, live)
        assert diff(other, live) == ()
        assert live.tags == TAGS
        refused, taken = sent.of("UpdateSchedule")
        assert "StartDate" in refused
        assert "StartDate" not in taken
        assert diff(want, live)[0].before == "2020-01-01T00:00:00Z"
        live = step(aws, want, live)
        assert diff(want, live) == ()

    def test_new_tags_alone_send_the_same_schedule_again(self, aws, want, live):
        Schedule.retag(aws, live, {"scrapectl:address": "schedule.other"}, ())
        again = read(aws)
        assert again.tags == {**TAGS, "scrapectl:address": "schedule.other"}
        assert diff(want, again) == ()

    def test_a_pause_survives_an_update(self, aws, want, live):
        Schedule.pause(aws, live, "2026-11-21 by me")
        longer = dataclasses.replace(want, retries=5).given(read(aws))
        again = step(aws, longer, read(aws))
        assert again.tags == {**TAGS, schedule_mark.PAUSED: "2026-11-21 by me"}
        assert (again.resource.state, diff(longer, again)) == ("DISABLED", ())
        assert longer.told(again, ()) == (
            "paused 2026-11-21 by me; it starts nothing until it is resumed (schedule resume)",
        )
        Schedule.pause(aws, again, "")
        assert (read(aws).tags, read(aws).resource.state) == (TAGS, "ENABLED")

    @pytest.mark.usefixtures("group")
    def test_one_without_our_mark_is_nobodys(self, aws, want):
        want.create(aws, {})
        assert read(aws).tags == {}

    @pytest.mark.usefixtures("group")
    def test_another_hands_input_need_not_be_json(self, aws, want):
        target: dict[str, Any] = {"Arn": want.dead_letter, "RoleArn": want.role_arn, "Input": "hello {"}
        aws.call(
            "scheduler",
            "create_schedule",
            GroupName=OWNER,
            Name=KEY[1],
            ScheduleExpression="rate(1 hours)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target,
        )
        assert read(aws).resource.input == "hello {"

    def test_only_what_is_asked_for_is_read(self, aws, sent, want, live):
        dataclasses.replace(want, name="collect_evening").create(aws, TAGS)
        sent.calls.clear()
        found = Schedule.read_many(aws, [KEY, (OWNER, "none"), ("no-group", "a")])
        assert found == {KEY: live}
        assert sent.count() == {("scheduler", "GetSchedule"): 3}

    @pytest.mark.usefixtures("live")
    def test_the_owners_are_those_of_the_group_with_its_name(self, aws):
        assert Schedule.owned(aws, OWNER) == [KEY]
        assert Schedule.owned(aws, "shop") == []

    def test_it_stands_in_its_group(self, group, live):
        assert Schedule.stands_in(live) == (group.outputs["arn"],)

    def test_it_is_deleted_at_once_and_again(self, aws, live):
        Schedule.delete(aws, live, Removal())
        assert Schedule.read_many(aws, [KEY]) == {}
        Schedule.delete(aws, live, Removal())


class TestMark:
    def test_words_and_tags_come_back(self):
        text = schedule_mark.write("collect", {**TAGS, "scrapectl:address": "schedule.a b]c", "team": "x"})
        assert schedule_mark.read(text) == (
            "collect",
            {"scrapectl:address": "schedule.a b]c", "scrapectl:applied": "v1:0a1b2c3d"},
        )

    def test_without_tags_there_is_no_mark(self):
        assert schedule_mark.write("collect", {}) == "collect"
        assert schedule_mark.read("collect") == ("collect", None)

    @pytest.mark.parametrize(
        "words", ["", "[scrapectl address=x] is no mark in the middle", "ends in ]", "[scrapectl]"]
    )
    def test_words_that_look_like_a_mark_stay_words(self, words):
        assert schedule_mark.read(schedule_mark.write(words, TAGS))[0] == words

    def test_the_mark_alone_says_whose_it_is(self):
        assert schedule_mark.read(schedule_mark.write("collect", {"scrapectl:pipeline": OWNER})) == ("collect", {})

    def test_the_longest_description_fits(self, want):
        long = dataclasses.replace(want, description="x" * 600)
        tags = {
            "scrapectl:address": "schedule." + "a" * 64 + "_" + "b" * 64,
            "scrapectl:applied": "v1:" + "0" * 52,
            "scrapectl:paused": "2026-11-21T11:36:00Z by " + "w" * 20,
            "scrapectl:start": "2026-11-21T11:36:00Z",
        }
        assert len(schedule_mark.write(long.description, tags)) <= schedule_mark.DESCRIPTION_LIMIT
