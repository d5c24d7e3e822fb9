"""`share`: a link to the newest object, which anybody may follow, and a mail with it when SES may send one."""

from __future__ import annotations

import urllib.request

import pytest

from scrapectl.local.client import ensure_running

SPEC = """
version: 1
pipeline: {name}
region: us-east-1
buckets: {{raw: {{on_destroy: delete}}}}
"""


@pytest.fixture
def standing(cloud, spec, scrapectl):
    """A pipeline with a bucket in which two objects stand, and boto3's way to the same cloud."""
    import boto3  # noqa: PLC0415 - only this needs it

    name = "sharing"
    spec(SPEC.format(name=name))
    assert scrapectl("apply", "--yes").code == 0
    endpoint = ensure_running(lambda: None)
    keys = {"aws_access_key_id": endpoint.access_key, "aws_secret_access_key": endpoint.secret_key}
    session = boto3.Session(region_name="us-east-1", **keys)
    s3 = session.client("s3", endpoint_url=endpoint.url)
    bucket = f"{name}-raw-123456789012-us-east-1"
    s3.put_object(Bucket=bucket, Key="calendars/old.csv", Body=b"old")
    s3.put_object(Bucket=bucket, Key="calendars/új é.csv", Body=b"new")
    s3.put_object(Bucket=bucket, Key="calendars/folder/", Body=b"")
    yield name, session.client("sesv2", endpoint_url=endpoint.url)
    assert scrapectl("destroy", "--yes", "--delete-data").code == 0


def read(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(url, timeout=60).read()


def test_what_stands_is_shared(standing, scrapectl):
    name, ses = standing
    a_link_leads_to_the_newest_object(name, scrapectl)
    what_cannot_be_shared_is_told(scrapectl)
    a_mail_is_sent_when_ses_sends_for_the_sender(ses, scrapectl)


def a_link_leads_to_the_newest_object(name, scrapectl):
    shared = scrapectl("share", "raw/calendars/", "--expires", "2h", "--output", "json").json
    assert (shared["key"], shared["size"], shared["mailed"]) == ("calendars/új é.csv", 3, None)
    assert read(shared["url"]) == b"new"
    by_name = scrapectl("share", "raw", "--pipeline", name)
    assert read(by_name.out.strip()) == b"new"
    assert "calendars/új é.csv, 3 bytes, until" in by_name.err


def what_cannot_be_shared_is_told(scrapectl):
    for words, told in (
        (["rav"], 'There is no bucket "rav".\nDid you mean "raw"?'),
        (["raw/nothing/"], "Nothing stands in s3://"),
        (["raw", "--expires", "8d"], "--expires 8d: AWS signs links for 1m to 7d."),
        (["raw", "--expires", "soon"], "--expires: "),
        (["raw", "--sender", "a@example.org"], "--sender goes with --email."),
        (["raw", "--email", "no address"], "--email: that is no address of mail."),
    ):
        answer = scrapectl("share", *words)
        assert (answer.code, answer.out) == (64, "")
        assert told in answer.err


def a_mail_is_sent_when_ses_sends_for_the_sender(ses, scrapectl):
    words = ["share", "raw", "--email", "team@example.org", "--sender", "scraper@example.net"]
    refused = scrapectl(*words)
    assert refused.code == 64
    assert "SES in us-east-1 sends for no scraper@example.net yet." in refused.err
    ses.create_email_identity(EmailIdentity="example.net")
    refused = scrapectl(*words)
    assert "SES in us-east-1 is in its sandbox, and sends to no team@example.org." in refused.err
    ses.create_email_identity(EmailIdentity="team@example.org")
    try:
        assert "Sent to team@example.org: calendars/új é.csv" in scrapectl(*words).out
        mail = scrapectl("local", "mail", "--output", "json").json["mails"][-1]
        assert (mail["to"], mail["subject"]) == ("team@example.org", "új é.csv")
        assert read(next(line for line in mail["text"].splitlines() if line.startswith("http"))) == b"new"
        assert scrapectl(*words[:4]).code == 0  # the receiver's own address has been verified
    finally:
        for identity in ("example.net", "team@example.org"):
            ses.delete_email_identity(EmailIdentity=identity)
