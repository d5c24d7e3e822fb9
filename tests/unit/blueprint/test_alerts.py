"""Failures find the topic they are meant for: the notifier, its rule, its routes, and the alarms on queues."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from scrapectl.blueprint.zipped import code_digest, zip_files
from scrapectl.engine.resource import Desired
from tests.unit.blueprint.world import ACCOUNT, REGION, roles, spec_of, wanted

NEWS = "topics: {news: {email: [team@example.org]}, urgent: {}}\n"
ALL = NEWS + "alerts: {to: news%s}\n"
SOURCE = {"notifier.py": b"def handler(event, context): ...", "texts.py": b"MASK = 1"}


def found(text: str) -> dict[str, Desired]:
    return wanted(spec_of(text), notifier=SOURCE)


def routes(text: str) -> dict[str, Any]:
    function: Any = found(text)["lambda_function.shop_notifier"].resource
    with zipfile.ZipFile(io.BytesIO(function.package)) as package:
        assert {name: package.read(name) for name in SOURCE} == SOURCE
        told: dict[str, Any] = json.loads(package.read("routes.json"))
    assert function.code == code_digest(function.package)
    return told


def topic(name: str) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:shop-{name}"


def test_nobody_is_told_unless_it_is_said() -> None:
    plain = found(NEWS + "jobs: {walk: {image: x, schedules: {h: {rate: 1h}}}}\n")
    kinds = {address.partition(".")[0] for address in plain}
    assert not kinds & {"lambda_function", "events_rule", "cloudwatch_alarm", "lambda_event_source"}


def test_failed_runs_wake_the_notifier_by_a_rule_that_children_of_arrays_never_match() -> None:
    rule: Any = found(ALL % "" + "jobs: {walk: {image: x}}\n")["events_rule.shop_failed-runs"].resource
    prefix = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/shop-"
    assert rule.pattern["detail"] == {
        "status": ["FAILED"],
        "jobDefinition": [{"prefix": prefix}],
        "arrayProperties": {"index": [{"exists": False}]},
    }
    (target,) = rule.targets
    assert target.dead_letter.value == f"arn:aws:sqs:{REGION}:{ACCOUNT}:shop_dead"


def test_job_with_a_fixed_name_is_heard_too() -> None:
    rule: Any = found(ALL % "" + "jobs: {walk: {image: x, name: legacy}}\n")["events_rule.shop_failed-runs"].resource
    prefixes = [entry["prefix"].rpartition("/")[2] for entry in rule.pattern["detail"]["jobDefinition"]]
    assert set(prefixes) == {"shop-", "legacy:"}


def test_each_job_is_told_to_its_own_topic() -> None:
    jobs = "jobs: {walk: {image: x}, run: {image: x, on_failure: urgent}}\n"
    told = routes(ALL % "" + jobs)["jobs"]
    assert told == {
        "shop-walk": {"job": "walk", "topic": topic("news")},
        "shop-run": {"job": "run", "topic": topic("urgent")},
    }
    assert list(routes(ALL % ", failed_runs: false" + jobs)["jobs"]) == ["shop-run"]


def test_on_failure_needs_no_alerts() -> None:
    text = NEWS + "jobs: {run: {image: x, on_failure: urgent, schedules: {h: {rate: 1h}}}}\n"
    assert list(routes(text)["jobs"]) == ["shop-run"]
    assert routes(text)["dead_letters"] is None
    assert "lambda_event_source.shop_notifier" not in found(text)


def test_letters_name_the_command_that_does_what_was_missed() -> None:
    schedule = "{cron: '0 6 * * ? *', environment: {ZIP: '48 104', API_KEY: hidden}, array: 3}"
    told = routes(ALL % "" + f"jobs: {{walk: {{image: x, schedules: {{daily: {schedule}}}}}}}\n")
    assert told["dead_letters"] == topic("news")
    command = told["schedules"]["walk_daily"]["command"]
    assert command.startswith(f"scrapectl run walk --pipeline shop --region {REGION} ")
    assert "'ZIP=48 104'" in command
    assert "--array 3" in command
    assert "hidden" not in json.dumps(told)


def test_dead_letters_lie_hidden_once_they_are_told() -> None:
    jobs = "jobs: {walk: {image: x, schedules: {h: {rate: 1h}}}}\n"
    queue: Any = found(ALL % "" + jobs)["sqs_queue.shop_dead"].resource
    assert queue.visibility == 12 * 3600
    statement = queue.policy.document["Statement"][0]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"].endswith(":rule/shop_failed-runs")
    silent: Any = found(ALL % ", dead_letters: false" + jobs)["sqs_queue.shop_dead"].resource
    assert silent.visibility == 30


def test_notifier_may_read_what_it_tells_and_no_more() -> None:
    text = ALL % "" + "jobs: {walk: {image: x, schedules: {h: {rate: 1h}}}}\n"
    policy = roles(spec_of(text), notifier=SOURCE)["notifier"].policy
    assert policy is not None
    wide = [s["Action"] for s in policy.document["Statement"] if s["Resource"] == ["*"]]
    assert wide == [["batch:DescribeJobDefinitions", "batch:DescribeJobs", "batch:ListJobs"]]
    publish = [s["Resource"] for s in policy.document["Statement"] if s["Action"] == ["sns:Publish"]]
    assert publish == [[topic("news")]]


def test_alarms_watch_dead_letters_and_age_of_each_queue() -> None:
    made = found(ALL % ", queue_age: 1h" + "message_queues: {rows: {}}\n")
    dead: Any = made["cloudwatch_alarm.shop-rows_dead"].resource
    age: Any = made["cloudwatch_alarm.shop-rows_age"].resource
    assert (dead.metric, dead.threshold) == ("ApproximateNumberOfMessagesVisible", 1.0)
    assert (age.metric, age.threshold) == ("ApproximateAgeOfOldestMessage", 3600.0)
    assert str(dead.dimensions["QueueName"]) == "shop-rows_dead"
    policy: Any = made["sns_topic.shop-news"].resource
    principals = [s["Principal"] for s in policy.policy.document["Statement"]]
    assert principals == ["*", {"Service": "cloudwatch.amazonaws.com"}]


def test_topic_reaches_its_queue_and_no_other_topic_does() -> None:
    made = found("topics: {rows-told: {queues: [rows]}}\nmessage_queues: {rows: {}}\n")
    topic_of: Any = made["sns_topic.shop-rows-told"].resource
    (heard,) = topic_of.subscriptions
    assert (heard.protocol, heard.raw) == ("sqs", True)
    queue: Any = made["sqs_queue.shop-rows"].resource
    (statement,) = queue.policy.document["Statement"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": topic("rows-told")}}


def test_zip_is_the_same_whatever_the_order_of_its_files() -> None:
    assert zip_files({"a": b"1", "b": b"2"}) == zip_files({"b": b"2", "a": b"1"})
    assert zip_files({"a": b"1"}) != zip_files({"a": b"2"})
