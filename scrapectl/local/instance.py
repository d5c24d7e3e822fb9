"""Where an embedded cloud of this checkout keeps its lock, its key and its log, and how one tells that it is alive."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

from scrapectl.errors import EnvironmentProblem

DIRECTORY_VARIABLE = "SCRAPECTL_LOCAL_DIR"
_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Endpoint:
    """Where an embedded cloud answers, and with which keys."""

    url: str
    access_key: str
    secret_key: str
    region: str = "us-east-1"


@dataclass(frozen=True)
class Running:
    """What a server writes down about itself."""

    port: int
    access_key: str
    secret_key: str
    pid: int
    fingerprint: str
    started: float

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers."""
        return Endpoint(f"http://127.0.0.1:{self.port}", self.access_key, self.secret_key)


def directory() -> Path:
    """Return this checkout's folder in the user's cache, made with mode 0700; `SCRAPECTL_LOCAL_DIR` names another.

    Raises:
        EnvironmentProblem: It belongs to someone else, or others may read it.
    """
    given = os.environ.get(DIRECTORY_VARIABLE)
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.sha256(str(_PACKAGE.parent).encode()).hexdigest()[:16]
    path = Path(given) if given else cache_home / "scrapectl" / name
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = path.stat()
    if about.st_uid != os.getuid():
        raise EnvironmentProblem(f"{path} belongs to another user, so the embedded cloud does not use it.")
    if about.st_mode & 0o077:
        path.chmod(0o700)
    return path


@cache
def fingerprint() -> str:
    """Return what tells two embedded clouds apart: versions of scrapectl, moto, botocore, Python, and the source."""
    digest = hashlib.sha256(sys.version.encode())
    for package in ("scrapectl", "moto", "botocore"):
        try:
            digest.update(f"{package}={version(package)};".encode())
        except PackageNotFoundError:
            digest.update(f"{package}=none;".encode())
    for path in sorted((_PACKAGE / "local").rglob("*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def lock(path: Path, *, wait: bool = False, shared: bool = False) -> IO[bytes] | None:
    """Take the lock of a file and return what holds it; None when another process has it.

    The kernel lets go of it when the holder ends, however it ends: so a held lock, and not a process id, means alive.
    """
    handle = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "rb+")
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        handle.close()
        return None
    return handle


def alive(folder: Path) -> bool:
    """Whether a server of this folder lives; asked by a shared lock, lest two who ask take each other for it."""
    holder = lock(folder / "lock", shared=True)
    if holder is None:
        return True
    holder.close()
    return False


def write(folder: Path, running: Running) -> None:
    """Write down a running server, readable by this user alone, in one step."""
    fresh = folder / "server.json.new"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(running), file)
    fresh.replace(folder / "server.json")


def read(folder: Path) -> Running | None:
    """Return what the last server wrote down; None when it wrote nothing readable."""
    try:
        return Running(**json.loads((folder / "server.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
