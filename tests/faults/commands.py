"""A command line → a process of its own that can be watched, interrupted and killed, and what it comes to."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.account import REGION, ROOT

PATIENCE = 40.0  # seconds for any one command; the lease of a dead holder would cost 60 more than a command takes


@dataclass
class Command:
    """A command line that runs; what it says is kept as it comes."""

    process: subprocess.Popen[str]
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        streams = ((self.process.stdout, self.out), (self.process.stderr, self.err))
        self._readers = [threading.Thread(target=_read, args=pair, daemon=True) for pair in streams]
        for reader in self._readers:
            reader.start()

    def end(self, patience: float = PATIENCE) -> Answer:
        """Wait for its end; one that takes longer than `patience` seconds is killed, and that is an error."""
        began = time.monotonic()
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end after {patience} s:\n{self.said}") from None
        for reader in self._readers:
            reader.join(5)
        return Answer(code, "".join(self.out), "".join(self.err), time.monotonic() - began)

    def kill(self) -> None:
        """End it as a power cut would, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> None:
        """Press Ctrl-C, and wait until it has come: of two that are on their way at once, one would be dropped."""
        self.process.send_signal(signal.SIGINT)
        state = Path(f"/proc/{self.process.pid}/status")
        wait_until(lambda: not (state.exists() and _waits(state.read_text())), lambda: f"no Ctrl-C:\n{self.said}")
        time.sleep(0.3)  # the system has handed it over: now Python's turn

    @property
    def said(self) -> str:
        """Everything it said so far."""
        return "".join(self.out) + "".join(self.err)

    def wait_for(self, text: str) -> None:
        """Wait until it has said something."""
        wait_until(lambda: text in self.said, lambda: f"{text!r} in:\n{self.said}")


@dataclass(frozen=True)
class Answer:
    """What a command line came to, and how many seconds its end took."""

    code: int
    out: str
    err: str
    seconds: float

    def well(self) -> Answer:
        """It must have ended with 0."""
        assert self.code == 0, f"exit code {self.code}:\n{self.out}\n{self.err}"
        return self


def environment(**more: str) -> dict[str, str]:
    """What a command line of these tests inherits: nothing of the user's own but the path."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
    none = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull) | {
        "SCRAPECTL_LOCAL_ENGINE": "none"
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, **keys, **none, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": str(ROOT), **more}


def start(line: list[str], env: dict[str, str], folder: Path = ROOT) -> Command:
    """Start a command line, in a process group of its own."""
    return Command(
        subprocess.Popen(
            line, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
        )
    )


def wait_until(holds: Callable[[], object], what: Callable[[], str], patience: float = PATIENCE) -> None:
    """Wait until something holds."""
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, f"not within {patience} s: {what()}"
        time.sleep(0.02)


def _waits(state: str) -> bool:
    """Whether a SIGINT is still to be handed to a process, by Linux's word on it (proc(5))."""
    masks = (line.split()[1] for line in state.splitlines() if line.startswith(("SigPnd:", "ShdPnd:")))
    return any(int(mask, 16) & 1 << signal.SIGINT - 1 for mask in masks)


def _read(stream: Any, lines: list[str]) -> None:
    with stream:
        lines.extend(iter(stream.readline, ""))
