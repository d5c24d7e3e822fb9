"""Loaders that run as functions, into PostgreSQL and a cluster of Redshift, and items that are not as expected."""

from __future__ import annotations

from typing import Any

import pytest

from scrapectl.local.databases.servers import advice, installed
from tests.cli.sql import in_postgres, in_redshift
from tests.cli.uploads import Account, await_, mails

REGION = "us-east-1"
SPEC = """
    version: 1
    pipeline: bikes
    region: us-east-1
    network: {cidr: 10.9.0.0/24, endpoints: [s3, secretsmanager]}
    images: {scraper: {build: ./scraper}}
    buckets: {raw: {}}
    topics: {team: {email: [team@example.org]}}
    alerts: {to: team, failed_runs: true}
    jobs:
      collect:                           # its items are checked by the loaders that read them
        image: scraper
        command: [items]
        retries: 0
        environment: {BUCKET: "${bucket.raw.name}", ITEMS: "3", PRICE: "0.25"}
        access: {write: [raw/items/]}
        expect: {in: raw/items/, min_items: 3}
      pages:                             # no loader reads them: a function checks them
        image: scraper
        command: [pages]
        retries: 0
        environment: {BUCKET: "${bucket.raw.name}", ITEMS: "1", PRICE: "1"}
        access: {write: [raw/pages/]}
        expect: {in: raw/pages/, min_items: 2}
    databases: {results: {engine: postgres, version: "16", class: db.t4g.micro, storage: 20, database: results}}
    warehouses: {lake: {cluster: {node_type: ra3.large, nodes: 1}, database: dev}}
    loaders:
      to-results:
        from: raw/items/
        into: {database: results, table: items}
        format: json
        columns: {id: varchar(10) not null, price: "numeric(10,2)"}
        key: [id]
        mode: merge
        run_on: function
      to-lake:
        from: raw/items/
        into: {warehouse: lake, table: items}
        format: json
        columns: {id: varchar(10) not null, price: "numeric(10,2)", tags: super}
        key: [id]
        mode: merge
    outputs:
      host: "${database.results.endpoint}"
      port: "${database.results.port}"
      login: "${database.results.secret}"
      lake: "${warehouse.lake.name}"
      lake_login: "${warehouse.lake.secret}"
"""
SCRIPT = """
    import json, os, sys, boto3

    price = float(os.environ["PRICE"])
    rows = [{"id": str(number), "price": number + price} for number in range(int(os.environ["ITEMS"]))]
    key = f"{sys.argv[1]}/{os.environ['AWS_BATCH_JOB_ID']}.jsonl"
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=key, Body="\\n".join(map(json.dumps, rows)))
"""
TABLE = "SELECT id, price FROM items ORDER BY id"
TOLD = "bikes: the output of pages is not as expected"
THREE = [("0", "0.25"), ("1", "1.25"), ("2", "2.25")]

pytestmark = [
    pytest.mark.usefixtures("cloud"),
    pytest.mark.skipif(not installed("postgres"), reason=advice("postgres")),
]


class Bikes(Account):
    """The pipeline, applied, and both of its tables."""

    def __init__(self, scrapectl: Any, outputs: dict[str, str]) -> None:
        super().__init__(scrapectl, REGION)
        self._told = outputs

    def in_postgres(self) -> list[tuple[str, str]]:
        told = self._told
        where = {"host": told["host"], "port": told["port"], "dbname": "results"}
        return [(number, str(price)) for number, price in in_postgres(self, where, told["login"], TABLE)]

    def in_redshift(self) -> list[tuple[str, str]]:
        where = {"ClusterIdentifier": self._told["lake"], "Database": "dev"}
        return [(number, str(price)) for number, price in in_redshift(self, where, self._told["lake_login"], TABLE)]


@pytest.fixture
def bikes(spec, scrapectl):
    spec(SPEC, SCRIPT)
    applied = scrapectl("apply", "--yes", "--output", "json")
    if "pip cannot reach" in applied.err:
        pytest.skip(applied.err)  # PostgreSQL's client for a function's zip, fetched once
    assert applied.code == 0, applied.err
    yield Bikes(scrapectl, applied.json["outputs"])
    destroyed = scrapectl("destroy", "--yes", "--delete-data")
    assert destroyed.code == 0, destroyed.err


def test_functions_load_and_items_that_are_not_as_expected_wait_and_are_told(bikes, spec, scrapectl):
    assert scrapectl("run", "pages").code == 0  # falls short, which is told while the others load
    assert scrapectl("run", "collect", "--wait").code == 0
    for name in ("to-results", "to-lake"):
        ran = scrapectl("run", name, "--wait")
        assert ran.code == 0, ran.err
    assert (bikes.in_postgres(), bikes.in_redshift()) == (THREE, THREE)

    assert scrapectl("run", "collect", "--env", "ITEMS=1", "--env", "PRICE=9", "--wait").code == 0, "it did its work"
    ran = scrapectl("run", "to-results", "--wait")
    assert (ran.code, "LoadNotDone: collect: 1 items, at least 3 are expected" in ran.err) == (1, True)
    assert bikes.in_postgres() == THREE
    (mail,) = await_(lambda: [one for one in mails(scrapectl) if one["subject"] == TOLD])
    assert "pages: 1 items, at least 2 are expected" in mail["text"]
    refused = scrapectl("status", "--output", "json").json["refused"]
    assert [(load["loader"], load["state"], load["reason"]) for load in sorted(refused, key=loader_of)] == [
        ("pages", "refused", "pages: 1 items, at least 2 are expected"),
        ("to-results", "refused", "collect: 1 items, at least 3 are expected"),
    ]

    spec(SPEC.replace("min_items: 3", "min_items: 1"), SCRIPT)
    assert scrapectl("apply", "--yes").code == 0
    ran = scrapectl("run", "to-results", "--wait", "--output", "json").json
    assert "1 refused before, which wait for a retry" in ran["answer"]
    assert scrapectl("load", "retry", "to-results", "--wait").code == 0
    assert bikes.in_postgres() == [("0", "9.00"), *THREE[1:]]
    assert [load["loader"] for load in scrapectl("status", "--output", "json").json["refused"]] == ["pages"]
    again = scrapectl("load", "retry", "pages")
    assert (again.code, "To run it anew, write: scrapectl run pages" in again.err) == (64, True), "it is a scraper"


def loader_of(load: dict[str, Any]) -> str:
    return load["loader"]
