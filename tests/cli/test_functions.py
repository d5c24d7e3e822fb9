"""A function and a workflow from a spec, on the embedded cloud: run, followed, told, stopped, paused."""

from __future__ import annotations

import json
import textwrap

import pytest

SPEC = """
    version: 1
    pipeline: {name}
    region: us-east-1
    jobs:
      collect: {{image: scraper, vcpus: 0.25, memory: 512, retries: 0}}
    images: {{scraper: {{build: ./scraper}}}}
    functions:
      publish:
        code: ./publish
        handler: app.handler
        schedules: {{often: {{rate: 30d, environment: {{ZIP: "9"}}}}}}
    message_queues: {{rows: {{}}}}
    triggers: {{drain: {{on: {{message_queue: rows}}, start: {{function: publish}}}}}}
    workflows:
      process:
        steps: [{{run: collect}}, {{call: publish}}]
        schedules: {{nightly: {{cron: "0 2 * * ? *", input: {{full: "1"}}}}}}
"""
SCRIPT = 'print("collected", flush=True)'
HANDLER = """
    import os
    def handler(event, context):
        print("published", os.environ.get("ZIP", "-"), flush=True)
        if os.environ.get("ZIP") == "bad":
            raise ValueError("no zip")
        return {"n": 1}
"""


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("functions")


@pytest.fixture
def shop(cloud, place, write_spec, scrapectl, monkeypatch):
    """One pipeline for all these tests: its name."""
    monkeypatch.chdir(place)
    if not (place / "pipeline.yaml").exists():
        (place / "publish").mkdir()
        (place / "publish" / "app.py").write_text(textwrap.dedent(HANDLER))
        write_spec(place, SPEC.format(name="fns"), SCRIPT)
        answer = scrapectl("apply", "--yes")
        assert answer.code == 0, answer
    return "fns"


@pytest.mark.usefixtures("shop")
def test_a_function_is_called_and_its_log_and_answer_told(scrapectl):
    answer = scrapectl("run", "publish", "--env", "ZIP=1", "--follow")
    assert answer.code == 0, answer
    assert " published 1\n" in answer.out
    assert 'Answer: {"n": 1}' in answer.err
    document = scrapectl("run", "publish", "--wait", "--env", "ZIP=2", "--output", "json").json
    assert (document["state"], document["exit_code"], document["answer"]) == ("SUCCEEDED", 0, '{"n": 1}')
    logs = scrapectl("logs", document["run"], "--output", "json").lines
    assert "published 2" in [line["text"] for line in logs]
    failed = scrapectl("run", "publish", "--wait", "--env", "ZIP=bad")
    assert failed.code == 1
    assert "ValueError: no zip" in failed.err
    (run, *_) = scrapectl("status", "publish", "--output", "json").json["runs"]
    assert (run["name"], run["state"]) == ("publish", "FAILED")


@pytest.mark.usefixtures("shop")
def test_an_event_is_followed_by_its_id(scrapectl):
    begun = scrapectl("run", "publish", "--env", "ZIP=3", "--output", "json").json
    assert (begun["state"], begun["exit_code"]) == ("SUBMITTED", None)
    assert "published 3" in scrapectl("logs", begun["run"], "--follow").out
    assert scrapectl("stop", "publish").code == 64


@pytest.mark.usefixtures("shop")
def test_a_dry_run_shows_the_request(scrapectl):
    function = scrapectl("run", "publish", "--env", "API_KEY=x", "--dry-run").json["request"]
    assert function["Payload"] == {"environment": {"API_KEY": "********"}}
    workflow = scrapectl("run", "process", "--env", "KEY=in/a", "--env", "TOKEN=y", "--dry-run").json["request"]
    assert workflow["input"] == {"KEY": "in/a", "TOKEN": "********"}
    assert scrapectl("run", "process", "--array", "2").code == 64


@pytest.mark.usefixtures("shop")
def test_schedules_of_functions_and_workflows_are_listed_and_paused(scrapectl):
    from_spec = scrapectl("schedule", "next", "process", "-n", "2", "--output", "json").json["schedules"]
    assert [(each["name"], each["job"], len(each["next"])) for each in from_spec] == [("process_nightly", "process", 2)]
    listed = {each["name"]: each["job"] for each in scrapectl("schedule", "list", "--output", "json").json["schedules"]}
    assert listed == {"process_nightly": "process", "publish_often": "publish"}
    assert scrapectl("schedule", "pause", "publish").out == "paused publish_often of publish\n"
    (shown,) = scrapectl("status", "publish", "--output", "json").json["schedules"]
    assert (shown["name"], shown["paused"]) == ("publish_often", True)
    assert scrapectl("schedule", "resume", "publish", "often").out.startswith("resumed publish_often of publish")


def test_triggers_are_on_or_off_and_all_works_without_the_spec(shop, scrapectl):
    where = ("--pipeline", shop, "--region", "us-east-1")
    document = scrapectl("status", *where, "--output", "json").json
    assert document["triggers"] == [{"name": "drain", "enabled": True}]
    addresses = {each["address"] for each in document["resources"]}
    assert {f"lambda_function.{shop}-publish", f"sfn_state_machine.{shop}-process"} <= addresses
    assert "drain    on\n" in scrapectl("status", *where).out
    assert scrapectl("run", "publish", "--wait", *where).code == 0
    typo = scrapectl("run", "publsh", *where)
    assert (typo.code, typo.err.splitlines()[-1]) == (64, 'Did you mean "publish"?')


@pytest.mark.usefixtures("shop")
def test_a_workflow_is_followed_to_its_end_with_the_logs_of_what_it_ran(scrapectl):
    answer = scrapectl("run", "process", "--follow")
    assert answer.code == 0, answer
    lines = [line[9:] for line in answer.out.splitlines()]
    assert lines[0].startswith("started with {}")
    assert "[collect] collected" in lines
    assert "[call publish] published -" in lines
    (run,) = scrapectl("status", "process", "--output", "json").json["runs"]
    assert (run["state"], run["exit_code"]) == ("SUCCEEDED", 0)
    again = [json.loads(line)["text"] for line in scrapectl("logs", run["run"], "--output", "json").out.splitlines()]
    told = [text for text in again if text in {"collected", "published -", "succeeded"}]
    assert told == ["collected", "published -", "succeeded"]
