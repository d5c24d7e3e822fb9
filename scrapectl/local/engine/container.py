"""Turn a job and its image into one container: the command that runs it, and how it ended as AWS says it."""

from __future__ import annotations

import json
import posixpath
import re
import resource
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scrapectl.local.engine.build import Built
from scrapectl.local.engine.choice import Engine, client_environment, is_of_client
from scrapectl.local.jobs.execution_role import NotStarted
from scrapectl.local.jobs.job import Job
from scrapectl.local.jobs.mounts import is_file_system
from scrapectl.local.jobs.process import Command, Ended, LogLine
from scrapectl.local.jobs.submission import command_of

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
KILLED = 137

# What is left to a container that needs to change owners and users; no raw network, no devices, no mounts.
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")

# Fargate's limit of open files; more processes than a scraper has, fewer than a bomb. Never more than we have
# ourselves: to raise a limit takes a capability that not every machine gives.
_LIMITS = {"nofile": (resource.RLIMIT_NOFILE, 65535), "nproc": (resource.RLIMIT_NPROC, 4096)}

# What the runtime of Go, in which the clients are written, obeys (package runtime, "Environment Variables").
_OF_GO = {"GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GORACE", "GOTRACEBACK"}

_ENDED = "{{json .State}}"
_CLIENTS = ("Error: ", "docker: ")
_MORE = ("See 'docker run", "Run 'docker run", "\n")
_WHAT_FAILED = re.compile(r'exec: ".*?": [^:]+')
_AT_ONCE = {"podman": ("--time", "0")}
_NEVER = "0001-01-01"


def command_for(engine: Engine, image: Built, job: Job, environment: Mapping[str, str], scratch: Path) -> Command:
    """Say what runs an attempt of a job in a container that is removed when it has ended."""
    name = f"scrapectl-{job.attempts[-1].task}"
    variables, given = variables_for(engine, environment, scratch / "environment")
    options = [
        *("--name", name, "--label", "scrapectl=local", "--pull", "never", "--network", "host", "--log-driver", "none"),
        *("--cap-drop", "all", *(f"--cap-add={one}" for one in CAPABILITIES)),
        *("--security-opt", "no-new-privileges", *ulimits(), *_memory(engine, job), *_disk(engine, job, image)),
        *variables,
        *(("--user", job.container["user"]) if job.container.get("user") else ()),
    ]
    return Command(
        tuple(engine.command("run", *options, image.name, *command_of(job))),
        {**given, **client_environment()},
        scratch,
        afterwards=(
            tuple(engine.command("inspect", "--type", "container", "--format", _ENDED, name)),
            tuple(removal_of(engine, name)),
        ),
    )


def variables_for(engine: Engine, environment: Mapping[str, str], file: Path) -> tuple[list[str], dict[str, str]]:
    """Say by which options a container gets its variables, and which of them stand in the client's environment.

    No variable's value stands in a command line, which every user of the machine can read: the client takes them from
    its own environment, or, where a variable would change the client itself, from a file that only we can read.

    Raises:
        NotStarted: A variable that would change the client has several lines.
    """
    filed = {key: value for key, value in environment.items() if _moves_client(key)}
    for key, value in filed.items():
        if "\n" in value:  # a line of the file is a variable
            raise NotStarted(
                f"CannotStartContainerError: {key} has several lines, and {engine.name} would obey it itself"
            )
    file.touch(mode=0o600)
    file.write_text("".join(f"{key}={value}\n" for key, value in filed.items()))
    given = {key: value for key, value in environment.items() if key not in filed}
    return ["--env-file", str(file), *(word for key in given for word in ("--env", key))], given


def removal_of(engine: Engine, name: str) -> list[str]:
    """Say what ends a container at once, and removes it."""
    return engine.command("rm", "--force", "--volumes", *_AT_ONCE.get(engine.name, ()), name)


def closed_volumes(image: Built, job: Job) -> list[str]:
    """The job's empty volumes that its user cannot write to, for want of a VOLUME in the Dockerfile."""
    if (job.container.get("user") or image.user).partition(":")[0] in {"", "0", "root"}:
        return []
    mounts = [mount for mount in _empty_volumes(job) if not mount.get("readOnly")]
    declared = {posixpath.normpath(path) for path in image.volumes}
    return [mount["containerPath"] for mount in mounts if posixpath.normpath(mount["containerPath"]) not in declared]


