"""A real server is made, reached with the password alone, stopped with its data kept, and leaves nothing behind."""

from __future__ import annotations

import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scrapectl.local.databases.engine import Account, DatabaseProblem, Place
from scrapectl.local.databases.servers import Servers, discard_leftovers

from .conftest import PASSWORD

ROOT = Path(__file__).parents[3]
ACCOUNT = Account("results", PASSWORD, "results")
TABLE = "CREATE TABLE t (a INT); INSERT INTO t VALUES (7)"


@pytest.fixture
def servers(tmp_path):
    made = Servers(tmp_path)
    yield made
    made.close()


def _running(folder):
    """The processes whose command line or working folder is in a folder."""
    found = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout.splitlines()
    wanted = str(folder.resolve())
    named = {int(line.split()[0]) for line in found if wanted in line and "ps -eo" not in line}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "cwd").readlink()).startswith(wanted):
                named.add(int(process.name))
        except OSError:
            continue
    return named


@pytest.fixture(scope="module")
def standing(engine, tmp_path_factory):
    """The servers of a cloud that none of its tests changes, and the port of one of them."""
    made = Servers(tmp_path_factory.mktemp("standing"))
    yield made, made.start("one", engine, ACCOUNT)
    made.close()


def test_a_password_is_needed(standing, engine, ask):
    _, port = standing
    assert ask(engine, port, "SELECT 1") == "1"
    with pytest.raises(ConnectionError):
        ask(engine, port, "SELECT 1", password="wrong")


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl, which makes the certificate, is not installed")
def test_a_client_may_ask_for_encryption(standing, engine, ask):
    _, port = standing
    if engine == "postgres":
        told = ask(engine, port, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", encrypted=True)
        assert told == "t"
    else:
        assert "TLS" in ask(engine, port, "SHOW STATUS LIKE 'Ssl_version'", encrypted=True)


def test_nobody_else_gets_in(standing, engine, ask):
    _, port = standing
    for user in ("root", "postgres", "rdsadmin", "mysql", "mariadb.sys"):
        with pytest.raises(ConnectionError):
            ask(engine, port, "SELECT 1", user=user, password="")


def test_it_keeps_its_data_over_a_stop_and_a_new_password_shuts_out_the_old_one(servers, engine, ask):
    port = servers.start("one", engine, ACCOUNT)
    ask(engine, port, TABLE)
    servers.stop("one")
    with pytest.raises(ConnectionError):
        ask(engine, port, "SELECT 1")
    assert servers.start("one", engine, ACCOUNT) == port
    assert ask(engine, port, "SELECT a FROM t") == "7"
    assert servers.start("one", engine, ACCOUNT) == port  # it runs already
    servers.restart("one", Account("results", "another-one", "results"))
    assert ask(engine, port, "SELECT 1", password="another-one") == "1"
    with pytest.raises(ConnectionError):
        ask(engine, port, "SELECT 1")


def test_two_instances_do_not_meet(servers, quick_engine, ask):
    one = servers.start("one", quick_engine, ACCOUNT)
    two = servers.start("two", quick_engine, Account("results", "another-one", "results"))
    ask(quick_engine, one, TABLE)
    assert one != two
    with pytest.raises(ConnectionError):
        ask(quick_engine, two, "SELECT a FROM t", password="another-one")


def test_a_database_is_not_needed_and_its_data_are_private_and_gone_when_it_is_removed(servers, engine, ask, tmp_path):
    port = servers.start("one", engine, Account("results", PASSWORD))
    database = "postgres" if engine == "postgres" else "mysql"
    assert ask(engine, port, "SELECT 1", database=database) == "1"
    folder = (tmp_path / "databases").resolve() / "one"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert _running(folder)
    servers.remove("one")
    assert not folder.exists()
    assert not _running(folder)


def test_nothing_outlives_a_killed_embedded_cloud(engine, tmp_path):
    program = (
        "import sys; from pathlib import Path; from scrapectl.local.databases.servers import Servers\n"
        "from scrapectl.local.databases.engine import Account\n"
        f"Servers(Path({str(tmp_path)!r})).start('one', {engine!r}, Account('results', 'long-enough', 'results'))\n"
        "print('up', flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, **pipes) as parent:
        assert parent.stdout.readline() == b"up\n"
        folder = (tmp_path / "databases").resolve()
        assert _running(folder)
        parent.send_signal(signal.SIGKILL)
        end = time.monotonic() + 2
        while _running(folder) and time.monotonic() < end:
            time.sleep(0.02)
        assert not _running(folder)
    assert any(folder.rglob("*"))
    discard_leftovers(tmp_path)  # what the next server does first
    assert not folder.exists()
    assert not list(tmp_path.iterdir())


def test_what_makes_a_server_does_not_outlive_a_killed_embedded_cloud(tmp_path):
    program = (
        "from pathlib import Path; from scrapectl.local.databases.engine import Place\n"
        f"Place(Path({str(tmp_path)!r}), None).run(['sleep', '60'])"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) as parent:
        end = time.monotonic() + 20
        while not _running(tmp_path) - {parent.pid} and time.monotonic() < end:
            time.sleep(0.02)
        assert _running(tmp_path) - {parent.pid}
        parent.send_signal(signal.SIGKILL)
        end = time.monotonic() + 2
        while _running(tmp_path) and time.monotonic() < end:
            time.sleep(0.02)
    assert not _running(tmp_path)


def test_what_makes_a_server_may_fail_and_says_why(tmp_path):
    place = Place(tmp_path, None)
    with pytest.raises(DatabaseProblem, match=r"sh failed: no room"):
        place.run(["sh", "-c", "read line; echo $line; exit 3"], "no room\n")
    with pytest.raises(DatabaseProblem, match=r"nothing-of-this-name failed: .*not found"):
        place.run(["nothing-of-this-name"])
