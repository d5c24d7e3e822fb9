"""Which engine jobs run in, asked of programs that only pretend to be one."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from scrapectl.local.engine import choice
from scrapectl.local.engine.choice import Chosen, EngineProblem, choose, client_environment


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it yet, on Linux."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def put(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!{sys.executable} -IS\n{script}")
    (folder / name).chmod(0o755)


ANSWERS = "print('memory=true')"
AWAY = "import sys; sys.exit(1)"


def test_whichever_answers_is_taken(engines):
    assert choose({}) is None
    put(engines, "docker", AWAY)
    put(engines, "podman", ANSWERS)
    found = choose({})
    assert found is not None
    assert (found.name, found.program, found.limits_memory, found.insisted) == (
        "podman",
        str(engines / "podman"),
        True,
        False,
    )


def test_an_engine_that_cannot_limit_memory_is_told_no_limit(engines):
    put(engines, "podman", "print('cpu=true pids=true')")
    found = choose({})
    assert found is not None
    assert not found.limits_memory


def test_none_asks_nobody(engines):
    put(engines, "podman", ANSWERS)
    assert choose({"SCRAPECTL_LOCAL_ENGINE": "none"}) is None


def test_one_that_is_asked_for_by_name_must_answer(engines):
    put(engines, "docker", ANSWERS)
    put(engines, "podman", AWAY)
    found = choose({"SCRAPECTL_LOCAL_ENGINE": "docker"})
    assert found is not None
    assert found.insisted
    with pytest.raises(EngineProblem, match="podman does not answer"):
        choose({"SCRAPECTL_LOCAL_ENGINE": "podman"})
    with pytest.raises(EngineProblem, match="it may be podman, docker or none"):
        choose({"SCRAPECTL_LOCAL_ENGINE": "containerd"})


def test_one_that_hangs_is_not_waited_for(engines, monkeypatch):
    monkeypatch.setattr(choice, "ANSWERS_WITHIN", 0.1)
    put(engines, "docker", "import time; time.sleep(30)")
    began = time.monotonic()
    assert choose({}) is None
    assert time.monotonic() - began < 10


def test_off_linux_an_engine_is_taken_only_by_name(engines, monkeypatch):
    put(engines, "docker", ANSWERS)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert choose({}) is None
    assert choose({"SCRAPECTL_LOCAL_ENGINE": "docker"}) is not None


def test_it_is_asked_once_and_told_in_words(engines, monkeypatch):
    monkeypatch.setenv("SCRAPECTL_LOCAL_ENGINE", "podman")
    chosen = Chosen()
    assert chosen.name() == "SCRAPECTL_LOCAL_ENGINE is podman, and podman does not answer"
    put(engines, "podman", ANSWERS)
    with pytest.raises(EngineProblem):
        chosen.engine()
    assert Chosen().name() == "podman"
    monkeypatch.setenv("SCRAPECTL_LOCAL_ENGINE", "none")
    assert Chosen().name() == "none"


def test_a_client_gets_what_it_needs_and_no_more(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/docker.sock")
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", "/etc/storage.conf")
    monkeypatch.setenv("DATABASE_PASSWORD", "canary")
    found = client_environment()
    assert {"DOCKER_HOST", "CONTAINERS_STORAGE_CONF", "PATH"} <= set(found)
    assert "canary" not in found.values()
