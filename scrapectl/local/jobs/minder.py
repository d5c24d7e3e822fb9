"""Turn one order on standard input into a process tree that never outlives the pipe the order came through.

Run as a script of its own (`python -I -S minder.py LOG_FD`), so that neither the command nor its environment, which
may hold secrets, ever stands in a command line. Standard input: one JSON line `{"argv": [...], "environment": {...},
"folder": "...", "timeout": seconds or null, "grace": seconds, "signal": what terminates it, "account": [user, group]
or null, "afterwards": [[...], ...], "reads": "..."}`, then a line for each request to terminate; its end means that
whoever asked is gone. Standard output: one JSON line when the command started, one when it ended, with what the
commands to be run afterwards said.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
AFTERWARDS_SECONDS = 60.0


def main() -> None:
    """Start what is ordered, watch over it, tell how it ended."""
    log = int(sys.argv[1])
    order = json.loads(sys.stdin.buffer.readline())
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        child = _start(order, log)
    except (OSError, ValueError) as error:
        _tell(error=_start_error(order["argv"][0], error))
        return
    os.close(log)  # the log ends when the last process of the job has ended
    _tell(pid=child.pid)
    if child.stdin is not None:
        threading.Thread(target=_feed, args=(child.stdin, order["reads"]), daemon=True).start()
    watch = _Watch(child, order["signal"], float(order["grace"]))
    threading.Thread(target=watch.obey, daemon=True).start()
    if order["timeout"] is not None:
        _later(float(order["timeout"]), watch.time_out)
    code = _reap_until(child.pid)
    _kill_group(child.pid)
    said = _afterwards(order)
    _kill_orphans()
    _tell(exit=code if code >= 0 else 128 - code, timed_out=watch.timed_out, afterwards=said)
    os._exit(0)  # a tidy exit would wait a second for the thread that reads standard input


def _start(order: dict[str, Any], log: int) -> subprocess.Popen[bytes]:
    user, group = order["account"] or (None, None)
    return subprocess.Popen(
        order["argv"],
        env=order["environment"],
        cwd=order["folder"],
        stdin=subprocess.PIPE if order["reads"] else subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        user=user,
        group=group,
        extra_groups=None if user is None else [],
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - no thread runs yet
    )


def _reap_until(pid: int) -> int:
    """Wait for a process, and meanwhile bury every orphan, as an init does.

    Whoever waits for an orphan to be gone (podman for its conmon) would else see one that ended as alive.
    """
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            return os.waitstatus_to_exitcode(status)


def _feed(stdin: IO[bytes], text: str) -> None:
    with contextlib.suppress(BrokenPipeError), stdin:  # it need not read all
        stdin.write(text.encode())


def _afterwards(order: dict[str, Any]) -> list[str]:
    """Run what is to be run when the command has ended, however it did; what each said on standard output."""
    return [_said_by(argv, order["environment"]) for argv in order["afterwards"]]


def _said_by(argv: list[str], environment: dict[str, str]) -> str:
    """Run one to its end, burying orphans meanwhile: podman waits for a killed container's conmon to be gone."""
    try:
        child = subprocess.Popen(
            argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return ""
    said: list[bytes] = []
    reader = threading.Thread(target=lambda: said.append(child.stdout.read()), daemon=True)  # type: ignore[union-attr]
    reader.start()
    end = _later(AFTERWARDS_SECONDS, lambda: os.kill(child.pid, signal.SIGKILL))
    code = child.returncode = _reap_until(child.pid)
    end.cancel()
    reader.join(1.0)
    return b"".join(said).decode(errors="replace") if code >= 0 else ""


class _Watch:
    """What may end the command before it ends by itself."""

    def __init__(self, child: subprocess.Popen[bytes], stop_signal: int, grace: float) -> None:
        self.child = child
        self.stop_signal = stop_signal
        self.grace = grace
        self.timed_out = False

    def obey(self) -> None:
        """Terminate on each line of standard input, kill at its end."""
        for _ in sys.stdin.buffer:
            self.terminate()
        _kill_group(self.child.pid)

    def time_out(self) -> None:
        self.timed_out = True
        self.terminate()

    def terminate(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            # As in a container: the first process is told; what it does not tell its own ends with it.
            os.kill(self.child.pid, self.stop_signal)
        _later(self.grace, lambda: _kill_group(self.child.pid))


def _later(seconds: float, act: object) -> threading.Timer:
    timer = threading.Timer(seconds, act)  # type: ignore[arg-type]
    timer.daemon = True
    timer.start()
    return timer


def _tell(**event: object) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


def _start_error(program: str, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f'exec: "{program}": executable file not found in $PATH'
    return f'exec: "{program}": {(getattr(error, "strerror", "") or str(error)).lower()}'


def _die_with_parent() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    """Ask the Linux kernel; elsewhere there is no such call, and the process group alone must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _kill_group(group: int) -> None:
    # macOS answers EPERM for a group whose members are all zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _kill_orphans() -> None:
    """Kill what left the process group: as in a container, nothing outlives the first process."""
    while orphans := _children():
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in orphans:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children() -> list[int]:
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        return []
    found: list[int] = []
    for task in tasks.iterdir():
        with contextlib.suppress(OSError):
            found += [int(pid) for pid in (task / "children").read_text().split()]
    return found


if __name__ == "__main__":
    main()
