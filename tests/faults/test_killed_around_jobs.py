"""What happens to running jobs when the embedded cloud, or the command that follows them, is killed."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.commands import Answer, environment, wait_until
from tests.faults.endpoint import Endpoint
from tests.faults.here import here, with_environment

JOB = """
    import os, pathlib, subprocess, sys, time
    folder = pathlib.Path({folder!r})
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    (folder / "pids.new").write_text(f"{{os.getpid()}} {{helper.pid}}")
    (folder / "pids.new").rename(folder / "pids")
    print("begun", flush=True)
    while not (folder / "go-on").exists():
        time.sleep(0.05)
    (folder / "done").write_text("done")
    print("ended", flush=True)
    """


@pytest.fixture
def notes(spec: Path, tmp_path: Path) -> Path:
    """Where the job writes its process ids (its own, and one that left its group), and waits for `go-on`."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (spec.parent / "scraper" / "go.py").write_text(textwrap.dedent(JOB.format(folder=str(folder))))
    return folder


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Callable[..., Answer]]:
    """Carry out a command line with `--local`, on an embedded cloud of this test's own."""
    run = functools.partial(with_environment, environment(SCRAPECTL_LOCAL_DIR=str(tmp_path / "cloud")))
    yield run
    run("local", "stop")


def test_no_job_outlives_its_cloud_and_the_next_command_starts_another(
    local: Callable[..., Answer], tmp_path: Path, spec: Path, notes: Path
):
    local("apply", spec, "--yes", "--local").well()
    local("run", "collect", "-f", spec, "--local").well()
    wait_until((notes / "pids").exists, lambda: "the job's start")
    pids = [int(pid) for pid in (notes / "pids").read_text().split()]
    assert all(map(lives, pids))

    server = server_of(tmp_path)
    os.kill(server, signal.SIGKILL)
    wait_until(lambda: not any(map(lives, pids)), lambda: f"the end of {pids}", patience=2)
    assert not (notes / "done").exists()

    assert local("plan", spec, "--local", "--detailed-exitcode").code == 2  # all is to be made again
    assert json.loads(local("local", "status", "--output", "json").well().out)["running"]
    assert server_of(tmp_path) != server


def test_a_run_goes_on_when_the_command_that_follows_it_is_killed(endpoint: Endpoint, spec: Path, notes: Path):
    here(endpoint, "apply", spec, "--yes").well()
    follower = endpoint.start("run", "collect", "-f", spec, "--follow")
    follower.wait_for("begun")
    follower.kill()
    assert all(map(lives, map(int, (notes / "pids").read_text().split())))
    (notes / "go-on").touch()
    wait_until((notes / "done").exists, lambda: "the job's end")

    def runs() -> list[dict[str, object]]:
        status = here(endpoint, "status", "-f", spec, "--output", "json").well()
        return list(json.loads(status.out)["runs"])

    wait_until(lambda: runs()[0]["state"] == "SUCCEEDED", lambda: str(runs()))
    assert len(runs()) == 1
    assert "ended" in here(endpoint, "logs", "-f", spec).well().out


def server_of(folder: Path) -> int:
    """The process of the embedded cloud, by its own word."""
    return int(json.loads((folder / "cloud" / "server.json").read_text())["pid"])


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    if Path("/proc/self").exists():
        stat = Path(f"/proc/{pid}/stat")
        shown = stat.read_text().rsplit(")", 1)[1] if stat.exists() else ""
    else:
        ps = ["ps", "-o", "stat=", "-p", str(pid)]
        shown = subprocess.run(ps, capture_output=True, text=True, check=False).stdout
    return shown.strip()[:1] not in {"", "Z", "X"}
