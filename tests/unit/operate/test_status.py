"""Status: the newest of each kind, and which triggers are on."""

from __future__ import annotations

from types import SimpleNamespace

from scrapectl.operate.runnables import find_runnables
from scrapectl.operate.status import SHOWN, _runs, _triggers

JOB = "aaaaaaaa-aaaa-bbbb-cccc-aaaaaaaaaaaa"


def live(address, state):
    return SimpleNamespace(tags={"scrapectl:address": address}, resource=SimpleNamespace(state=state))


def test_many_runs_of_a_workflow_hide_no_failed_job(aws):
    aws.define("shop-collect")
    aws.machine("shop-process")
    aws.add(JOB, "shop-collect", "FAILED")
    for number in range(30):
        aws.now += 1
        aws.execute("shop-process", f"r{number}", "RUNNING" if number < 3 else "SUCCEEDED")
    told = _runs(find_runnables(aws, "shop"), None)
    assert [run.id for run in told[:3]] == ["r2", "r1", "r0"]
    assert [run.id for run in told[3:]] == [*(f"r{number}" for number in range(29, 29 - SHOWN, -1)), JOB]


def test_triggers_are_the_rules_and_mappings_of_the_spec(aws):
    lives = [
        live("events_rule.shop-upload", "ENABLED"),
        live("lambda_event_source.shop-drain", "DISABLED"),
        live("events_rule.shop_failed-runs", "ENABLED"),
        live("events_rule.shop-collect_expect", "ENABLED"),
        live("lambda_event_source.shop-rows_messages", "ENABLED"),
        live("batch_job_queue.shop-default", "ENABLED"),
        live("lambda_event_source.shop_notifier", "ENABLED"),
    ]
    assert [(each.name, each.enabled) for each in _triggers(lives, "shop")] == [
        ("drain", False),
        ("rows", True),
        ("upload", True),
    ]
