"""What an instance does between its start and its own end, also when something goes wrong."""

from __future__ import annotations

import gzip
import json
import os
import signal
import time

import pytest

INSTANCE = "i-0123456789abcdef0"


def await_(met):
    end = time.monotonic() + 20
    while not met():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def ended(account):
    """The instance has ended itself, once, and had its group want one less."""
    (told,) = account.of("TerminateInstanceInAutoScalingGroup")
    assert told == {"Version": "2011-01-01", "InstanceId": INSTANCE, "ShouldDecrementDesiredCapacity": "true"}
    assert account.asked[-1][1] == "TerminateInstanceInAutoScalingGroup"
    return True


def test_setup_and_script_run_as_one_and_their_lines_are_the_log(account, run, tmp_path):
    run(setup=[f"cd {tmp_path}", "export WHERE=here"], script=["echo $WHERE $ZIP $RUN", "pwd", "echo", "echo ü >&2"],
        environment={"ZIP": "02134"})  # fmt: skip
    assert account.log == [f"here 02134 {INSTANCE}", str(tmp_path), " ", "ü", "scrapectl: exit 0"]
    assert account.of("CreateLogStream") == [
        {"logGroupName": "/scrapectl/shop", "logStreamName": f"ingester/{INSTANCE}"}
    ]
    assert ended(account)
    assert not account.of("Publish")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["exit 7"], 7),
        (["false", "echo not reached"], 1),
        (["false | true", "echo not reached"], 1),
        (["echo $NOT_SET", "echo not reached"], 1),
        (["no-such-program"], 127),
        (["kill -9 $$"], 137),
    ],
)
def test_a_script_that_fails_ends_with_its_code_uploads_and_is_told(account, run, tmp_path, lines, code):
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "a é.txt").write_text("a")
    (tmp_path / "out" / "deep" / "empty").touch()
    (tmp_path / "out" / "link").symlink_to("/etc/passwd")
    upload = [{"folder": str(tmp_path / "out"), "bucket": "b", "prefix": "in/"}]
    run(script=lines, upload=upload, topic="arn:aws:sns:us-east-1:1:news")
    assert account.log[-1] == f"scrapectl: exit {code}"
    assert "not reached" not in account.log
    assert account.objects == {"/b/in/a%20%C3%A9.txt": b"a", "/b/in/deep/empty": b""}
    (told,) = account.of("Publish")
    assert told["Subject"] == f"shop: ingester failed (exit {code})"
    assert f"scrapectl logs {INSTANCE} --pipeline shop --region us-east-1" in told["Message"]
    assert ended(account)


def test_secrets_are_variables_and_stand_nowhere(account, run, tmp_path):
    account.secrets = {"arn:one": "hunter22", "arn:two": json.dumps({"password": "correct horse"})}
    secrets = {"ONE": {"arn": "arn:one", "key": ""}, "TWO": {"arn": "arn:two", "key": "password"}}
    look = f"ps axww -o args > {tmp_path}/ps || cat /proc/[0-9]*/cmdline > {tmp_path}/ps"
    run(script=["echo one $ONE two $TWO", look], secrets=secrets)
    assert account.log[0] == "one ******** two ********"
    seen = (tmp_path / "ps").read_bytes()
    assert b"hunter22" not in seen
    assert b"correct horse" not in seen


def test_a_secret_of_many_lines_is_masked_in_each(account, run):
    account.secrets = {"arn:one": "BEGIN KEY\nhunter22\nEND KEY"}
    run(script=['echo "$ONE"', "echo x hunter22"], secrets={"ONE": {"arn": "arn:one", "key": ""}})
    assert account.log == ["********", "********", "********", "x ********", "scrapectl: exit 0"]


