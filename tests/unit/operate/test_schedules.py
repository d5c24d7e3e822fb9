"""Next starts from a spec and from what stands, true to EventBridge's rule at clock changes."""

from __future__ import annotations

import datetime as dt

import pytest

from scrapectl.errors import UsageError
from scrapectl.operate.jobs import find_jobs
from scrapectl.operate.runnables import find_runnables
from scrapectl.operate.schedules import of_name, spec_timings, standing_timings
from scrapectl.spec import check_text

SPEC = """
version: 1
pipeline: shop
jobs:
  collect:
    image: python:3
    schedules:
      morning: {cron: "30 2 * * ? *", timezone: America/Detroit}
      hourly: {rate: 36h, enabled: false, from_date: 2026-12-01T00:00:00Z}
      once: {at: 2027-01-02T03:04:05}
  scrape: {image: python:3}
"""
MARCH = dt.datetime(2026, 3, 6, tzinfo=dt.UTC)


def test_a_specs_schedules_in_awss_words():
    found = {timing.name: timing for timing in spec_timings(check_text(SPEC))}
    assert [(t.name, t.expression, t.timezone, t.enabled) for t in found.values()] == [
        ("collect_morning", "cron(30 2 * * ? *)", "America/Detroit", True),
        ("collect_hourly", "rate(36 hours)", "UTC", False),
        ("collect_once", "at(2027-01-02T03:04:05)", "UTC", True),
    ]
    assert found["collect_hourly"].start == dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    assert found["collect_hourly"].next(MARCH, 3) == []


def test_a_time_that_the_clock_leaves_out_is_skipped():
    morning = spec_timings(check_text(SPEC))[0]
    assert [start.isoformat() for start in morning.next(MARCH, 3)] == [
        "2026-03-06T02:30:00-05:00",
        "2026-03-07T02:30:00-05:00",
        "2026-03-09T02:30:00-04:00",
    ]


def test_one_jobs_schedules_or_all():
    spec = check_text(SPEC)
    timings = spec_timings(spec)
    assert len(of_name(timings, None, spec.jobs)) == 3
    assert of_name(timings, "scrape", spec.jobs) == []
    with pytest.raises(UsageError, match='no job, function, workflow or host "scrap"'):
        of_name(timings, "scrap", spec.jobs)


def schedule(name, **more):
    return {
        "Name": name,
        "ScheduleExpression": "rate(1 hour)",
        "State": "ENABLED",
        "Target": {"Input": '{"JobDefinition": "arn:aws:batch:r:1:job-definition/fixed"}'},
        "CreationDate": MARCH,
        **more,
    }


def test_what_stands_is_read_from_the_group(aws):
    aws.define("fixed", prefix="collect")
    aws.schedules = {
        "b": schedule("b", State="DISABLED", Description="words [scrapectl address=a applied=v1:1 paused=2026-01-01]"),
        "a": schedule("a", ScheduleExpressionTimezone="Europe/Berlin"),
        "c_d": schedule("c_d", State="DISABLED", Description="paused=1", Target={"Input": "no JSON"}),
    }
    found = standing_timings(aws, "shop", find_jobs(aws, "shop"))
    assert [(t.name, t.job, t.timezone, t.enabled, t.paused) for t in found] == [
        ("a", "collect", "Europe/Berlin", True, False),
        ("b", "collect", "UTC", False, True),
        ("c_d", "c", "UTC", False, False),
    ]
    assert found[0].next(MARCH, 1)[0] == MARCH + dt.timedelta(hours=1)


def test_without_a_group_there_are_none(aws):
    assert standing_timings(aws, "shop", {}) == []


def test_schedules_of_functions_and_workflows_name_what_they_start(aws):
    aws.define("fixed", prefix="collect")
    aws.function("shop-publish")
    aws.machine("shop-process")
    function, machine = aws.functions[0]["FunctionArn"], aws.machines[0]["stateMachineArn"]
    aws.schedules = {
        "a": schedule("a", Target={"Input": f'{{"FunctionName": "{function}", "InvocationType": "Event"}}'}),
        "b": schedule("b", Target={"Input": f'{{"StateMachineArn": "{machine}", "Input": "{{}}"}}'}),
        "c": schedule("c", Target={"Input": f'{{"FunctionName": "{function}:live"}}'}),
        "d_e": schedule("d_e", Target={"Input": '{"StateMachineArn": "arn:aws:states:r:1:stateMachine:gone"}'}),
    }
    found = standing_timings(aws, "shop", find_runnables(aws, "shop").things)
    assert [(t.name, t.job) for t in found] == [("a", "publish"), ("b", "process"), ("c", "publish"), ("d_e", "d")]


def test_a_specs_functions_and_workflows_have_theirs(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "app.py").write_text("def handler(event, context): ...")
    text = """
version: 1
pipeline: shop
functions: {publish: {code: ./app, handler: app.handler, schedules: {often: {rate: 5m}}}}
workflows: {process: {steps: [{wait: 1m}], schedules: {nightly: {cron: "0 2 * * ? *"}}}}
"""
    found = spec_timings(check_text(text, folder=tmp_path))
    assert [(t.name, t.job) for t in found] == [("publish_often", "publish"), ("process_nightly", "process")]
