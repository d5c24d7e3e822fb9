"""Starts, asks and stops the embedded cloud of this checkout; what the command line calls, without AWS libraries."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapectl.errors import EnvironmentProblem
from scrapectl.local import instance
from scrapectl.local.instance import Endpoint, Running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["Endpoint", "Status", "ensure_running", "reset", "serve_foreground", "status", "stop"]

START_SECONDS = 30.0
STOP_SECONDS = 10.0
_PAUSE = 0.02
_FOREIGN = ("AWS_", "MOTO_")
_FOREGROUND = "foreground-"


@dataclass(frozen=True)
class Status:
    """What is known of the embedded cloud.

    Attributes:
        running: Whether a server lives.
        endpoint: Where it answers.
        current: Whether it is of the same versions and source as this program.
        resources: How many of each thing stand in it; they are in memory only, and go when it stops.
        uptime: Seconds since it started.
        memory: Resident MiB.
        engine: What jobs run in: `podman`, `docker`, `none` (processes), or why there is none.
        notes: What is to be known of it, a line each, such as what is not installed.
        pid: Its process.
        folder: Where its log is.
    """

    running: bool
    endpoint: Endpoint | None = None
    current: bool = True
    resources: dict[str, int] = field(default_factory=dict)
    uptime: float = 0.0
    memory: int = 0
    engine: str = ""
    notes: tuple[str, ...] = ()
    pid: int | None = None
    folder: str = ""


def ensure_running(starting: Callable[[], None] | None = None) -> Endpoint:
    """Return the endpoint of this checkout's embedded cloud, starting it when it does not run.

    A server of other versions or source is replaced silently when nothing stands in it. `starting` is called before
    one starts, which takes a second or more.

    Raises:
        EnvironmentProblem: Such a server holds resources, or the start failed.
    """
    folder = instance.directory()
    lock = instance.lock(folder / "start.lock", wait=True)
    try:
        running = _running(folder)
        if running is not None:
            if running.fingerprint == instance.fingerprint():
                return running.endpoint
            _refuse_if_standing(running)
            _stop(folder)
        if starting is not None:
            starting()
        return _start(folder).endpoint
    finally:
        if lock is not None:
            lock.close()


def _refuse_if_standing(running: Running) -> None:
    resources = _ask(running, "GET", "/-/status").get("resources", {})
    if resources:
        count = sum(resources.values())
        raise EnvironmentProblem(
            f"The embedded cloud that runs is of another version, and {count} resources stand in it: "
            "`scrapectl local reset` throws them away and starts afresh."
        )


def status() -> Status:
    """Return what is known of this checkout's embedded cloud; starts nothing."""
    folder = instance.directory()
    running = _running(folder)
    if running is None:
        return Status(running=False, folder=str(folder))
    told = _ask(running, "GET", "/-/status")
    return Status(
        running=True,
        endpoint=running.endpoint,
        current=running.fingerprint == instance.fingerprint(),
        resources=told.get("resources", {}),
        uptime=told.get("uptime", 0.0),
        memory=told.get("memory", 0),
        engine=told.get("engine", ""),
        notes=tuple(told.get("notes", ())),
        pid=running.pid,
        folder=str(folder),
    )


def mails() -> list[dict[str, str]]:
    """Return the mails that this checkout's embedded cloud would have sent, the newest last; starts nothing."""
    running = _running(instance.directory())
    found: list[dict[str, str]] = _ask(running, "GET", "/-/mail")["mails"] if running else []
    return found


def stop() -> bool:
    """Stop this checkout's embedded cloud, with all that stands in it; tell whether one ran."""
    return _stop(instance.directory())


def reset() -> Endpoint:
    """Throw away what stands and start an empty embedded cloud."""
    stop()
    return ensure_running()


