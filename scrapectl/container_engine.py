"""Finds the container engine of this machine, docker or podman, by asking whether it answers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable

ENGINES = ("docker", "podman")
"""In the order in which they are asked."""

INSTALL = "Install Docker (https://docs.docker.com/engine/install/) or Podman (https://podman.io) and start it."

_QUESTIONS = {
    "docker": ("info", "--format", "{{if .ServerVersion}}memory={{.MemoryLimit}}{{end}}"),
    "podman": ("info", "--format", "{{range .Host.CgroupControllers}}{{.}}=true {{end}}"),
}


def answering(within: float, among: Iterable[str] = ENGINES) -> tuple[str, str] | None:
    """Return the first engine that answers, with what it says of its limits; None when none does.

    A client whose daemon is away does not count.

    Args:
        within: seconds that each is given.
        among: which are asked, in this order.

    Returns:
        Its name, and words such as `memory=true` for each limit that it can set.
    """
    for engine in among:
        path = shutil.which(engine)
        if path is None:
            continue
        question = [path, *_QUESTIONS[engine]]
        try:
            asked = subprocess.run(question, capture_output=True, text=True, timeout=within, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if asked.returncode == 0 and (engine == "podman" or asked.stdout.strip()):
            return engine, asked.stdout.strip()
    return None
