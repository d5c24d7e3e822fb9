"""`schedule pause` and `schedule resume`, and what becomes of a pause when the spec is applied again."""

from __future__ import annotations

import getpass
import re

import pytest

SPEC = """
    version: 1
    pipeline: {name}
    region: us-east-1
    jobs:
      collect:
        image: python:3
        schedules:
          morning: {{cron: "0 6 * * ? *", timezone: America/Detroit}}
          other: {{name: by-hand, rate: 12h}}
          off: {{rate: 1h, enabled: false}}
      scrape: {{image: python:3}}
"""


@pytest.fixture(scope="session")
def paused_names():
    return iter(f"pause{number}" for number in range(1000))


@pytest.fixture
def shop(cloud, spec, paused_names, scrapectl):
    name = next(paused_names)
    spec(SPEC.format(name=name))
    assert scrapectl("apply", "--yes").code == 0
    return name


def schedules(scrapectl, *words):
    return {each["name"]: each for each in scrapectl(*words, "--output", "json").json["schedules"]}


@pytest.mark.usefixtures("shop")
def test_all_of_a_jobs_schedules_are_paused_and_resumed(scrapectl):
    paused = scrapectl("schedule", "pause", "collect")
    assert (paused.code, paused.err) == (0, "")
    assert paused.out.splitlines() == [
        "paused by-hand of collect",
        "paused collect_morning of collect",
        "collect_off of collect is off in the spec (enabled: false)",
    ]
    again = scrapectl("schedule", "pause", "collect")
    assert again.code == 0
    assert re.search(rf"by-hand of collect is paused already, 20\S+Z by {getpass.getuser()}\n", again.out)
    resumed = scrapectl("schedule", "resume", "collect")
    assert re.search(r"^resumed by-hand of collect; starts next 20", resumed.out)
    assert "collect_off of collect is off in the spec (enabled: false), which alone turns it on\n" in resumed.out
    assert scrapectl("schedule", "resume", "collect", "morning").out == "collect_morning of collect is not paused\n"
    assert scrapectl("plan", "--detailed-exitcode").code == 0


def test_a_pause_shows_everywhere_and_has_no_next_start(shop, scrapectl):
    document = scrapectl("schedule", "pause", "collect", "morning", "--output", "json").json
    (told,) = document["schedules"]
    assert (told["name"], told["paused"], told["enabled"], told["next"]) == ("collect_morning", True, False, [])
    assert (told["changed"], told["note"]) == (True, None)
    where = ("--pipeline", shop, "--region", "us-east-1")
    for words in (("schedule", "list"), ("status",), ("schedule", "next", "collect", *where)):
        found = schedules(scrapectl, *words)
        assert (found["collect_morning"]["paused"], found["collect_morning"]["next"]) == (True, [])
        assert (found["by-hand"]["paused"], found["collect_off"]["paused"]) == (False, False)
        assert found["by-hand"]["next"]
    assert re.search(r"collect_morning +collect +.* paused 20\S+Z by \S+ +never", scrapectl("status").out)


@pytest.mark.usefixtures("shop")
def test_a_pause_survives_an_apply_and_the_plan_says_so(scrapectl, tmp_path):
    assert scrapectl("schedule", "pause", "collect", "other").out == "paused by-hand of collect\n"
    plan = scrapectl("plan", "--detailed-exitcode")
    assert plan.code == 0
    assert re.search(r"Note: schedule\.\S+-collect_other: paused 20\S+ by \S+; it starts nothing until", plan.out)
    path = tmp_path / "pipeline.yaml"
    path.write_text(path.read_text().replace("rate: 12h", "rate: 6h"))
    (change,) = scrapectl("plan", "--output", "json").json["changes"]
    assert [field["name"] for field in change["fields"]] == ["expression"]
    assert "paused 20" in change["notes"][0]
    assert scrapectl("apply", "--yes").code == 0
    other = schedules(scrapectl, "schedule", "list")["by-hand"]
    assert (other["schedule"], other["paused"], other["enabled"]) == ("rate(6 hours)", True, False)
    assert scrapectl("plan", "--detailed-exitcode").code == 0
    assert scrapectl("schedule", "resume", "collect", "other").code == 0
    assert schedules(scrapectl, "schedule", "list")["by-hand"]["enabled"] is True
    assert scrapectl("plan", "--detailed-exitcode").code == 0


@pytest.mark.usefixtures("shop")
def test_a_pause_ends_when_the_specs_enabled_is_edited(scrapectl, tmp_path):
    assert scrapectl("schedule", "pause", "collect", "other").out == "paused by-hand of collect\n"
    path = tmp_path / "pipeline.yaml"
    written = path.read_text()
    path.write_text(written.replace("rate: 12h", "rate: 12h, enabled: false"))
    (change,) = scrapectl("plan", "--output", "json").json["changes"]
    assert [(field["name"], field["after"]) for field in change["fields"]] == [("paused", None)]
    assert scrapectl("apply", "--yes").code == 0
    other = schedules(scrapectl, "schedule", "list")["by-hand"]
    assert (other["paused"], other["enabled"]) == (False, False)
    path.write_text(written)
    assert scrapectl("apply", "--yes").code == 0
    assert schedules(scrapectl, "schedule", "list")["by-hand"]["enabled"] is True


def test_an_unknown_job_or_schedule_is_64(shop, scrapectl):
    job = scrapectl("schedule", "pause", "colect")
    assert (job.code, job.out) == (64, "")
    assert 'Did you mean "collect"?' in job.err
    assert f'{shop} has no schedule of "scrape"' in scrapectl("schedule", "pause", "scrape").err
    schedule = scrapectl("schedule", "resume", "collect", "evening")
    assert schedule.code == 64
    assert "It has: by-hand, collect_morning, collect_off." in schedule.err