def memory_of(job: Job) -> int:
    """The job's memory in MiB."""
    entries = job.container.get("resourceRequirements") or []
    given = next((entry["value"] for entry in entries if entry["type"] == "MEMORY"), job.container.get("memory"))
    return int(given or 2048)


def oom_kills() -> int:
    """How often this kernel has killed for want of memory; engines do not always notice (podman on cgroup v1)."""
    try:
        text = Path("/proc/vmstat").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("oom_kill ")), 0)


class Output:
    """What a container writes, passed on; but what the client says of a container that never started is held back."""

    def __init__(self, write: Callable[[list[LogLine]], None]) -> None:
        self._write = write
        self._held: list[LogLine] | None = []

    def __call__(self, lines: list[LogLine]) -> None:
        """Take lines; those that look like the client's own are held until it is known whose they are."""
        if self._held is not None:
            self._held += lines
            if all(line.text.startswith(_CLIENTS if not at else _MORE) for at, line in enumerate(self._held)):
                return
            lines, self._held = self._held, None
        self._write(lines)

    def ended(self, ended: Ended, *, oom_before: int, ours: bool) -> Ended:
        """Say how the container ended.

        Args:
            ended: how the client did.
            oom_before: `oom_kills()` when it started.
            ours: whether it was killed on request.
        """
        state = _state(ended)
        if (
            state is not None
            and str(state.get("StartedAt", "")).startswith(_NEVER)
            and not ended.timed_out
            and not ours
        ):
            said = self._held[0].text if self._held else str(state.get("Error") or f"exit {ended.exit_code}")
            found = _WHAT_FAILED.search(said)
            return Ended(None, found[0] if found else said.removeprefix("Error: ").removeprefix("docker: "))
        if self._held:
            self._write(self._held)
        ran_out = state is not None and (state.get("OOMKilled") is True or oom_kills() > oom_before)
        if ended.exit_code == KILLED and ran_out and not ended.timed_out and not ours:
            return replace(ended, reason=OUT_OF_MEMORY)
        return ended


def _state(ended: Ended) -> dict[str, Any] | None:
    """What the engine told of the container after its end; nothing when it could not."""
    try:
        state = json.loads(ended.afterwards[0])
    except (IndexError, ValueError):
        return None
    return state if isinstance(state, dict) else None


def _moves_client(name: str) -> bool:
    return is_of_client(name) or name.startswith(("LD_", "XDG_")) or name in _OF_GO


def ulimits() -> list[str]:
    """The limits of a container, never above our own."""
    found: list[str] = []
    for name, (number, most) in _LIMITS.items():
        ours = resource.getrlimit(number)[1]
        value = most if ours == resource.RLIM_INFINITY else min(most, ours)
        found += ["--ulimit", f"{name}={value}:{value}"]
    return found


def _memory(engine: Engine, job: Job) -> list[str]:
    """The job's memory as a limit that kills, with no swap to flee to."""
    size = f"{memory_of(job)}m"
    return ["--memory", size, "--memory-swap", size] if engine.limits_memory else []


def _disk(engine: Engine, job: Job, image: Built) -> list[str]:
    """A root that takes no writes, where it shall not, the job's empty volumes, and its file systems.

    A volume belongs to root, mode 0755, unless the image declares one at that path (Amazon ECS, "Bind mounts"). Old
    versions of runc give it the mode of the image's folder all the same, so `closed_volumes` is told in the log.
    """
    found: list[str] = []
    if job.container.get("readonlyRootFilesystem"):
        found += ["--read-only", *(("--read-only-tmpfs=false",) if engine.name == "podman" else ())]
    declared = {posixpath.normpath(path) for path in image.volumes}
    for mount in _empty_volumes(job):
        path = posixpath.normpath(mount["containerPath"])
        mode = "ro" if mount.get("readOnly") else "rw"
        empty = ",notmpcopyup" if engine.name == "podman" else ""
        found += ["--tmpfs", f"{path}:{mode},exec,mode={'1777' if path in declared else '0755'}{empty}"]
    for system in job.attempts[-1].mounts:
        found += ["--volume", f"{system.folder}:{system.path}:{'ro' if system.read_only else 'rw'}"]
    return found


def _empty_volumes(job: Job) -> list[dict[str, Any]]:
    """The mount points of a job that are no file systems."""
    return [point for point in job.container.get("mountPoints") or [] if not is_file_system(job, point)]