def test_a_secret_that_may_not_be_read_is_a_failure_that_is_told(account, run):
    account.refuses = {"GetSecretValue"}
    run(script=["echo not reached"], secrets={"ONE": {"arn": "arn:one", "key": ""}}, topic="arn:t")
    assert account.log[0].startswith("scrapectl: secretsmanager: 400 <Error><Code>AccessDenied")
    assert account.log[-1] == "scrapectl: exit 1"
    assert len(account.of("Publish")) == 1
    assert ended(account)


def test_what_cannot_be_uploaded_fails_the_run(account, run, tmp_path):
    (tmp_path / "a").write_text("a")
    account.refuses = {"PutObject"}
    run(script=["true"], upload=[{"folder": str(tmp_path), "bucket": "b", "prefix": ""}])
    assert account.log[-1] == "scrapectl: exit 1"
    assert any("a was not uploaded: s3: 400" in line for line in account.log)
    assert ended(account)


def test_a_service_that_is_busy_is_asked_again(account, run):
    account.busy = {"CreateLogStream", "PutLogEvents", "TerminateInstanceInAutoScalingGroup"}
    run(script=["echo a"])
    assert account.log == ["a", "scrapectl: exit 0"]
    assert ended(account)


def test_a_timeout_ends_it_and_all_that_it_started(account, run):
    begun = time.monotonic()
    run(script=["trap '' TERM", "sleep 300 & sleep 300"], timeout=0.5)
    assert time.monotonic() - begun < 15
    assert account.log == ["scrapectl: it took longer than its timeout, 0.5 s", "scrapectl: exit 124"]
    assert ended(account)


def test_one_that_is_ended_from_outside_still_uploads(account, start, tmp_path):
    (tmp_path / "out").mkdir()
    upload = [{"folder": str(tmp_path / "out"), "bucket": "b", "prefix": ""}]
    process = start(script=[f"echo half > {tmp_path}/out/a", "echo begun", "sleep 300"], upload=upload)
    await_(lambda: "begun" in account.log)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert account.objects == {"/b/a": b"half\n"}
    assert account.log[-1] == "scrapectl: exit 143"
    assert ended(account)


def test_on_ec2_the_metadata_service_tells_who_it_is_by_imdsv2(account, start):
    process = start(by_metadata=True, script=["sleep 300"])
    account.lifecycle = "Terminated"  # its group ends it: looked for every five seconds
    assert process.wait(timeout=30) == 0
    assert account.log == ["scrapectl: the instance is being ended", "scrapectl: exit 143"]
    assert account.of("TerminateInstanceInAutoScalingGroup")[0]["InstanceId"] == "i-0fromimds"
    assert "/latest/meta-data/iam/security-credentials/role" in account.metadata


def test_an_image_gets_its_variables_by_name_and_its_folders(account, run, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    engine = tmp_path / "bin" / "docker"
    engine.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/words\n[ "$1" = run ] && echo "token $TOKEN" && exit 3\nexit 0\n'
    )
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    account.secrets = {"arn:one": "hunter22"}
    run(image="scraper@sha256:1", command=["collect", "a b"], environment={"ZIP": "1"},
        secrets={"TOKEN": {"arn": "arn:one", "key": ""}},
        upload=[{"folder": f"{tmp_path}/out", "bucket": "b", "prefix": ""}])  # fmt: skip
    (words,) = (tmp_path / "words").read_text().splitlines()
    assert words.startswith("run --rm --network host --env ZIP --env TOKEN --env AWS_REGION")
    assert " --env RUN " in words
    assert words.endswith(f"--volume {tmp_path}/out:{tmp_path}/out scraper@sha256:1 collect a b")
    assert account.log[-3:] == [
        "token ********",
        f"scrapectl: 0 files of {tmp_path}/out uploaded to s3://b/",
        "scrapectl: exit 3",
    ]


def test_it_fits_into_user_data(program):
    from scrapectl.spec.checks.hosts import BOOTSTRAP_BYTES  # noqa: PLC0415 - the program needs nothing of scrapectl

    assert len(gzip.compress(program.encode())) < BOOTSTRAP_BYTES
