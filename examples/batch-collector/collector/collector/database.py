"""Scraped rows become rows of a table in PostgreSQL: a car once a day for each search, whatever comes twice.

The connection is that of libpq's own variables (PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD), which pipeline.yaml
sets; a password never stands in it. The server must have a certificate for its name that Amazon's authorities signed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

MAKE = """
CREATE TABLE IF NOT EXISTS cars (
    vin text NOT NULL,
    zip text NOT NULL,
    date date NOT NULL,
    name text NOT NULL,
    year integer NOT NULL,
    miles integer NOT NULL,
    price numeric NOT NULL,
    url text NOT NULL,
    PRIMARY KEY (vin, zip, date)
)"""
WRITE = """
INSERT INTO cars (vin, zip, date, name, year, miles, price, url)
VALUES (%(vin)s, %(zip)s, %(date)s, %(name)s, %(year)s, %(miles)s, %(price)s, %(url)s)
ON CONFLICT (vin, zip, date) DO UPDATE SET
    name = excluded.name, year = excluded.year, miles = excluded.miles, price = excluded.price, url = excluded.url"""
CONNECT_SECONDS = 10
AUTHORITIES = Path(__file__).with_name("rds-ca.pem")
THIS_MACHINE = "127.0.0.1"  # where the embedded cloud has its databases; nobody stands between


class Cars:
    """The table, over one connection; each write is a transaction of its own."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @classmethod
    def connect(cls) -> Cars:
        """Open the connection that the environment names.

        Raises:
            OSError: the database cannot be reached, or does not let us in.
        """
        import psycopg  # noqa: PLC0415 - slow to load, and needed by no other test

        try:
            return cls(psycopg.connect(connect_timeout=CONNECT_SECONDS, **verified(os.environ.get("PGHOST", ""))))
        except psycopg.OperationalError as error:
            raise OSError(f"the database does not answer: {' '.join(str(error).split())}") from error

    def make(self) -> None:
        """Make the table unless it stands; the init job does, before its children could all try at once."""
        with self._connection.transaction():
            self._connection.execute(MAKE)

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Write rows, or what is new in them."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(WRITE, rows)


def verified(host: str) -> dict[str, str]:
    """What has libpq let in nobody but the server of that name."""
    return {} if host == THIS_MACHINE else {"sslmode": "verify-full", "sslrootcert": str(AUTHORITIES)}
