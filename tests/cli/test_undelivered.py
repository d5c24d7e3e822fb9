"""A schedule that cannot start its job, from the spec to the one mail that says so."""

from __future__ import annotations

import datetime as dt
import shlex
import time

import boto3
import pytest

PATIENCE = 100.0
SPEC = """
    version: 1
    pipeline: late
    stages: {{eu: {{}}}}
    region: eu-west-1
    images: {{scraper: {{build: ./scraper}}}}
    topics: {{team: {{email: [team@example.org]}}}}
    alerts: {{to: team, dead_letters: true}}
    job_queues: {{default: {{shares: {{low: 1, high: 4}}}}}}
    jobs:
      collect:
        image: scraper
        vcpus: 0.25
        memory: 512
        environment: {{ZIP: "48104"}}
        schedules:
          soon: {{rate: 1m, from_date: "{start}", enabled: {enabled}, share: high, environment: {{ZIP: "10001"}}}}
"""


@pytest.fixture
def batch(cloud, scrapectl):
    """Batch of the embedded cloud, as somebody else in the account has it."""
    scrapectl("local", "start")
    told = scrapectl("local", "status", "--output", "json").json
    keys = {"aws_access_key_id": told["access_key"], "aws_secret_access_key": told["secret_key"]}
    return boto3.client("batch", endpoint_url=told["endpoint_url"], region_name="eu-west-1", **keys)


def test_a_schedule_whose_job_is_gone_is_one_mail_with_what_to_type(batch, spec, scrapectl):
    def mails():
        found = scrapectl("local", "mail", "--output", "json").json["mails"]
        return [mail for mail in found if mail["subject"].startswith("late.eu: ")]

    began, soon = time.monotonic(), 0.0
    for enabled in ("false", "true"):  # turning it on takes less than the first apply, on a busy machine, too
        start = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=soon)).strftime("%Y-%m-%dT%H:%M:%SZ")
        spec(SPEC.format(enabled=enabled, start=start), "import os\nprint('read', os.environ['ZIP'])\n")
        applied = scrapectl("apply", "--yes", "--stage", "eu")
        assert applied.code == 0, applied.err
        soon = 2 + time.monotonic() - began
    batch.deregister_job_definition(jobDefinition="late-eu-collect:1")

    end = time.monotonic() + PATIENCE
    while not mails():
        assert time.monotonic() < end, "no mail"
        time.sleep(0.1)
    time.sleep(1)  # a moment longer shows that there is no second
    (mail,) = mails()
    lines = dict(line.split(": ", 1) for line in mail["text"].splitlines() if ": " in line)
    told = {name: text.strip() for name, text in lines.items()}
    assert mail["to"] == "team@example.org"
    assert mail["subject"] == "late.eu: collect was not started (ClientException)"
    assert told["Schedule"] == "collect_soon"
    assert told["Cause"].startswith("ClientException: ")
    assert "late-eu-collect" in told["Cause"]

    assert scrapectl("apply", "--yes", "--stage", "eu").code == 0  # the job is there again
    program, *words = shlex.split(told["Do it now"])
    assert program == "scrapectl"
    run = scrapectl(*words, "--wait", "--output", "json").json["run"]
    assert scrapectl("logs", run, "--stage", "eu").out.endswith(" read 10001\n")
    assert len(mails()) == 1
    assert scrapectl("destroy", "--yes", "--stage", "eu").code == 0
