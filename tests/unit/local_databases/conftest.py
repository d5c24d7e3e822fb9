"""Both engines, each skipped where it is not installed, and a client that asks a server one question."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from scrapectl.local.databases.servers import ENGINES, advice, installed

PASSWORD = 'it\'s a \\ "pass" word'


def _ask_postgres(port, sql, password, user, database):
    found = shutil.which("psql") or ENGINES["postgres"].find().with_name("psql")
    argv = [found, "-h", "127.0.0.1", "-p", str(port), "-U", user, "-d", database, "-Atqc", sql]
    return argv, {"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"}


def _ask_mysql(port, sql, password, user, database):
    argv = ["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", str(port), "-u", user, "-Ne", sql, database]
    return argv, {"MYSQL_PWD": password}


@pytest.fixture
def ask():
    """A function that runs SQL and returns what it prints; raises with the server's words when it may not."""

    def run(engine, port, sql, password=PASSWORD, user="results", database="results", encrypted=False):
        question = _ask_postgres if engine == "postgres" else _ask_mysql
        argv, variables = question(port, sql, password, user, database)
        if encrypted and engine == "postgres":
            variables["PGSSLMODE"] = "require"
        elif encrypted:
            argv.insert(2, "--ssl")
        ended = subprocess.run(argv, env=os.environ | variables, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise ConnectionError(ended.stderr)
        return ended.stdout.strip()

    return run


@pytest.fixture(scope="session", params=["postgres", "mysql"])
def engine(request):
    """Each engine."""
    if not installed(request.param):
        pytest.skip(advice(request.param))
    return request.param


@pytest.fixture
def quick_engine():
    """PostgreSQL alone, for what does not depend on the engine: the other takes longer to be made."""
    if not installed("postgres"):
        pytest.skip(advice("postgres"))
    return "postgres"
