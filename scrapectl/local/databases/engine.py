"""What a database server is to the embedded cloud: how it is found, made, started and known to be ready."""

from __future__ import annotations

import os
import pwd
import shutil
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scrapectl.local.jobs.process import Command, Process, base_environment

_HELPER_SECONDS = 60.0
_TOLD_LINES = 20


class DatabaseProblem(Exception):
    """Why a database server does not run, in words for the embedded cloud's log."""


@dataclass(frozen=True)
class Account:
    """The master user of an instance, and the database that is made with it, if any."""

    username: str
    password: str
    database: str | None = None


@dataclass(frozen=True)
class Owner:
    """The user and group a server runs as; database servers refuse to run as root."""

    user: int
    group: int

    @staticmethod
    def besides_root(*names: str) -> Owner | None:
        """Return the first of some users that this machine has, else nobody; None when this process is not root."""
        if os.geteuid() != 0:
            return None
        for name in (*names, "nobody"):
            try:
                found = pwd.getpwnam(name)
            except KeyError:
                continue
            return Owner(found.pw_uid, found.pw_gid)
        raise DatabaseProblem("a database server does not run as root, and there is no other user here")


@dataclass(frozen=True)
class Place:
    """Where one server keeps its data, and as whom it runs."""

    folder: Path
    owner: Owner | None

    @property
    def data(self) -> Path:
        """The server's own folder."""
        return self.folder / "data"

    @property
    def certificate(self) -> tuple[Path, Path] | None:
        """The files of the server's certificate and key; None when there is none."""
        files = self.folder / "server.crt", self.folder / "server.key"
        return files if all(file.exists() for file in files) else None

    def make_certificate(self) -> None:
        """Make a certificate that no one vouches for, so that clients may ask for encryption, as they do of RDS.

        Without openssl there is none, and connections are plain.
        """
        openssl = first_program("openssl")
        if openssl is None:
            return
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650"]
        name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        files: list[str | Path] = ["-out", self.folder / "server.crt", "-keyout", self.folder / "server.key"]
        self.run([openssl, "req", "-x509", *kind, *name, *files])

    def give(self, path: Path) -> None:
        """Make a file or folder the server's, readable by it alone."""
        path.chmod(0o700 if path.is_dir() else 0o600)
        if self.owner is not None:
            os.chown(path, self.owner.user, self.owner.group)

    def run(self, argv: Sequence[str | Path], text: str = "") -> None:
        """Run one of the engine's programs to its end, with `text` on its standard input.

        Raises:
            DatabaseProblem: It failed.
        """
        said: deque[str] = deque(maxlen=_TOLD_LINES)
        command = Command(
            tuple(str(word) for word in argv),
            base_environment() | {"LC_ALL": "C"},
            self.folder,
            timeout=_HELPER_SECONDS,
            grace=0.0,
            account=(self.owner.user, self.owner.group) if self.owner else None,
            reads=text,
        )
        # Under a minder, as the server itself: it ends with the embedded cloud.
        ended = Process(command, lambda lines: said.extend(line.text for line in lines), lambda _: None).wait()
        if ended.exit_code or ended.exit_code is None:
            why = ended.reason or " · ".join(said)[-500:]
            raise DatabaseProblem(f"{Path(argv[0]).name} failed: {why}")


class Engine(Protocol):
    """One database system that may be installed here.

    Attributes:
        product: Its name for people.
        package: What to install.
        users: Users that it may run as when this process is root.
        stop_signal: What makes it end in good order, at once.
    """

    product: str
    package: str
    users: tuple[str, ...]
    stop_signal: int

    def find(self) -> Path | None:
        """Return the server's program; None when it is not installed."""
        ...

    def make(self, place: Place, account: Account) -> None:
        """Make the data folder, the master user and its database; the server does not run."""
        ...

    def argv(self, place: Place, port: int) -> list[str]:
        """Return the command that serves on a port of loopback."""
        ...

    def mark(self, place: Place) -> Path:
        """Return the file that the server writes when it starts."""
        ...

    def ready(self, place: Place, port: int) -> bool:
        """Whether the server that was started, and no other, answers on its port."""
        ...

    def set_password(self, place: Place, account: Account) -> None:
        """Give the master user another password; the server does not run."""
        ...


def first_program(*paths: Path | str | None) -> Path | None:
    """Return the first of some programs, by path or by name on PATH, that can be run here; links are followed."""
    for path in paths:
        found = shutil.which(str(path)) if path else None
        if found:
            return Path(found).resolve()
    return None
