r"""Measures loading into PostgreSQL against `psql \copy` of the same file, side by side, and the loader's memory.

python bench/loader.py [--rows 1000000] [--times 3]

Needs PostgreSQL, and Linux for the CPU's time. The loader reads the file by HTTP, as from S3, and is a process of its
own, as in its image. Seconds of the clock say something on a quiet machine alone, those of the CPU on any. Prints
figures, decides nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import psycopg
from one_object_s3 import serving

from scrapectl.local.databases.engine import Account
from scrapectl.local.databases.servers import ENGINES, Servers

ROOT = Path(__file__).parents[1]
ACCOUNT = Account("loader", "bench", "results")
COLUMNS = {
    "id": "bigint", "name": "varchar(40)", "email": "varchar(60)", "price": "numeric(10,2)", "count": "integer",
    "ratio": "double precision", "seen": "timestamp", "day": "date", "active": "boolean", "note": "text",
}  # fmt: skip
"""Ten, one of each common type."""
PSQL = shutil.which("psql") or "psql"


def write(path: Path, rows: int) -> None:
    """Write the file: about 110 bytes a row."""
    with path.open("w") as file:
        for n in range(rows):
            file.write(
                f"{n},name of {n},person{n}@example.org,{n % 9999}.{n % 100:02},{n % 1000},{n / 7:.6f},"
                f"2026-01-{n % 28 + 1:02} 12:34:56,2026-02-{n % 28 + 1:02},{'tf'[n % 2]},some words about {n}\n"
            )


@dataclass(frozen=True)
class Took:
    """What a load took: seconds of the clock, of the client's CPU and of the server's; MB of the client's memory."""

    seconds: float
    client: float
    server: float
    memory: float = 0.0


def by_psql(database: psycopg.Connection[Any], port: int, file: Path) -> Took:
    """What psql takes."""
    declared = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    database.execute("DROP TABLE IF EXISTS by_psql")
    database.execute(f"CREATE TABLE by_psql ({declared})")  # type: ignore[arg-type]
    at = ["-h", "127.0.0.1", "-p", str(port), "-U", ACCOUNT.username, "-d", "results", "-q"]
    argv = [PSQL, *at, "-c", f"\\copy by_psql from '{file}' csv"]
    took, _ = run(argv, {"PGPASSWORD": ACCOUNT.password}, server_of(database))
    return took


def by_loader(database: psycopg.Connection[Any], document: dict[str, Any], number: int) -> Took:
    """What the loader takes: seconds as its record tells, CPU less that of a start which finds nothing to load."""
    for table in ("by_loader", "scrapectl_ledger"):
        database.execute(f"DROP TABLE IF EXISTS {table}")  # type: ignore[arg-type]
    argv, server = [sys.executable, "-m", "loader"], server_of(database)
    told = {"SCRAPECTL_LOAD": json.dumps(document)}
    took, said = run(argv, told | {"RUN": f"run-{number}"}, server)
    idle, _ = run(argv, told | {"RUN": f"again-{number}"}, server)
    seconds = json.loads(said.splitlines()[-1])["seconds"]
    return Took(seconds, took.client - idle.client, took.server - idle.server, took.memory)


def run(argv: list[str], variables: dict[str, str], server: int) -> tuple[Took, str]:
    """Run a client of the server, whose process is given; what it took, and what it said."""
    before, began = cpu_of(server), time.perf_counter()
    folder = ROOT / "containers" / "loader"
    process = subprocess.Popen(argv, env=os.environ | variables, cwd=folder, stdout=subprocess.PIPE, text=True)
    memory = 0.0
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        memory = max(memory, most_memory(process.pid))
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    assert process.stdout is not None
    said = process.stdout.read()
    assert process.returncode == 0, said
    time.sleep(0.2)  # the server counts a backend's time once it has ended
    return Took(seconds, ended[2].ru_utime + ended[2].ru_stime, cpu_of(server) - before, memory), said


def server_of(database: psycopg.Connection[Any]) -> int:
    """The process of the server, whose child each backend is."""
    lines = Path(f"/proc/{database.info.backend_pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("PPid:"))


def cpu_of(process: int) -> float:
    """Seconds of CPU of a process and of its children that have ended (proc(5): utime, stime, cutime, cstime)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def most_memory(process: int) -> float:
    """The most memory in MB that a process has had; Linux counts it from its start, not from its parent's fork."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def document_of(port: int, more: dict[str, Any]) -> dict[str, Any]:
    """What the loader is told."""
    target = {"engine": "postgres", "host": "127.0.0.1", "port": port, "database": "results", "schema": "public",
              "table": "by_loader", "secret": "bench"}  # fmt: skip
    columns = [{"name": name, "type": kind, "required": False} for name, kind in COLUMNS.items()]
    return {"version": 1, "pipeline": "bench", "loader": "bench", "source": {"bucket": "raw", "prefix": "rows"},
            "staging": {"bucket": "loads", "prefix": "staged/"}, "target": target, "columns": columns,
            "format": {"type": "csv", "header": False}} | more  # fmt: skip


def measure(file: Path, rows: int, times: int, port: int) -> list[dict[str, Any]]:
    """Measure each way so many times, one after the other; the loader with and without a quarantine."""
    told = {"load": {}, "load with bad_rows": {"bad_rows": {"bucket": "loads", "prefix": "bad/", "max": 0}}}
    loads: dict[str, list[Took]] = {name: [] for name in told}
    copies: list[Took] = []
    with psycopg.connect(
        host="127.0.0.1", port=port, user=ACCOUNT.username, password=ACCOUNT.password, dbname="results", autocommit=True
    ) as database:
        for number in range(times):
            copies.append(by_psql(database, port, file))
            for name, more in told.items():
                loads[name].append(by_loader(database, document_of(port, more), number))
    copy = usual(copies)
    found = [{"psql \\copy": {"rows": rows, "MB": file.stat().st_size >> 20} | figures(copy)}]
    return found + [{name: figures(usual(load)) | against(copy, usual(load))} for name, load in loads.items()]


def usual(loads: list[Took]) -> Took:
    """The median of each figure."""
    return Took(*(statistics.median(one) for one in zip(*map(astuple, loads), strict=True)))


def figures(took: Took) -> dict[str, Any]:
    """Figures as they are printed."""
    return {
        "median_seconds": round(took.seconds, 2),
        "client_cpu": round(took.client, 2),
        "server_cpu": round(took.server, 2),
    }


def against(copy: Took, load: Took) -> dict[str, Any]:
    """A load against psql's, by the clock and by the CPU of client and server together."""
    return {
        "speed_of_psql": round(copy.seconds / load.seconds, 2),
        "cpu_speed_of_psql": round((copy.client + copy.server) / (load.client + load.server), 2),
        "most_memory_MB": round(load.memory),
    }


def main() -> int:
    """Print every figure as JSON, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    told = parser.parse_args()
    if ENGINES["postgres"].find() is None:
        print("PostgreSQL is not installed")
        return 1
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "us-east-1"}
    servers = Servers(None)
    try:
        port = servers.start("bench", "postgres", ACCOUNT)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.csv"
            write(file, told.rows)
            secret = {"username": ACCOUNT.username, "password": ACCOUNT.password}
            with serving(file, "raw", secret) as os.environ["AWS_ENDPOINT_URL"]:
                for figure in measure(file, told.rows, told.times, port):
                    print(json.dumps(figure), flush=True)
    finally:
        servers.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
