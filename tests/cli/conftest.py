"""The command line in this process or in another, and an embedded cloud of these tests' own."""

from __future__ import annotations

import functools
import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scrapectl.cli import main

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "scrapectl"]
PATIENCE = 120.0  # seconds, for one command on a busy machine


@dataclass(frozen=True)
class Answer:
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Answer]


@contextmanager
def started(*words: object, patience: float = PATIENCE, **streams: Any) -> Iterator[subprocess.Popen[str]]:
    """Begin a command line as a user does. It is killed in the end, and after `patience`: no read waits for ever."""
    # A shell's background job is deaf to Ctrl-C, and so is what it starts; a handler of ours is not handed down.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | streams
    given["env"] = {**os.environ, "PYTHONPATH": str(ROOT)} | given.get("env", {})
    with subprocess.Popen([*COMMAND, *map(str, words)], **given) as process:
        killer = threading.Timer(patience, process.kill)
        killer.daemon = True
        killer.start()
        try:
            yield process
        finally:
            killer.cancel()
            process.kill()


@contextmanager
def served(*words: object, log: Any = None) -> Iterator[str]:
    """The embedded cloud in the foreground, until Ctrl-C: its address."""
    with started("local", "start", "--foreground", *words, patience=600.0, stderr=log) as serving:
        assert serving.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", serving.stdout.readline())
        assert found
        yield found[0]
        serving.send_signal(signal.SIGINT)
        assert serving.wait(timeout=PATIENCE) == 0


def leave_alone(patched: pytest.MonkeyPatch) -> None:
    """Take what is the user's own out of the environment: settings and credentials."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "SCRAPECTL_")) or name in {"NO_COLOR", "FORCE_COLOR"}:
            patched.delenv(name)
    patched.setenv("AWS_CONFIG_FILE", "/nowhere/config")
    patched.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")
    patched.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patched.setenv("SCRAPECTL_LOCAL_ENGINE", "none")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the user's own: no spec here, no settings, no credentials."""
    leave_alone(monkeypatch)
    monkeypatch.chdir(tmp_path)


_CLIENTS: dict[str, Any] = {}


@pytest.fixture(autouse=True, scope="module")
def _clients_made_once() -> Iterator[None]:
    """Making clients takes longer than most calls, and each of these commands opens AWS as a process of its own would.

    A client depends on the environment as well, which tests change.
    """
    from scrapectl.aws import session  # noqa: PLC0415 - only tests with a cloud need it

    make = session.make_client

    def make_once(boto: Any, where: session.Where, *asked: Any) -> Any:
        around = sorted(item for item in os.environ.items() if re.match("(?i)aws_|.*proxy", item[0]))
        key = repr((boto.region_name, boto.profile_name, where, asked, around))
        if key not in _CLIENTS:
            _CLIENTS[key] = make(boto, where, *asked)
        return _CLIENTS[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(session, "make_client", make_once)
        yield


@pytest.fixture
def scrapectl(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Carry out a command line in this process, with `stdin` as its input where it is given."""

    def run(*words: object, stdin: str | None = None) -> Answer:
        capsys.readouterr()
        with monkeypatch.context() as given:
            if stdin is not None:
                given.setattr(sys, "stdin", io.StringIO(stdin))
            code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture
def process() -> Run:
    """Carry out a command line in another process, with `stdin` as its input."""

    def run(*words: object, stdin: str = "", **environment: str) -> Answer:
        ended = subprocess.run(
            [*COMMAND, *map(str, words)],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )
        return Answer(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def write_spec() -> Callable[..., Path]:
    """Write a spec into a folder, beside an image's folder with a script that the test gives."""

    def write(folder: Path, text: str, script: str = "", name: str = "pipeline.yaml") -> Path:
        image = folder / "scraper"
        image.mkdir(exist_ok=True)
        dockerfile = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["python", "go.py"]\n'
        (image / "Dockerfile").write_text(dockerfile)
        (image / "go.py").write_text(textwrap.dedent(script))
        path = folder / name
        path.write_text(textwrap.dedent(text).lstrip())
        return path

    return write


@pytest.fixture
def spec(tmp_path: Path, write_spec: Callable[..., Path]) -> Callable[..., Path]:
    """The same, into the test's own folder, which is where commands are carried out."""
    return functools.partial(write_spec, tmp_path)


def share_environments(cloud: Path, folders: pytest.TempPathFactory) -> None:
    """Have an embedded cloud install what jobs require where all clouds of all these tests' processes look for it."""
    whole = folders.getbasetemp()
    shared = (whole.parent if "PYTEST_XDIST_WORKER" in os.environ else whole) / "environments"
    shared.mkdir(mode=0o700, exist_ok=True)
    (cloud / "jobs").mkdir(mode=0o700)
    (cloud / "jobs" / "environments").symlink_to(shared)


@pytest.fixture(scope="session")
def cloud_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the embedded cloud of this session lives; it is stopped in the end."""
    from scrapectl.local import client  # noqa: PLC0415 - only tests with a cloud need it

    folder = tmp_path_factory.mktemp("cloud")
    folder.chmod(0o700)
    share_environments(folder, tmp_path_factory)
    yield folder
    os.environ["SCRAPECTL_LOCAL_DIR"] = str(folder)
    try:
        client.stop()
    finally:
        del os.environ["SCRAPECTL_LOCAL_DIR"]


@pytest.fixture
def cloud(cloud_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`--local` for every command of the test; tests keep apart by the names of their pipelines."""
    monkeypatch.setenv("SCRAPECTL_LOCAL_DIR", str(cloud_folder))
    monkeypatch.setenv("SCRAPECTL_LOCAL", "1")
    monkeypatch.setenv("SCRAPECTL_LOCAL_HURRY", "10")  # a workflow asks each ten seconds whether its copy is done
    return cloud_folder
