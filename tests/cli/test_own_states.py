"""A workflow of the user's own states that fails, from the spec to the one mail that says so."""

from __future__ import annotations

import json
import shlex

from tests.cli.uploads import await_, mails

SPEC = """
    version: 1
    pipeline: owned
    region: eu-west-1
    topics: {team: {email: [team@example.org]}}
    alerts: {to: team}
    workflows: {process: {definition: own.asl.json}}
"""
STATES = {"StartAt": "stop", "States": {"stop": {"Type": "Fail", "Error": "Stopped", "Cause": "nothing to do"}}}


def test_a_failed_run_is_one_mail_with_its_cause_and_what_to_type(cloud, spec, scrapectl):
    file = spec(SPEC)
    (file.parent / "own.asl.json").write_text(json.dumps(STATES))
    applied = scrapectl("apply", "--yes")
    assert applied.code == 0, applied.err
    run = scrapectl("run", "process", "--wait", "--output", "json")
    assert (run.code, run.json["state"]) == (1, "FAILED")
    (mail,) = await_(lambda: [mail for mail in mails(scrapectl) if mail["subject"].startswith("owned: ")])
    assert mail["subject"] == "owned: process failed (Stopped)"
    assert "Cause:     Stopped: nothing to do" in mail["text"]
    (again,) = [line for line in mail["text"].splitlines() if line.startswith("Its log:")]
    logs = scrapectl(*shlex.split(again.partition("scrapectl ")[2]))
    assert logs.code == 0, logs.err
    assert "nothing to do" in logs.out
    assert scrapectl("destroy", "--yes").code == 0
