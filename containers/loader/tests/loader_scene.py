"""Turns a few words into a loader's document, objects to load, one start of it, and what the table holds then."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg
from loader import document as documents
from loader.load import Loading
from loader.records import Record
from loader.start import Start
from psycopg import sql

from scrapectl.local.databases.engine import Account

SOURCE, STAGING, BAD = "raw-bucket", "loads-bucket", "bad-bucket"
COLUMNS = {"id": "varchar(10) not null", "email": "varchar(50)", "price": "numeric(10,2)"}
NUMBERS = itertools.count(1)
ACCOUNT = Account("loader", "its a 'pass' word", "results")


class Scene:
    """A loader called persons, from out/ of a bucket into a table of its own schema."""

    def __init__(self, client: Callable[[str], Any], port: int, account: Any) -> None:
        self.client, self.s3 = client, client("s3")
        for bucket in (SOURCE, STAGING, BAD):
            self.s3.create_bucket(Bucket=bucket)
        told = {"username": account.username, "password": account.password}
        secret = self.client("secretsmanager").create_secret(
            Name=f"results-{next(NUMBERS)}", SecretString=json.dumps(told)
        )
        self.schema = f"scene_{next(NUMBERS)}"
        self.database = psycopg.connect(
            host="127.0.0.1",
            port=port,
            user=account.username,
            password=account.password,
            dbname="results",
            autocommit=True,
        )
        self.database.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(self.schema)))
        self.port, self.secret = port, secret["ARN"]

    def close(self) -> None:
        """Leave nothing behind."""
        self.database.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(self.schema)))
        self.database.close()
        for bucket in (SOURCE, STAGING, BAD):
            found = self.s3.list_object_versions(Bucket=bucket)
            for one in [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]:
                self.s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
            self.s3.delete_bucket(Bucket=bucket)

    def text(self, columns: dict[str, str] | None = None, most: int | None = None, into: str = "", **more: Any) -> str:
        """Write the document; `most`: with a place for so many bad rows; `into`: another table, maybe of a schema."""
        schema, _, table = (into or "persons").rpartition(".")
        target = {"engine": "postgres", "host": "127.0.0.1", "port": self.port, "database": "results",
                  "schema": schema or self.schema, "table": table, "secret": self.secret}  # fmt: skip
        told = {
            "version": 1, "pipeline": "shop.prod", "loader": "persons", "region": "us-east-1",
            "source": {"bucket": SOURCE, "prefix": "out/"}, "staging": {"bucket": STAGING, "prefix": "persons/"},
            "target": target, "format": {"type": "csv", "delimiter": ",", "header": False, "gzip": None},
            "columns": declared(columns or COLUMNS), "key": ["id"], "mode": "append", "schema": "fixed",
            "bad_rows": None if most is None else {"bucket": BAD, "prefix": "bad/", "max": most}, "retain": 86400,
        }  # fmt: skip
        return json.dumps(told | more)

    def document(self, **more: Any) -> documents.Document:
        """Read the document."""
        return documents.read(self.text(**more))

    def put(self, key: str, rows: str | bytes | Iterable[Sequence[Any]], *, packed: bool = False) -> str:
        """Put an object and give its version, if it has one; rows become CSV."""
        if not isinstance(rows, (str, bytes)):
            rows = "".join(",".join(map(str, row)) + "\n" for row in rows)
        body = rows.encode() if isinstance(rows, str) else rows
        told = self.s3.put_object(Bucket=SOURCE, Key=key, Body=gzip.compress(body) if packed else body)
        return str(told.get("VersionId", ""))

    def versioned(self) -> None:
        """Let the bucket keep versions."""
        self.s3.put_bucket_versioning(Bucket=SOURCE, VersioningConfiguration={"Status": "Enabled"})

    def load(self, run: str = "run-1", *, upload: str = "", version: str = "", retry: str = "", **more: Any) -> Record:
        """Start the loader once, by an upload when there is a key."""
        start = Start(run=run, bucket=SOURCE if upload else "", key=upload, version=version, retry=retry)
        return Loading(self.document(**more), start, self.client).run()

    def ask(self, text: str) -> list[tuple[Any, ...]]:
        """Ask the database; {} is the schema, {name} its name as a value."""
        asked = sql.SQL(text).format(sql.Identifier(self.schema), name=sql.Literal(self.schema))  # type: ignore[arg-type]
        return self.database.execute(asked).fetchall()

    def do(self, text: str) -> None:
        """Change the database; {} is the schema."""
        self.database.execute(sql.SQL(text).format(sql.Identifier(self.schema)))  # type: ignore[arg-type]

    def rows(self, what: str = "*") -> list[tuple[Any, ...]]:
        """The rows of the table, in order; none while there is no table."""
        try:
            return sorted(self.ask(f"SELECT {what} FROM {{}}.persons"), key=repr)  # noqa: S608 - a test asks
        except psycopg.errors.UndefinedTable:
            return []

    def ledger(self) -> dict[str, int]:
        """Rows of each source that the ledger knows."""
        return dict(self.ask("SELECT source || '#' || version, rows FROM {}.scrapectl_ledger"))

    def quarantine(self, run: str = "run-1") -> list[dict[str, Any]]:
        """What lies in the quarantine."""
        body = self.s3.get_object(Bucket=BAD, Key=f"bad/{run}.jsonl")["Body"].read()
        return [json.loads(line) for line in body.splitlines()]

    def records(self) -> list[dict[str, Any]]:
        """The records, oldest first."""
        keys = [
            told["Key"]
            for told in self.s3.list_objects_v2(Bucket=STAGING, Prefix="records/persons/2").get("Contents", ())
        ]
        return [json.loads(self.s3.get_object(Bucket=STAGING, Key=key)["Body"].read()) for key in sorted(keys)]


def declared(columns: dict[str, str]) -> list[dict[str, Any]]:
    """Columns as the document has them."""
    return [
        {"name": name, "type": kind.removesuffix(" not null"), "required": kind.endswith(" not null")}
        for name, kind in columns.items()
    ]
