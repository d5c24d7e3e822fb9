r"""Measures loading into PostgreSQL against `psql \copy` of the same file, side by side, and the loader's memory.

python bench/loader.py [--rows 1000000] [--times 3]

Needs PostgreSQL. The loader reads the file by HTTP, as from S3, and is a process of its own, as in its image. Seconds of
the clock say something on a quiet machine alone; seconds of CPU, of client and server, on any. Prints figures, decides
nothing.
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


def by_psql(database: psycopg.Connection[Any], port: int, file: Path) -> float:
    """Seconds that psql takes."""
    declared = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    database.execute("DROP TABLE IF EXISTS by_psql")
    database.execute(f"CREATE TABLE by_psql ({declared})")  # type: ignore[arg-type]
    at = ["-h", "127.0.0.1", "-p", str(port), "-U", ACCOUNT.username, "-d", "results", "-q"]
    environment = os.environ | {"PGPASSWORD": ACCOUNT.password}
    began = time.perf_counter()
    subprocess.run([PSQL, *at, "-c", f"\\copy by_psql from '{file}' csv"], env=environment, check=True)
    return time.perf_counter() - began


def by_loader(database: psycopg.Connection[Any], document: dict[str, Any], run: int) -> tuple[float, float, float]:
    """Seconds of the load as its record tells, seconds of the whole process, and its memory in MB."""
    for table in ("by_loader", "scrapectl_loads"):
        database.execute(f"DROP TABLE IF EXISTS {table}")  # type: ignore[arg-type]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "loader"],
        env=os.environ | {"SCRAPECTL_LOAD": json.dumps(document), "RUN": f"run-{run}"},
        cwd=ROOT / "containers" / "loader",
        stdout=subprocess.PIPE,
    )
    memory = 0.0
    while process.poll() is None:
        memory = max(memory, most_memory(process.pid))
        time.sleep(0.02)
    whole = time.perf_counter() - began
    assert process.stdout is not None
    said = process.stdout.read().decode().splitlines()
    assert process.returncode == 0, said
    return json.loads(said[-1])["seconds"], whole, memory


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
    figures: dict[str, list[tuple[float, float, float]]] = {name: [] for name in told}
    psql: list[float] = []
    with psycopg.connect(
        host="127.0.0.1", port=port, user=ACCOUNT.username, password=ACCOUNT.password, dbname="results", autocommit=True
    ) as database:
        for run in range(times):
            psql.append(by_psql(database, port, file))
            for name, more in told.items():
                figures[name].append(by_loader(database, document_of(port, more), run))
    usual = statistics.median(psql)
    size = file.stat().st_size >> 20
    found: list[dict[str, Any]] = [{"psql \\copy": {"rows": rows, "MB": size, "median_seconds": round(usual, 2)}}]
    for name, runs in figures.items():
        load, whole, memory = (statistics.median(one) for one in zip(*runs, strict=True))
        found.append(
            {
                name: {
                    "median_seconds": round(load, 2),
                    "speed_of_psql": round(usual / load, 2),
                    "process_seconds": round(whole, 2),
                    "most_memory_MB": round(memory),
                }
            }
        )
    return found


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
