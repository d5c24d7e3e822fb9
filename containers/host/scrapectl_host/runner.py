"""Programs → their exit codes: run one after the other, until their time is over or the instance goes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from scrapectl_host.aws import Identity
from scrapectl_host.log import Log

TIMED_OUT, STOPPED, NOT_FOUND = 124, 143, 127
GRACE = float(os.environ.get("SCRAPECTL_HOST_GRACE", "30"))  # seconds between SIGTERM and SIGKILL
WATCH = 5.0  # seconds between looks at whether the group ends the instance


def spare(score: int) -> None:
    """Say how soon the kernel may kill this process when memory is short: never (-1000), or before others."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(score))


class Runner:
    """The scraper's processes, one after the other, until they end, their time is over or the instance goes."""

    def __init__(self, log: Log, identity: Identity, seconds: float) -> None:
        self.log, self.identity, self.until = log, identity, time.monotonic() + seconds
        self.process: subprocess.Popen[bytes] | None = None
        self.cut_short = 0  # the exit code that whoever ended it gives
        self.over = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: self.end(STOPPED))
        threading.Thread(target=self._watch, args=(seconds,), daemon=True).start()

    def run(self, argv: list[str], environment: dict[str, str], reads: bytes = b"") -> int:
        """Run a program to its end, its lines into the log; its exit code, as a shell says it."""
        if self.cut_short:
            return self.cut_short
        try:
            self.process = process = subprocess.Popen(
                argv,
                env=environment,
                cwd=os.environ.get("HOME") or "/",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: spare(500),  # noqa: PLW1509 - it writes one file
            )
        except OSError as error:
            self.log.say(f"{argv[0]}: {error.strerror}")
            return NOT_FOUND
        if self.cut_short:
            self._signal(signal.SIGTERM)
        reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        reader.start()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(reads)
            process.stdin.close()
        code = process.wait()
        self._signal(signal.SIGKILL)  # what it left behind
        reader.join(10)
        return self.cut_short or (code if code >= 0 else 128 - code)

    def end(self, code: int) -> None:
        """End what runs and whatever would: politely, then not."""
        self.cut_short = self.cut_short or code
        self._signal(signal.SIGTERM)
        timer = threading.Timer(GRACE, self._signal, (signal.SIGKILL,))
        timer.daemon = True
        timer.start()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.process is not None:
                os.killpg(self.process.pid, number)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        for line in process.stdout or ():
            self.log.say(line.decode(errors="replace").rstrip("\r\n"))

    def _watch(self, seconds: float) -> None:
        while not self.over.wait(min(WATCH, max(0.0, self.until - time.monotonic()))):
            if time.monotonic() >= self.until:
                self.log.say(f"scrapectl: it took longer than its timeout, {seconds:g} s")
                return self.end(TIMED_OUT)
            if self.identity.is_ending():
                self.log.say("scrapectl: the instance is being ended")
                return self.end(STOPPED)
        return None
