"""Checks of this machine: credentials that end soon, and container engines that do not answer."""

from __future__ import annotations

import datetime as dt

import pytest

from scrapectl import container_engine
from scrapectl.aws.identity import Identity
from scrapectl.operate.checks import Health, credentials, engine, versions
from tests.account import example

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("minutes", "health", "said"),
    [
        (None, Health.OK, "arn:x (from env)"),
        (600, Health.OK, "until 2026-11-21 22:00Z"),
        (9, Health.WARN, "9 min left"),
        (-9, Health.WARN, "0 min left"),
    ],
)
def test_credentials_that_end_soon_are_a_warning(minutes, health, said):
    expires = None if minutes is None else NOW + dt.timedelta(minutes=minutes)
    check = credentials(Identity("arn:x", "env", expires), NOW)
    assert check.health is health
    assert said in check.text
    assert bool(check.hint) == (health is Health.WARN)


@pytest.mark.parametrize(("local", "health"), [(False, Health.FAIL), (True, Health.WARN)])
def test_without_an_engine_what_the_spec_builds_cannot_be_built(local, health, monkeypatch):
    monkeypatch.setattr(container_engine, "answering", lambda _seconds: None)
    check = engine(example("quickstart"), local=local)
    assert (check.health, "Install Docker" in check.hint) == (health, True)
    assert engine(None, local=local).health is Health.WARN


def test_the_engine_that_answers_is_told_with_its_version(monkeypatch, tmp_path):
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho 'Docker version 27.1.1, build 6312585'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(container_engine, "answering", lambda _seconds: ("docker", ""))
    assert engine(None, local=False).text == "docker 27.1.1"


def test_versions_name_what_takes_part():
    text = versions().text
    for name in ("scrapectl ", "Python 3.", "boto3 1.", "botocore 1.", "moto 5."):
        assert name in text
