"""Turn a setting, and what answers on this machine, into the container engine that jobs run in, or none."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrapectl.container_engine import ENGINES, answering

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

VARIABLE = "SCRAPECTL_LOCAL_ENGINE"
"""`podman`, `docker` or `none`; without it, whichever answers."""

ANSWERS_WITHIN = 1.0
ASKED_BY_NAME_WITHIN = 5.0

_NEEDED = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
           "DBUS_SESSION_BUS_ADDRESS", "REGISTRY_AUTH_FILE", "STORAGE_DRIVER", "STORAGE_OPTS")  # fmt: skip
_NEEDED_PREFIXES = ("DOCKER_", "CONTAINER", "PODMAN_", "BUILDAH_")


class EngineProblem(Exception):
    """The engine that was asked for by name is not there; the text says so."""


@dataclass(frozen=True)
class Engine:
    """A container engine that answered.

    Attributes:
        name: `docker` or `podman`.
        program: where its client is.
        limits_memory: whether it can hold a container to its memory.
        insisted: whether it was asked for by name, so that nothing else will do.
    """

    name: str
    program: str
    limits_memory: bool = True
    insisted: bool = False

    def command(self, *words: str) -> list[str]:
        """A command line of the client, whose warnings are not to stand among a job's lines."""
        return [self.program, *(("--log-level", "error") if self.name == "podman" else ()), *words]


def choose(environ: Mapping[str, str]) -> Engine | None:
    """Return the engine to run jobs in; None when they are to run as processes.

    Off Linux an engine's containers live in a virtual machine, whose loopback is not that of the embedded cloud: there
    it is taken only when asked for by name.

    Raises:
        EngineProblem: One is asked for by name and does not answer.
    """
    wanted = environ.get(VARIABLE, "").strip().lower()
    if wanted == "none" or (not wanted and sys.platform != "linux"):
        return None
    if wanted and wanted not in ENGINES:
        raise EngineProblem(f"{VARIABLE} is {wanted!r}; it may be podman, docker or none")
    found = answering(ASKED_BY_NAME_WITHIN if wanted else ANSWERS_WITHIN, [wanted] if wanted else ENGINES)
    if found is None:
        if wanted:
            raise EngineProblem(f"{VARIABLE} is {wanted}, and {wanted} does not answer")
        return None
    name, limits = found
    return Engine(name, shutil.which(name) or name, "memory=true" in limits, bool(wanted))


def client_environment() -> dict[str, str]:
    """The variables of this process that an engine's client may need to find its daemon, storage and settings."""
    return {name: value for name, value in os.environ.items() if is_of_client(name)}


def is_of_client(name: str) -> bool:
    """Whether an engine's client may find its daemon, storage or settings by a variable."""
    return name in _NEEDED or name.startswith(_NEEDED_PREFIXES)


class Chosen:
    """The engine of a cloud: asked for once, when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._engine: Engine | None = None
        self._problem = ""

    def engine(self) -> Engine | None:
        """The engine, or None for processes.

        Raises:
            EngineProblem: One is asked for by name and does not answer.
        """
        with self._lock:
            if not self._asked:
                self._asked = True
                try:
                    self._engine = choose(os.environ)
                except EngineProblem as problem:
                    self._problem = str(problem)
        if self._problem:
            raise EngineProblem(self._problem)
        return self._engine

    def name(self) -> str:
        """What `local status` tells: `podman`, `docker`, `none`, or why there is none."""
        try:
            found = self.engine()
        except EngineProblem as problem:
            return str(problem)
        return found.name if found else "none"


def chosen_by(cloud: Cloud) -> Chosen:
    """Return the cloud's one choice."""
    return cloud.store(Chosen, "global")
