"""MariaDB as a stand-in for MySQL: a throw-away data folder on loopback, made by the server's own bootstrap."""

from __future__ import annotations

import signal
from pathlib import Path

from scrapectl.local.databases.engine import Account, DatabaseProblem, Place, first_program

_QUICK = (  # the data live no longer than the embedded cloud
    "--skip-name-resolve",
    "--skip-log-bin",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-log-file-size=8M",
    "--innodb-buffer-pool-size=16M",
    "--innodb-use-native-aio=0",  # a machine has so many of its requests at once for all servers, and no more
)


class MariaDb:
    """See `engine.Engine`."""

    product = "MariaDB"
    package = "mariadb-server"
    users: tuple[str, ...] = ("mysql",)
    stop_signal: int = signal.SIGTERM

    def find(self) -> Path | None:
        """Look on PATH, then where Debian and Homebrew keep it; only with the script that makes its tables."""
        server = first_program("mariadbd", "/usr/sbin/mariadbd", "/opt/homebrew/opt/mariadb/bin/mariadbd")
        return server if server and _installer() else None

    def make(self, place: Place, account: Account) -> None:
        """Make the system tables, then the master user and its database by the server's bootstrap mode."""
        installer = _installer()
        if installer is None:
            raise DatabaseProblem("MariaDB is not installed")
        options = ["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=socket", "--cross-bootstrap"]
        place.run([installer, *options, f"--datadir={place.data}", *_QUICK])
        user = f"{_text(account.username)}@'%'"
        statements = [f"CREATE USER {user} IDENTIFIED BY {_text(account.password)}"]
        statements.append(f"GRANT ALL PRIVILEGES ON *.* TO {user} WITH GRANT OPTION")
        if account.database:
            statements.append(f"CREATE DATABASE {_name(account.database)} CHARACTER SET utf8mb4")
        self._alone(place, statements)

    def argv(self, place: Place, port: int) -> list[str]:
        """TCP on loopback; the socket, which cannot be left out, lies in the server's own folder."""
        encrypted = []
        if place.certificate:
            encrypted = [f"--ssl-cert={place.certificate[0]}", f"--ssl-key={place.certificate[1]}"]
        return [
            *self._server(place),
            *encrypted,
            "--bind-address=127.0.0.1",
            f"--port={port}",
            "--socket=socket",
            f"--pid-file={self.mark(place)}",
            "--character-set-server=utf8mb4",
        ]

    def mark(self, place: Place) -> Path:
        """The file of its process id."""
        return place.data / "server.pid"

    def ready(self, place: Place, port: int) -> bool:  # noqa: ARG002 - it ends when the port is taken
        """The server writes its pid once it listens, and takes the file away when it ends."""
        return self.mark(place).exists()

    def set_password(self, place: Place, account: Account) -> None:
        """Change it by the server's bootstrap mode, which needs no client."""
        user = f"{_text(account.username)}@'%'"
        self._alone(place, [f"ALTER USER {user} IDENTIFIED BY {_text(account.password)}"])

    def _alone(self, place: Place, statements: list[str]) -> None:
        text = "".join(f"{statement};\n" for statement in ("FLUSH PRIVILEGES", *statements))
        place.run([*self._server(place), "--bootstrap"], text)

    def _server(self, place: Place) -> list[str]:
        found = self.find()
        if found is None:
            raise DatabaseProblem("MariaDB is not installed")
        return [str(found), "--no-defaults", f"--datadir={place.data}", *_QUICK]


def _installer() -> Path | None:
    return first_program("mariadb-install-db", "/opt/homebrew/opt/mariadb/bin/mariadb-install-db")


def _name(text: str) -> str:
    return "`" + text.replace("`", "``") + "`"


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
