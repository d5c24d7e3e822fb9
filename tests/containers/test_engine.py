"""What only a container shows: its limits, its user, its disk, and that nothing of it stays."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.containers.stage import Stage, make_stage

PLAIN = {"Dockerfile": 'FROM python:3.13-slim\nCMD ["true"]\n'}
AS_NOBODY = "FROM python:3.13-slim\nUSER 65534\n"
TEMPORARY = {"volumes": [{"name": "tmp"}], "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp"}]}  # noqa: S108 - in the container


@pytest.fixture
def stage(tmp_path, with_podman):
    made = make_stage(tmp_path)
    made.push("plain", PLAIN)
    yield made
    made.cloud.close()
    assert with_podman.containers() == []


def script(stage: Stage, text: str, **params):
    return stage.seen(stage.run(["sh", "-c", text], **params))


def last(seen):
    return seen["attempts"][-1]


def test_more_memory_than_the_job_has_ends_it_as_fargate_does(stage):
    took = last(script(stage, "exec python -c 'bytearray(600 * 2**20)'"))
    assert (took["exit"], took["reason"]) == (137, "OutOfMemoryError: Container killed due to memory usage")


def test_a_job_that_kills_itself_did_not_run_out_of_memory(stage):
    took = last(script(stage, "sh -c 'kill -9 $$'; exit $?"))
    assert (took["exit"], took["reason"]) == (137, None)


def test_a_root_that_takes_no_writes_and_a_tmp_that_does(stage):
    stage.push("nobody", {"Dockerfile": AS_NOBODY + "VOLUME /tmp\n"})
    stage.define(readonlyRootFilesystem=True, **TEMPORARY)
    seen = last(script(stage, "for d in / /var/tmp /run /tmp; do touch $d/x 2>&1 && echo $d; done; id -u; exit 0"))
    assert seen["lines"][-2:] == ["/tmp", "65534"]  # noqa: S108 - in the container
    assert len(seen["lines"]) == 5
    assert all("Read-only file system" in line for line in seen["lines"][:3])


def test_a_tmp_that_will_belong_to_root_on_aws_is_told(stage):
    stage.push("nobody", {"Dockerfile": AS_NOBODY})
    stage.define(readonlyRootFilesystem=True, **TEMPORARY)
    told = last(script(stage, "true"))["lines"]
    assert told == ["scrapectl: on AWS /tmp belongs to root: VOLUME /tmp in the Dockerfile lets its user write there"]


def test_a_container_has_no_more_rights_than_it_needs(stage):
    seen = last(script(stage, "grep -E 'CapEff|NoNewPrivs' /proc/self/status"))
    effective, privileges = (line.split()[1] for line in seen["lines"])
    raw_network, admin, ptrace, nodes = 13, 21, 19, 27
    assert not any(int(effective, 16) >> capability & 1 for capability in (raw_network, admin, ptrace, nodes))
    assert privileges == "1"


def test_no_value_of_a_variable_stands_in_a_command_line(stage):
    canary = "canary-7f3a"
    environment = [{"name": "PASSWORD", "value": canary}, {"name": "DOCKER_TOKEN", "value": canary}]
    job = stage.submit(["sh", "-c", "echo $PASSWORD $DOCKER_TOKEN; sleep 30"], environment=environment)
    stage.until_line(job, f"{canary} {canary}")
    lines = [folder / "cmdline" for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    seen = b" ".join(path.read_bytes() for path in lines if path.exists())
    stage.call("batch", "TerminateJob", jobId=job, reason="seen")
    stage.second(0.01)
    assert b"podman" in seen
    assert canary.encode() not in seen


def test_a_failed_build_is_a_failed_pull_and_its_output_is_in_the_log(stage):
    stage.push("bad", {"Dockerfile": "FROM python:3.13-slim\nRUN echo on the way; exit 4\n"})
    job = stage.run()
    assert job["statusReason"].startswith("CannotPullContainerError: podman could not build the image: ")
    assert job["statusReason"].endswith("; it said: on the way")
    assert "podman build: on the way" in stage.all_lines()


def test_without_its_base_a_job_fails_when_the_engine_was_asked_for(stage):
    stage.push("far", {"Dockerfile": "FROM registry.invalid/none:1\n"})
    assert stage.run()["statusReason"].startswith("CannotPullContainerError: registry.invalid/none:1: ")


def test_without_its_base_a_job_runs_as_a_process_when_no_engine_was_asked_for(tmp_path, with_podman, monkeypatch):
    monkeypatch.delenv("SCRAPECTL_LOCAL_ENGINE")
    monkeypatch.setenv("PATH", _only_podman(tmp_path))
    stage = make_stage(tmp_path / "cloud")
    stage.push("far", {"Dockerfile": "FROM registry.invalid/none:1\n"})
    seen = last(script(stage, "echo ran"))
    stage.cloud.close()
    assert seen["exit"] == 0
    assert seen["lines"][0].startswith("scrapectl: run as a process; podman cannot have registry.invalid/none:1: ")
    assert seen["lines"][-1] == "ran"


def _only_podman(folder: Path) -> str:
    """A PATH without docker, which may or may not answer here."""
    found = folder / "bin"
    found.mkdir()
    for program in Path("/usr/bin").iterdir():
        if program.name != "docker":
            (found / program.name).symlink_to(program)
    return f"{found}:/usr/sbin:/sbin:/bin"


def test_an_image_of_elsewhere_is_run_by_its_id_or_fails_clearly(stage, with_podman):
    with_podman("tag", "docker.io/library/python:3.13-slim", "registry.invalid/tools/python:2")
    stage.define(image="registry.invalid/tools/python:2")
    assert last(script(stage, "echo ran"))["lines"] == ["ran"]
    stage.define(image="registry.invalid/tools/other:2")
    reason = stage.run()["statusReason"]
    assert reason.startswith("CannotPullContainerError: registry.invalid/tools/other:2: ")
    assert "no such host" in reason or "registry.invalid" in reason.split(": ", 2)[2]


def test_a_cloud_that_ends_takes_its_containers_with_it(stage, with_podman):
    job = stage.submit(["sh", "-c", "trap '' TERM; echo on; sleep 60 & wait; sleep 60"])
    stage.until_line(job, "on")
    stage.cloud.close()
    assert with_podman.containers() == []


SERVER = """
import os, sys, time
from pathlib import Path
from tests.containers.stage import make_stage
stage = make_stage(Path(sys.argv[1]))
stage.push("plain", {"Dockerfile": "FROM python:3.13-slim\\n"})
job = stage.submit(["sh", "-c", "trap '' TERM; echo on; while :; do sleep 0.1; done"])
stage.until_line(job, "on")
print("on", flush=True)
time.sleep(60)
"""


def test_no_container_outlives_a_killed_server_by_two_seconds(tmp_path, with_podman):
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"on\n"
    assert len(with_podman.containers()) == 1
    server.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    while with_podman.containers():
        assert time.monotonic() - killed < 2
        time.sleep(0.05)
    server.wait()
    server.stdout.close()


BUILDING = """
import sys, time
from pathlib import Path
from tests.containers.stage import make_stage
stage = make_stage(Path(sys.argv[1]))
stage.push("slow", {"Dockerfile": "FROM python:3.13-slim\\nRUN sleep 61.25\\n"})
stage.submit(["true"])
time.sleep(60)
"""


def _builds() -> list[str]:
    told = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in told if "sleep 61.25" in line and "RUN" not in line]


def test_no_build_outlives_a_killed_server_by_two_seconds(tmp_path, with_podman):
    server = subprocess.Popen([sys.executable, "-c", BUILDING, str(tmp_path)])
    started = time.monotonic()
    while not _builds():
        assert time.monotonic() - started < 60
        time.sleep(0.1)
    server.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    while left := _builds():
        assert time.monotonic() - killed < 2, left
        time.sleep(0.05)
    server.wait()
