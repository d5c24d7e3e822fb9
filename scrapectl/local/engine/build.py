"""Turn a pushed build folder, or an image from elsewhere, into an image that the engine of this machine can run."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from scrapectl.local.engine.choice import Engine
from scrapectl.local.jobs.dockerfile import bases
from scrapectl.local.jobs.image import ImageProblem, unpack
from scrapectl.local.jobs.process import Command, Process

NAMES = "localhost/scrapectl"
"""Where images that were built for the embedded cloud stand in the engine, each tagged with its digest."""

TOLD_LINES = 30
FORGET_AFTER = 60.0
_LOOKS = 20.0
_WHAT = "{{.Id}}|{{.Config.User}}|{{json .Config.Volumes}}"


class NoBase(Exception):
    """An image that others are built on cannot be had; the text says why."""


@dataclass(frozen=True)
class Built:
    """An image of the engine.

    Attributes:
        name: what to run.
        user: whom the image runs as; empty for root.
        volumes: folders that the image says are volumes.
    """

    name: str
    user: str = ""
    volumes: tuple[str, ...] = ()


@dataclass
class Builder:
    """Builds and fetches images, each once.

    Args:
        engine: what builds.
        folder: where build folders are unpacked for the while.
    """

    engine: Engine
    folder: Path
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _out_of_reach: dict[str, tuple[float, str]] = field(default_factory=dict)

    def image(self, digest: str, fetch: Callable[[], bytes], say: Callable[[str], None]) -> Built:
        """The image of a build folder, built when the engine does not have it yet.

        Args:
            digest: of the pushed image, `sha256:` and 64 hex digits.
            fetch: gives its layer (tar, gzip).
            say: is told what the build said, when it fails.

        Raises:
            NoBase: an image that it is built on cannot be had.
            ImageProblem: the build failed.
        """
        name = f"{NAMES}:{digest.removeprefix('sha256:')}"
        with self._locks.setdefault(name, threading.Lock()):
            found = self._look(name)
            if found is None:
                self._build(name, fetch(), say)
                found = self._look(name)
        if found is None:
            raise ImageProblem(f"CannotPullContainerError: {self.engine.name} built {name} and does not have it")
        return found

    def fetched(self, uri: str) -> Built:
        """An image of another registry, by its id, so that a tag that moves meanwhile changes nothing.

        Raises:
            ImageProblem: the engine cannot pull it.
        """
        with self._locks.setdefault(uri, threading.Lock()):
            problem = "" if self._look(uri) else self._pull(uri)
            found = self._look(uri)
        if found is None:
            raise ImageProblem(f"CannotPullContainerError: {uri}: {problem}")
        return found

    def _build(self, name: str, layer: bytes, say: Callable[[str], None]) -> None:
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="build-") as scratch:
            folder = Path(scratch) / "folder"
            unpack(layer, folder)
            dockerfile = folder / "Dockerfile"
            if not dockerfile.is_file():
                raise ImageProblem("CannotPullContainerError: the build folder has no Dockerfile")
            for base in bases(dockerfile.read_text()):
                self._have(base)
            options = ("--network", "host", "--label", "scrapectl=local", "--tag", name)
            ended, lines = self._run("build", *options, str(folder))
        if ended != 0:
            for line in lines:
                say(f"{self.engine.name} build: {line}")
            why = "; ".join([_last(lines, ended), *_said(lines)])
            raise ImageProblem(f"CannotPullContainerError: {self.engine.name} could not build the image: {why}")

    def _have(self, base: str) -> None:
        """Pull what an image is built on, unless it is here. What was out of reach is not asked for at each attempt."""
        since, problem = self._out_of_reach.get(base, (0.0, ""))
        if self._look(base) is not None:
            return
        if not problem or time.monotonic() - since > FORGET_AFTER:
            problem = self._pull(base)
            self._out_of_reach[base] = time.monotonic(), problem
        if problem:
            raise NoBase(f"{base}: {problem}")

    def _pull(self, name: str) -> str:
        """Pull an image; why it could not be, or nothing."""
        ended, lines = self._run("pull", name)
        return "" if ended == 0 else _last(lines, ended)

    def _run(self, *words: str) -> tuple[int, list[str]]:
        """Run the client to its end, under a minder, so that it does not outlive the server; its last lines."""
        lines: deque[str] = deque(maxlen=TOLD_LINES)
        command = Command(tuple(self.engine.command(*words)), dict(os.environ), self.folder)
        process = Process(command, lambda new: lines.extend(line.text for line in new), lambda _: None)
        ended = process.wait()
        return 1 if ended.exit_code is None else ended.exit_code, [line for line in lines if line.strip()]

    def _look(self, name: str) -> Built | None:
        """The engine's image of a name, by its id; None when it has none."""
        question = self.engine.command("image", "inspect", "--format", _WHAT, name)
        asked = subprocess.run(question, capture_output=True, text=True, timeout=_LOOKS, check=False)
        if asked.returncode != 0 or not asked.stdout.strip():
            return None
        number, user, volumes = asked.stdout.strip().split("|", 2)
        return Built(number, user, tuple(json.loads(volumes) or ()))


def _said(lines: list[str]) -> list[str]:
    """What the step that failed said last: the engine's own last line tells only which one it was."""
    own = ("STEP ", "-->", "Error: ", "ERROR: failed to", "time=")
    return [f"it said: {line.strip()}" for line in lines[:-1] if not line.startswith(own)][-1:]


def _last(lines: list[str], ended: int) -> str:
    return lines[-1].removeprefix("Error: ") if lines else f"exit {ended}"