def serve_foreground(
    port: int, ready: Callable[[Endpoint], None] | None = None, policies: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Serve a cloud of its own in this process for any AWS client with any credentials, until Ctrl-C.

    Args:
        port: Where to listen; 0 takes a free one.
        ready: Called with the endpoint once it listens.
        policies: IAM policy documents that clients are held to; none: everything is allowed.

    Raises:
        EnvironmentProblem: The port is taken.
    """
    from scrapectl.local.server import serve  # noqa: PLC0415 - only this command pays for AWS libraries

    with _foreground_folder() as folder:
        try:
            serve(folder, port, open_to_all=True, ready=ready, policies=policies)
        except OSError as error:
            raise EnvironmentProblem(
                f"Port {port} cannot be served: {error.strerror}.", "Give another port."
            ) from error


@contextlib.contextmanager
def _foreground_folder() -> Iterator[Path]:
    """A folder of its own for a cloud in the foreground, gone with it; those of killed ones go as well."""
    from scrapectl.local.databases.servers import discard_leftovers  # noqa: PLC0415 - as above

    parent = instance.directory()
    with instance.lock(parent / "foreground.lock", wait=True) or contextlib.nullcontext():
        for left in parent.glob(f"{_FOREGROUND}*"):
            with instance.lock(left / "lock") or contextlib.nullcontext() as unheld:
                if unheld:
                    discard_leftovers(left)
                    shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=_FOREGROUND, dir=parent))
        held = instance.lock(folder / "lock")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            held.close()


def _running(folder: Path) -> Running | None:
    """Return the server that lives; one that is just starting or ending is waited for."""
    deadline = time.monotonic() + START_SECONDS
    while instance.alive(folder):
        running = instance.read(folder)
        if running is not None and _answers(running):
            return running
        if time.monotonic() > deadline:
            raise EnvironmentProblem(f"The embedded cloud lives but does not answer; see {folder}/server.log.")
        time.sleep(_PAUSE)
    return None


def _answers(running: Running) -> bool:
    try:
        _ask(running, "GET", "/-/status")
    except (OSError, EnvironmentProblem):
        return False
    return True


def _start(folder: Path) -> Running:
    if importlib.util.find_spec("moto") is None:
        raise EnvironmentProblem(
            "The embedded cloud is not installed.", "Install it: pip install 'scrapectl[local]'; or leave --local out."
        )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
    root = str(Path(__file__).resolve().parent.parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH", "")]))
    log = os.open(folder / "server.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    (folder / "server.json").unlink(missing_ok=True)
    try:
        # A session of its own: Ctrl-C in the terminal of the command that started it does not reach it.
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapectl.local.server", "--folder", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    finally:
        os.close(log)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        running = instance.read(folder)
        if running is not None and running.pid == process.pid and _answers(running):
            process.returncode = 0  # it lives on without us, so nobody is to wait for it
            return running
        time.sleep(_PAUSE)
    last = (folder / "server.log").read_text(errors="replace").strip().splitlines()[-1:]
    raise EnvironmentProblem(
        f"The embedded cloud did not start: {''.join(last) or 'no answer'}", f"See {folder}/server.log."
    )


def _stop(folder: Path) -> bool:
    if not instance.alive(folder):
        return False
    running = instance.read(folder)
    if running is not None:
        with contextlib.suppress(OSError, EnvironmentProblem):
            _ask(running, "POST", "/-/stop")
    deadline = time.monotonic() + STOP_SECONDS
    while (living := instance.alive(folder)) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    if living and running is not None:
        # The lock says that the server lives, and the file that this is its process.
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, signal.SIGKILL)
    return True


def _ask(running: Running, method: str, path: str) -> dict[str, Any]:
    """Send our own request to a server, never through a proxy.

    Raises:
        OSError: Nobody listens.
        EnvironmentProblem: Another server listens there.
    """
    host = urlsplit(running.endpoint.url)
    connection = http.client.HTTPConnection(host.hostname or "127.0.0.1", host.port, timeout=10)
    try:
        connection.request(method, path, headers={"x-scrapectl-key": running.access_key})
        response = connection.getresponse()
        body = response.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise EnvironmentProblem("Another program listens where the embedded cloud did.")
    answer: dict[str, Any] = json.loads(body)
    return answer
