"""Turns RDS instances into running servers: one process and one private folder each, gone with the embedded cloud."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scrapectl.local.databases.engine import Account, DatabaseProblem, Engine, Owner, Place
from scrapectl.local.databases.mariadb import MariaDb
from scrapectl.local.databases.postgres import Postgres
from scrapectl.local.jobs.process import Command, Process, base_environment

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

ENGINES: dict[str, Engine] = {"postgres": Postgres(), "mysql": MariaDb()}
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_POLL = 0.01
_PORT_TRIES = 5
_NAME = "databases"


@dataclass
class _Server:
    """One instance's server.

    Attributes:
        port: Kept over a stop and a start, since job definitions hold it.
        lock: What is done to a server is done one after the other.
    """

    engine: Engine
    place: Place
    port: int = 0
    process: Process | None = None
    said: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    lock: threading.Lock = field(default_factory=threading.Lock)


class Servers:
    """The servers of one cloud. Its methods block, a second at most, and must be called without the cloud's lock.

    Args:
        folder: Where data may be kept; a temporary folder when None.
    """

    def __init__(self, folder: Path | None) -> None:
        self._kept_in = folder
        self._folder = _fresh_folder(folder)
        self._servers: dict[str, _Server] = {}
        self.closed = False

    def start(self, key: str, engine: str, account: Account) -> int:
        """Start an instance's server, made when it has none, and return its port once it answers.

        Raises:
            DatabaseProblem: It cannot be made or started.
        """
        server = self._server(key, ENGINES[engine])
        with server.lock:
            if not server.place.data.exists():
                server.place.make_certificate()
                server.engine.make(server.place, account)
            if server.process is None:
                self._serve(server)
            return server.port

    def stop(self, key: str) -> None:
        """End an instance's server; its data stay."""
        if key in self._servers:
            server = self._servers[key]
            with server.lock:
                _end(server)

    def restart(self, key: str, account: Account | None = None) -> None:
        """End a server and start it again, with another password when an account is given.

        Raises:
            DatabaseProblem: It does not start.
        """
        if key not in self._servers:
            return
        server = self._servers[key]
        with server.lock:
            ran = server.process is not None
            _end(server)
            if account is not None:
                server.engine.set_password(server.place, account)
            if ran:
                self._serve(server)

    def remove(self, key: str) -> None:
        """End an instance's server and throw its data away."""
        server = self._servers.pop(key, None)
        if server is not None:
            with server.lock:
                _end(server)
                shutil.rmtree(server.place.folder, ignore_errors=True)

    def close(self) -> None:
        """Kill every server and throw all data away."""
        self.closed = True
        for server in list(self._servers.values()):
            if server.process is not None:
                server.process.kill()
                server.process.wait(_STOP_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._kept_in is not None:
            discard_leftovers(self._kept_in)

    def _server(self, key: str, engine: Engine) -> _Server:
        if key not in self._servers:
            place = Place(self._folder / key, Owner.besides_root(*engine.users))
            place.folder.mkdir(mode=0o700)
            place.give(place.folder)
            self._servers[key] = _Server(engine, place)
        return self._servers[key]

    def _serve(self, server: _Server) -> None:
        for _ in range(_PORT_TRIES):
            port = server.port or _free_port()
            if self._answers(server, port):
                server.port = port
                return
            server.port = 0  # someone else took it
        raise DatabaseProblem(f"{server.engine.product} did not start: {' · '.join(server.said)[-500:]}")

    def _answers(self, server: _Server, port: int) -> bool:
        """Start the process and wait until it is ready; False when it ended before."""
        owner = server.place.owner
        command = Command(
            tuple(server.engine.argv(server.place, port)),
            base_environment() | {"LC_ALL": "C"},
            server.place.folder,
            grace=_STOP_SECONDS,
            stop_signal=server.engine.stop_signal,
            account=(owner.user, owner.group) if owner else None,
        )
        server.said.clear()
        server.engine.mark(server.place).unlink(missing_ok=True)  # of a server that was killed
        process = Process(command, lambda lines: server.said.extend(line.text for line in lines), lambda _: None)
        give_up = time.monotonic() + _START_SECONDS
        while not self.closed and time.monotonic() < give_up:
            if _ended(process, _POLL):
                return False
            if server.engine.ready(server.place, port):
                server.process = process
                return True
        process.kill()
        process.wait(_STOP_SECONDS)
        return False


def _end(server: _Server) -> None:
    if server.process is None:
        return
    server.process.terminate()
    if not _ended(server.process, _STOP_SECONDS):
        server.process.kill()
        server.process.wait(_STOP_SECONDS)
    server.process = None


def _ended(process: Process, seconds: float) -> bool:
    try:
        process.wait(seconds)
    except TimeoutError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _fresh_folder(folder: Path | None) -> Path:
    """Return an empty folder for data, rid of what a killed server left.

    Another user must be able to reach its own folder in it, and cannot through the cache of root: there the folder is
    a temporary one, to which a link in the cache points.
    """
    if folder is not None:
        discard_leftovers(folder)
    link, as_root = folder / _NAME if folder else None, Owner.besides_root() is not None
    if link is not None and not as_root:
        link.mkdir(mode=0o700, parents=True)
        return link
    made = Path(tempfile.mkdtemp(prefix="scrapectl-databases-"))
    if as_root:
        made.chmod(0o711)
    if link is not None:
        link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        link.symlink_to(made)
    return made


def discard_leftovers(folder: Path) -> None:
    """Throw away the data that a killed embedded cloud of this folder left; the servers are gone already."""
    link = folder / _NAME
    if link.is_symlink():
        shutil.rmtree(link.readlink(), ignore_errors=True)
        link.unlink()
    shutil.rmtree(link, ignore_errors=True)


def servers_of(cloud: Cloud) -> Servers | None:
    """Return the cloud's servers, made when first asked for; None when it shall run none."""
    if not cloud.databases:
        return None
    kept = cloud.store(_Kept, "global")
    if kept.servers is None:
        kept.servers = Servers(cloud.state_dir)
        cloud.on_close(kept.servers.close)
    return kept.servers


def installed(engine: str) -> bool:
    """Whether this machine has a server that can stand in for an engine."""
    return engine in ENGINES and ENGINES[engine].find() is not None


def advice(engine: str) -> str:
    """One line that says what to install."""
    known = ENGINES[engine]
    return (
        f"Databases of {engine} refuse connections: {known.product} is not installed here "
        f"(on Debian: apt install {known.package})."
    )


@dataclass
class _Kept:
    servers: Servers | None = None
