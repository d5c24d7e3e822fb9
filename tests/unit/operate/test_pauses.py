"""Pausing schedules: the lease, what another hand did, and what the drift hint records meanwhile."""

from __future__ import annotations

import dataclasses
import re

import pytest

from scrapectl.aws.anchor import Anchor
from scrapectl.engine.ownership import APPLIED
from scrapectl.kinds import schedule_mark
from scrapectl.kinds.schedule import Schedule
from scrapectl.operate.pauses import hold_schedules
from tests.account import assert_empty, spec_of, writes

SPEC_TEXT = """
version: 1
pipeline: shop
region: us-east-1
jobs:
  collect: {image: "python:3", schedules: {morning: {cron: "0 6 * * ? *"}}}
"""
SPEC = spec_of(SPEC_TEXT)
KEY = ("shop", "collect_morning")


@pytest.fixture
def shop(account):
    account.put(SPEC)
    return account


def hold(account, *, pause, tell=lambda _text: None):
    return hold_schedules(account.aws_of(SPEC), "shop", "collect", None, pause=pause, tell=tell)


def read(account):
    return Schedule.read(account.aws_of(SPEC), KEY)


def turn(account, state, **more):
    """Turn the schedule on or off as somebody else would, in AWS's console."""
    scheduler = account.client("scheduler")
    found = scheduler.get_schedule(GroupName="shop", Name=KEY[1])
    names = ("GroupName", "Name", "Description", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{name: found[name] for name in names} | {"State": state} | more)


def test_a_pause_is_one_write_under_the_lease_and_none_when_it_is_so_already(shop):
    sent = shop.calls_of(lambda: hold(shop, pause=True))
    assert writes(sent) == [("ssm", "PutParameter"), ("scheduler", "UpdateSchedule"), ("ssm", "PutParameter")]
    assert writes(shop.calls_of(lambda: hold(shop, pause=True))) == []


def test_only_state_and_mark_change_and_come_back(shop):
    before = read(shop)
    hold(shop, pause=True)
    paused = read(shop)
    assert dataclasses.replace(paused.resource, state="ENABLED") == before.resource
    assert re.fullmatch(r"20[0-9T:-]+Z by \S+", paused.tags.pop(schedule_mark.PAUSED))
    assert paused.tags == before.tags
    hold(shop, pause=False)
    assert read(shop) == before


def test_the_hint_records_what_the_spec_says_while_a_pause_bends_it(shop):
    before = read(shop).tags[APPLIED]
    hold(shop, pause=True)
    longer = spec_of(SPEC_TEXT.replace("cron:", "flex: 5m, cron:"))
    shop.put(longer)
    bent = read(shop)
    assert bent.resource.state == "DISABLED"
    hold(shop, pause=False)
    assert_empty(shop.plan(longer))
    turn(shop, "DISABLED", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5})
    (change,) = shop.plan(longer).plan.changes
    assert [(field.name, field.drift) for field in change.fields] == [("state", True)]
    assert bent.tags[APPLIED] != before


def test_what_another_hand_turned_off_can_be_paused_and_on_again_is_paused_no_longer(shop):
    turn(shop, "DISABLED")
    (left,) = hold(shop, pause=False)
    assert (left.changed, left.note) == (False, "turned off in AWS, not paused; apply turns it on")
    assert hold(shop, pause=True)[0].changed
    assert_empty(shop.plan(SPEC))
    turn(shop, "ENABLED")
    (change,) = shop.plan(SPEC).plan.changes
    assert [field.name for field in change.fields] == ["paused"]
    shop.put(SPEC)
    assert schedule_mark.PAUSED not in read(shop).tags


def test_a_schedule_that_somebody_put_into_the_group_is_left(shop):
    found = shop.client("scheduler").get_schedule(GroupName="shop", Name=KEY[1])
    names = ("GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    shop.client("scheduler").create_schedule(Name="theirs", **{name: found[name] for name in names})
    held = {each.timing.name: each for each in hold(shop, pause=True)}
    assert held["collect_morning"].changed
    assert (held["theirs"].changed, held["theirs"].note) == (False, "not a schedule of shop")


def test_an_apply_that_was_planned_before_the_pause_plans_again(shop):
    longer = spec_of(SPEC_TEXT.replace("cron:", "flex: 5m, cron:"))
    planned = shop.plan(longer)
    hold(shop, pause=True)
    shop.carry_out(planned, shop.aws_of(longer))
    assert read(shop).resource.state == "DISABLED"
    assert read(shop).resource.flex_minutes == 5


def test_a_pause_waits_for_an_apply_at_work(shop, monkeypatch):
    other = Anchor(shop.aws_of(SPEC), "shop", "apply")
    other._me = dataclasses.replace(other._me, host="elsewhere", who="alice")
    other.take(other.read())
    monkeypatch.setattr("scrapectl.aws.anchor.time.sleep", lambda _seconds: other.release(changed=True))
    told = []
    assert hold(shop, pause=True, tell=told.append)[0].changed
    assert re.fullmatch(r"alice on elsewhere \(process [0-9]+, apply\) is at work on shop; waiting for it\.", told[0])
