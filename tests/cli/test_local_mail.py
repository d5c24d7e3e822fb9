"""`local mail` shows what an embedded cloud would have sent by mail."""

from __future__ import annotations

import time

import boto3
import pytest

from tests.cli.conftest import PATIENCE


@pytest.fixture
def sns(cloud, scrapectl):
    """SNS of the embedded cloud that the commands use."""
    scrapectl("local", "start")
    told = scrapectl("local", "status", "--output", "json").json
    keys = {"aws_access_key_id": told["access_key"], "aws_secret_access_key": told["secret_key"]}
    return boto3.client("sns", endpoint_url=told["endpoint_url"], region_name=told["region"], **keys)


def until(seen):
    end = time.monotonic() + PATIENCE
    while not (found := seen()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def test_mails_are_shown_newest_last_and_obey_no_one(sns, scrapectl):
    topic = sns.create_topic(Name="mail-news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")

    def mails(subject):
        found = scrapectl("local", "mail", "--output", "json").json["mails"]
        return [mail for mail in found if mail["topic"] == topic and mail["subject"] == subject]

    sns.publish(TopicArn=topic, Subject="First", Message="one\ntwo \x1b[31mred")
    until(lambda: mails("First"))
    sns.publish(TopicArn=topic, Subject="Second", Message="three")
    (second,) = until(lambda: mails("Second"))
    assert (second["to"], second["text"]) == ("ada@example.com", "three")
    text = scrapectl("local", "mail").out
    assert "\x1b" not in text
    first = "To:      ada@example.com\nSubject: First\n  one\n  two red\n\nDate:    "
    assert text.index(first) < text.index("Subject: Second\n  three\n")


def test_a_cloud_that_does_not_run_has_sent_none(scrapectl, tmp_path, monkeypatch):
    monkeypatch.setenv("SCRAPECTL_LOCAL_DIR", str(tmp_path))
    assert scrapectl("local", "mail").out == "No mail was sent.\n"
    assert scrapectl("local", "mail", "--output", "json").json == {"mails": []}
