"""What an instance's `docker run` does with an image that is not ECR's, over a program that pretends to be podman."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from scrapectl.local.hosts.elsewhere import AFTERWARDS
from scrapectl.local.hosts.programs import write_programs

IMAGE = "public.ecr.aws/docker/library/busybox:stable"
ENGINE = """import json, os, sys
from pathlib import Path
if "info" not in sys.argv:
    words = sys.argv[3:]  # --log-level error
    file = words[words.index("--env-file") + 1] if "--env-file" in words else os.devnull
    print(json.dumps([words, dict(os.environ), Path(file).read_text()]))
"""
RUN = ("run", "--rm", "--network", "host", "--env", "A", "--env", "HOME", "--volume", "/srv/out/a:/srv/out/a")


@pytest.fixture
def instance(tmp_path, monkeypatch):
    """`docker WORDS…` as an instance runs it, on a machine whose only engine is made up; its folder besides."""
    engines, scratch = tmp_path / "engines", tmp_path / "i-1"
    for folder in (engines, scratch / "own" / "srv"):
        folder.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(engines))
    monkeypatch.setenv("SCRAPECTL_LOCAL_ENGINE", "podman")
    monkeypatch.setenv("HOME", "/home/me")

    def docker(*words):
        programs = write_programs(scratch, tmp_path / "cache")
        variables = {"PATH": f"{programs}:{engines}", "HOME": "/root", "A": "secret"}
        return subprocess.run([programs / "docker", *words], env=variables, capture_output=True, text=True, check=False)

    podman = engines / "podman"
    podman.write_text(f"#!{sys.executable} -IS\n{ENGINE}")
    podman.chmod(0o755)
    return docker, scratch


def test_the_engine_runs_it_with_its_variables_and_folders_and_removes_it(instance):
    docker, scratch = instance
    done = docker(*RUN, "--volume", "/var/x:/x", IMAGE, "echo", "--env")
    assert (done.returncode, done.stderr) == (0, "")
    words, environment, file = json.loads(done.stdout)
    name = words[words.index("--name") + 1]
    assert (words[0], words[-3:]) == ("run", [IMAGE, "echo", "--env"])
    volumes = [words[at + 1] for at, word in enumerate(words) if word == "--volume"]
    assert volumes == [f"{scratch}/own/srv/out/a:/srv/out/a", "/var/x:/x"]
    assert (environment["A"], environment["HOME"], file) == ("secret", "/home/me", "HOME=/root\n")
    assert "secret" not in " ".join(words)
    tidied = subprocess.run(["/bin/sh", scratch / AFTERWARDS], env={}, capture_output=True, text=True, check=True)
    words, environment, _ = json.loads(tidied.stdout)
    assert (words, environment["HOME"]) == (["rm", "--force", "--volumes", "--time", "0", name], "/home/me")


@pytest.mark.parametrize("image", ["alpine", IMAGE])
def test_without_an_engine_it_says_what_it_takes(instance, monkeypatch, image):
    monkeypatch.setenv("SCRAPECTL_LOCAL_ENGINE", "none")
    docker, _ = instance
    done = docker(*RUN, image)
    assert (done.returncode, done.stdout) == (125, "")
    message = "an image that is not in ECR takes a container engine, and the embedded cloud has none"
    assert done.stderr == f"scrapectl: {image}: {message} (see: scrapectl local status)\n"
