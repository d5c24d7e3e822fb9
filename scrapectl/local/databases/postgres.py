"""PostgreSQL as a stand-in: a throw-away cluster on loopback whose master user is no superuser, as on RDS."""

from __future__ import annotations

import re
import secrets
import signal
from pathlib import Path

from scrapectl.local.databases.engine import Account, DatabaseProblem, Place, first_program

_SUPERUSER = "rdsadmin"
_READY_LINE = 7  # of postmaster.pid, counted from 0: its status
_PORT_LINE = 3
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    "fsync": "off",  # the data live no longer than the embedded cloud
    "dynamic_shared_memory_type": "mmap",  # nothing is left in /dev/shm when it is killed
    "log_min_error_statement": "panic",  # statements may hold passwords
    "timezone": "UTC",
}


class Postgres:
    """See `engine.Engine`."""

    product = "PostgreSQL"
    package = "postgresql"
    users: tuple[str, ...] = ("postgres",)
    stop_signal: int = signal.SIGINT  # a fast shutdown: clients are sent away

    def find(self) -> Path | None:
        """Look on PATH, then where Debian, Red Hat and Homebrew keep the newest."""
        places = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
        places += Path("/opt/homebrew/opt").glob("postgresql*/bin")
        newest = sorted(places, key=lambda place: [int(n) for n in re.findall(r"\d+", str(place))], reverse=True)
        found = first_program("initdb", *(place / "initdb" for place in newest))
        return first_program(found.with_name("postgres")) if found else None

    def make(self, place: Place, account: Account) -> None:
        """Make the cluster, then the master user and its database in single-user mode."""
        argv: list[str | Path] = [self._program("initdb"), "--no-sync", "--no-instructions", "--pgdata", place.data]
        argv += ["--username", _SUPERUSER, "--auth", "scram-sha-256", "--no-locale", "--encoding", "UTF8"]
        secret = place.folder / "superuser"
        secret.write_text(secrets.token_urlsafe(24))  # nobody needs it: single-user mode asks for none
        place.give(secret)
        try:
            place.run([*argv, "--pwfile", secret])
        finally:
            secret.unlink()
        user = _name(account.username)
        statements = [
            "CREATE ROLE rds_superuser NOLOGIN",
            f"CREATE ROLE {user} LOGIN CREATEDB CREATEROLE PASSWORD {_text(account.password)} IN ROLE rds_superuser",
            f"GRANT pg_monitor, pg_signal_backend TO {user}",
        ]
        if account.database not in {None, "postgres"}:
            statements.append(f"CREATE DATABASE {_name(account.database or '')} OWNER {user}")
        else:
            statements.append(f"ALTER DATABASE postgres OWNER TO {user}")
        self._alone(place, statements)

    def argv(self, place: Place, port: int) -> list[str]:
        """No socket in the file system: only TCP on loopback, with a password."""
        chosen = dict(_SETTINGS)
        if place.certificate:
            certificate, key = place.certificate
            chosen |= {"ssl": "on", "ssl_cert_file": str(certificate), "ssl_key_file": str(key)}
        settings = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        return [str(self._program("postgres")), "-D", str(place.data), "-p", str(port), *settings]

    def mark(self, place: Place) -> Path:
        """Its lock file, in which it tells how far it is."""
        return place.data / "postmaster.pid"

    def ready(self, place: Place, port: int) -> bool:
        """The server writes so into its own file once it listens."""
        try:
            lines = self.mark(place).read_text().splitlines()
        except OSError:
            return False
        told = lines[_READY_LINE].strip() if len(lines) > _READY_LINE else ""
        return told == "ready" and lines[_PORT_LINE].strip() == str(port)

    def set_password(self, place: Place, account: Account) -> None:
        """Change it in single-user mode, which needs no client."""
        self._alone(place, [f"ALTER ROLE {_name(account.username)} PASSWORD {_text(account.password)}"])

    def _alone(self, place: Place, statements: list[str]) -> None:
        """Run statements in single-user mode, each ended by an empty line: so text may hold anything else."""
        quiet = ["-c", "log_min_messages=fatal", "-c", "log_min_error_statement=panic", "-c", "exit_on_error=on"]
        argv: list[str | Path] = [
            self._program("postgres"),
            "--single",
            "-j",
            "-F",
            *quiet,
            "-D",
            place.data,
            "postgres",
        ]
        place.run(argv, "".join(f"{statement};\n\n" for statement in statements))

    def _program(self, name: str) -> Path:
        found = self.find()
        if found is None:
            raise DatabaseProblem("PostgreSQL is not installed")
        return found.with_name(name)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
