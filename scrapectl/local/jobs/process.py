"""Turn a container's command into a process of this machine: lines out, an exit code at the end, nothing left over."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST_LINE = 256 * 1024
"""Bytes of one log event (CloudWatch Logs' classic limit); a longer line becomes several."""

GRACE = 30.0
"""Seconds between SIGTERM and SIGKILL, as on Fargate (stopTimeout's default)."""

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR")
"""What a process cannot well do without; nothing else of the server's environment reaches a job."""

_MINDER = Path(__file__).with_name("minder.py")


@dataclass(frozen=True)
class LogLine:
    """One line of output; `at` is milliseconds since the epoch."""

    at: int
    text: str


@dataclass(frozen=True)
class Command:
    """What to run: the program and its arguments, its whole environment, the folder it starts in.

    Attributes:
        stop_signal: what `terminate` sends.
        account: the user and group it runs as; this process's own when None.
        afterwards: commands that are run when it has ended, also when whoever started it is gone.
        reads: what it finds on its standard input.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    timeout: float | None = None
    grace: float = GRACE
    stop_signal: int = signal.SIGTERM
    account: tuple[int, int] | None = None
    afterwards: tuple[tuple[str, ...], ...] = ()
    reads: str = ""


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        exit_code: 0 to 255 as a container engine says it (128 + n for signal n); None when it never started.
        reason: why it has no exit code of its own; empty otherwise.
        timed_out: the command's own timeout ended it.
        afterwards: what each command that was run afterwards said.
    """

    exit_code: int | None
    reason: str = ""
    timed_out: bool = False
    afterwards: tuple[str, ...] = ()


class Process:
    """A started command. Its callbacks run in a thread of its own, first all lines, then the end, once."""

    def __init__(
        self, command: Command, on_lines: Callable[[list[LogLine]], None], on_end: Callable[[Ended], None]
    ) -> None:
        self._on_lines = on_lines
        self._on_end = on_end
        self._ended: Ended | None = None
        log, write_end = os.pipe()
        try:
            self._minder = _start_minder(write_end)
        finally:
            os.close(write_end)
        self._send(_order(command))
        self._thread = threading.Thread(target=self._follow, args=(log,), name="job", daemon=True)
        self._thread.start()

    def terminate(self) -> None:
        """Ask the command to end, and make it and all that it started end after its grace."""
        self._send(b"terminate\n")

    def kill(self) -> None:
        """End the whole process group at once (SIGKILL)."""
        with contextlib.suppress(OSError):
            self._minder.stdin.close()  # type: ignore[union-attr]

    def wait(self, timeout: float | None = None) -> Ended:
        """Wait until the command has ended and its last line is delivered.

        Raises:
            TimeoutError: after `timeout` seconds.
        """
        self._thread.join(timeout)
        if self._ended is None:
            raise TimeoutError(f"still running after {timeout} s")
        return self._ended

    def _send(self, text: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):  # the minder has ended, or was told to
            self._minder.stdin.write(text)  # type: ignore[union-attr]
            self._minder.stdin.flush()  # type: ignore[union-attr]

    def _follow(self, log: int) -> None:
        with open(log, "rb", buffering=0) as stream:
            for lines in read_lines(lambda: stream.read(64 * 1024)):
                self._on_lines(lines)
        ended = _ended_from(self._minder.stdout.read())  # type: ignore[union-attr]
        self.kill()
        self._minder.stdout.close()  # type: ignore[union-attr]
        self._minder.wait()
        self._ended = ended
        self._on_end(ended)


def base_environment() -> dict[str, str]:
    """What every process gets besides its own variables. Time is UTC, as in a container."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | {"TZ": "UTC"}


def read_lines(read: Callable[[], bytes]) -> Iterator[list[LogLine]]:
    """Cut what `read` gives into lines, each as soon as it is whole; times never go back.

    Args:
        read: returns the next bytes, as they come, and `b""` at the end.

    Yields:
        The lines that became whole with one read; undecodable bytes are replaced.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    rest, at = "", 0
    while chunk := read():
        *whole, rest = (rest + decoder.decode(chunk)).split("\n")
        if len(rest) >= LONGEST_LINE:
            *pieces, rest = _cut(rest)
            whole += pieces
        at = max(at, time.time_ns() // 1_000_000)
        if whole:
            yield _log_lines(at, whole)
    rest += decoder.decode(b"", final=True)
    if rest:
        yield _log_lines(max(at, time.time_ns() // 1_000_000), [rest])


def _log_lines(at: int, lines: list[str]) -> list[LogLine]:
    return [LogLine(at, piece) for line in lines for piece in _cut(line.removesuffix("\r"))]


def _cut(line: str) -> list[str]:
    """Cut a line into pieces of at most LONGEST_LINE bytes of UTF-8, never inside a character."""
    raw = line.encode("utf-8", "replace")
    if len(raw) <= LONGEST_LINE:
        return [line]
    pieces: list[str] = []
    while raw:
        end = LONGEST_LINE
        while end < len(raw) and raw[end] & 0xC0 == 0x80:  # noqa: PLR2004 - a continuation byte of UTF-8
            end -= 1
        pieces.append(raw[:end].decode())
        raw = raw[end:]
    return pieces


def _start_minder(log: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_MINDER), str(log)],
        env=base_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(log,),
        start_new_session=True,
    )


def _order(command: Command) -> bytes:
    order = {
        "argv": list(command.argv),
        "environment": dict(command.environment),
        "folder": str(command.folder),
        "timeout": command.timeout,
        "grace": command.grace,
        "signal": int(command.stop_signal),
        "account": command.account,
        "afterwards": [list(argv) for argv in command.afterwards],
        "reads": command.reads,
    }
    return json.dumps(order).encode() + b"\n"


def _ended_from(events: bytes) -> Ended:
    told: dict[str, Any] = {}
    for line in events.splitlines():
        told |= json.loads(line)
    if isinstance(code := told.get("exit"), int):
        return Ended(code, timed_out=bool(told.get("timed_out")), afterwards=tuple(told.get("afterwards", ())))
    if "error" in told:
        return Ended(None, str(told["error"]))
    return Ended(137, "the process that watched over it was killed")
