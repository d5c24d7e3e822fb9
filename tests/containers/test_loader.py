"""The loader's own image, built for real with all that it requires, loads an object into a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from scrapectl.local.databases.servers import Account, Servers, advice, installed
from tests.containers.stage import Stage

LOADER = Path(__file__).parents[2] / "containers" / "loader"
ACCOUNT = Account("loader", "its a 'pass' word", "results")


@pytest.fixture
def postgres() -> Iterator[int]:
    """The port of a real PostgreSQL."""
    if not installed("postgres"):
        pytest.skip(advice("postgres"))
    servers = Servers(None)
    yield servers.start("results", "postgres", ACCOUNT)
    servers.close()


def test_the_loaders_image_loads_an_object_once(stage: Stage, postgres: int) -> None:
    stage.push_folder(LOADER)
    for bucket in ("raw", "loads"):
        stage.call("s3", "CreateBucket", Bucket=bucket)
    stage.call("s3", "PutObject", Bucket="raw", Key="out/a.csv", Body=b"id,price\n1,1.50\n2,\n")
    stage.define(
        jobRoleArn=stage.task_role("s3:*", "secretsmanager:GetSecretValue"),
        environment=[{"name": "SCRAPECTL_LOAD", "value": document(stage, postgres)}],
    )
    states = [json.loads(stage.seen(stage.run())["attempts"][-1]["lines"][-1])["state"] for _ in range(2)]
    assert states == ["loaded", "skipped"]
    with psycopg.connect(
        host="127.0.0.1", port=postgres, user=ACCOUNT.username, password=ACCOUNT.password, dbname=ACCOUNT.database
    ) as connection:
        rows = connection.execute("SELECT id, price::text FROM items ORDER BY id").fetchall()
    assert rows == [("1", "1.50"), ("2", None)]


def document(stage: Stage, port: int) -> str:
    """What the loader is told."""
    login = json.dumps({"username": ACCOUNT.username, "password": ACCOUNT.password})
    target = {"engine": "postgres", "host": "127.0.0.1", "port": port, "database": "results", "schema": "public"}
    secret = stage.call("secretsmanager", "CreateSecret", Name="results", SecretString=login)["ARN"]
    kinds = {"id": "varchar(10)", "price": "numeric(10,2)"}
    told = {
        "version": 1,
        "pipeline": "shop",
        "loader": "items",
        "region": "us-east-1",
        "source": {"bucket": "raw", "prefix": "out/"},
        "staging": {"bucket": "loads", "prefix": "staged/items/"},
        "target": target | {"table": "items", "secret": secret},
        "format": {"type": "csv", "header": True},
        "columns": [{"name": name, "type": kind, "required": name == "id"} for name, kind in kinds.items()],
        "key": ["id"],
        "mode": "merge",
    }
    return json.dumps(told)
