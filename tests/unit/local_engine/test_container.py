"""The command line of one container, for both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scrapectl.local.engine.build import Built
from scrapectl.local.engine.choice import Engine
from scrapectl.local.engine.container import closed_volumes, command_for
from scrapectl.local.jobs.execution_role import NotStarted
from scrapectl.local.jobs.job import Attempt, Job
from scrapectl.local.jobs.mounts import Mount
from scrapectl.local.jobs.process import Command

MOUNTS = {"mountPoints": [{"sourceVolume": "tmp", "containerPath": "/scratch/"}]}


def job(**container: Any) -> Job:
    sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
    made = Job("j", "arn", "job", "us-east-1", "queue", "definition", 0, 0, {"resourceRequirements": sizes} | container)
    made.attempts.append(Attempt("task7", "arn", "stream"))
    return made


def command(folder: Path, engine: Engine, environment: dict[str, str] | None = None, **container: Any) -> Command:
    image = Built("sha256:1", "65534", ("/data",))
    return command_for(engine, image, job(command=["collect", "a b"], **container), environment or {}, folder)


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_both_engines_hold_a_job_to_the_same(name, tmp_path):
    argv = command(tmp_path, Engine(name, f"/bin/{name}"), readonlyRootFilesystem=True, **MOUNTS).argv
    text = " ".join(argv)
    for words in (
        "run --name scrapectl-task7",
        "--pull never --network host",
        "--cap-drop all",
        "no-new-privileges",
        "--memory 512m --memory-swap 512m",
        "--read-only",
        "--tmpfs /scratch:rw,exec,mode=0755",
    ):
        assert words in text
    assert argv[-3:] == ("sha256:1", "collect", "a b")


def test_what_one_engine_does_not_know_it_is_not_told(tmp_path):
    docker = command(tmp_path, Engine("docker", "docker"), readonlyRootFilesystem=True, **MOUNTS)
    assert not [word for word in docker.argv if "read-only-tmpfs" in word or "notmpcopyup" in word]
    assert docker.afterwards[1] == ("docker", "rm", "--force", "--volumes", "scrapectl-task7")
    podman = command(tmp_path, Engine("podman", "podman"))
    assert podman.afterwards[1][-3:] == ("--time", "0", "scrapectl-task7")
    assert "--read-only" not in podman.argv


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_a_file_system_is_a_folder_of_this_machine_and_no_scratch_space(name, tmp_path):
    system = {"name": "files-1", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}
    point = {"sourceVolume": "files-1", "containerPath": "/mnt/files", "readOnly": True}
    mounting = job(volumes=[system], mountPoints=[point])
    mounting.attempts[-1].mounts = [Mount(tmp_path / "data", "/mnt/files", read_only=True)]
    image = Built("sha256:1", "65534", ())
    argv = command_for(Engine(name, name), image, mounting, {}, tmp_path).argv
    assert argv[argv.index("--volume") + 1] == f"{tmp_path}/data:/mnt/files:ro"
    assert "--tmpfs" not in argv
    assert closed_volumes(image, mounting) == []


def test_without_the_cgroup_there_is_no_limit(tmp_path):
    assert "--memory" not in command(tmp_path, Engine("podman", "podman", limits_memory=False)).argv


def test_values_stand_in_no_command_line_and_do_not_move_the_client(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", "/etc/docker")
    given = {"SECRET": "canary", "DOCKER_HOST": "tcp://canary:1", "PATH": "/canary", "LINES": "canary\ntwo"}
    made = command(tmp_path, Engine("docker", "docker"), given)
    assert "canary" not in " ".join(made.argv)
    assert (made.environment["SECRET"], made.environment["LINES"]) == ("canary", "canary\ntwo")
    assert "DOCKER_HOST" not in made.environment
    assert made.environment["DOCKER_CONFIG"] == "/etc/docker"
    assert made.environment["PATH"] != "/canary"
    file = tmp_path / "environment"
    assert sorted(file.read_text().splitlines()) == ["DOCKER_HOST=tcp://canary:1", "PATH=/canary"]
    assert file.stat().st_mode & 0o077 == 0


def test_what_only_looks_like_the_clients_own_keeps_its_lines(tmp_path):
    given = {"GOOGLE_CREDENTIALS": "canary\ntwo", "STORAGE_KEY": "canary\nthree", "STORAGE_DRIVER": "s3"}
    made = command(tmp_path, Engine("podman", "podman"), given)
    assert (made.environment["GOOGLE_CREDENTIALS"], made.environment["STORAGE_KEY"]) == ("canary\ntwo", "canary\nthree")
    assert "STORAGE_DRIVER" not in made.environment
    assert (tmp_path / "environment").read_text() == "STORAGE_DRIVER=s3\n"


def test_lines_that_cannot_be_handed_over_are_no_variables_of_their_own(tmp_path):
    with pytest.raises(NotStarted, match="DOCKER_AUTH has several lines"):
        command(tmp_path, Engine("docker", "docker"), {"DOCKER_AUTH": "one\nLD_PRELOAD=two"})


@pytest.mark.parametrize(
    ("user", "volumes", "closed"),
    [("65534", (), ["/tmp"]), ("65534:65534", ("/tmp/",), []), ("", (), []), ("0:0", (), [])],  # noqa: S108
)
def test_volumes_that_a_user_cannot_write_to_are_found(user, volumes, closed):
    mounted = job(mountPoints=[{"sourceVolume": "t", "containerPath": "/tmp"}])  # noqa: S108
    assert closed_volumes(Built("i", user, volumes), mounted) == closed
