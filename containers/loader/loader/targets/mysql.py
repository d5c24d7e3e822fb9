"""Loads into MySQL: rows in batches, in one transaction with the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pymysql

from loader.columns import Column, quoted
from loader.document import Document
from loader.refusals import Refusals
from loader.rows import Rows
from loader.sources import Source
from loader.targets import LEDGER, Known, Load, Loaded
from loader.targets.mysql_account import connected
from loader.targets.mysql_rows import BATCH, Insertion
from loader.targets.tables import Standing, missing_columns

_STAGE, _ORDER = "scrapectl_rows", "scrapectl_row"
_PASSING = {1205, 1213, 2002, 2003, 2006, 2013, 2014, 2055}  # a lock, a deadlock, the connection
_LEDGER = """CREATE TABLE IF NOT EXISTS {} (`claim` char(64) CHARACTER SET ascii PRIMARY KEY,
    `loader` varchar(512) NOT NULL, `source` text NOT NULL, `version` text NOT NULL, `etag` varchar(256),
    `rows` bigint, `refused` bigint, `run` varchar(256) NOT NULL,
    `loaded_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), `source_time` datetime(6))"""
_COLUMNS = """SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE = 'YES',
    COLUMN_DEFAULT IS NOT NULL OR EXTRA LIKE '%%auto_increment%%'
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s"""


class _Before(Exception):
    """Another load holds what this one claims, or newer rows than it has."""

    def __init__(self, *, superseded: bool = False) -> None:
        super().__init__()
        self.superseded = superseded


class MySql:
    """See `targets.Target`. The document's schema is the database, or `public` for the one it names."""

    def __init__(self, document: Document, clients: Any) -> None:
        assert document.target is not None  # noqa: S101 - for the type alone
        self._document, self._told = document, document.target
        self._clients = clients
        self._open: Any = None
        self._schema = self._told.database if self._told.schema == "public" else self._told.schema
        self._table = f"{_q(self._schema)}.{_q(self._told.table)}"
        self._ledger = f"{_q(self._schema)}.{_q(LEDGER)}"
        self._names = ", ".join(map(_q, document.names))
        self._json = {column.name for column in document.columns if column.type.name == "json"}
        self._required = {column.name for column in document.columns if column.required} | set(document.key)

    def prepare(self) -> None:
        """See `targets.Target`: in MySQL each change of a table is a transaction of its own."""
        with self._cursor() as cursor:
            cursor.execute(_LEDGER.format(self._ledger))
            table = self._standing(cursor)
            if not table:
                key = f", PRIMARY KEY ({', '.join(map(_q, self._document.key))})" if self._document.key else ""
                cursor.execute(f"CREATE TABLE IF NOT EXISTS {self._table} ({self._declared()}{key})")
                table = self._standing(cursor)
            for column in missing_columns(self._document, "mysql", table):
                cursor.execute(f"ALTER TABLE {self._table} ADD COLUMN {self._column(column, required=False)}")

    def known(self, names: Sequence[str], versions: Sequence[str] = ()) -> list[Known]:
        """See `targets.Target`."""
        found: list[Known] = []
        asked = (
            "SELECT `source`, `version`, `etag`, `run`, `rows`, `refused`, `source_time` "  # noqa: S608
            f"FROM {self._ledger} WHERE `loader` = %s AND `source` IN %s"
        )
        with self._cursor() as cursor:
            for first in range(0, len(names), BATCH):
                values = [self._document.ledger_key, list(names[first : first + BATCH])]
                some = (" AND `version` IN %s", [list(versions)]) if versions else ("", [])
                cursor.execute(asked + some[0], values + some[1])
                found += [Known(*told, moment and moment.replace(tzinfo=UTC)) for *told, moment in cursor.fetchall()]
        return found

    def rows(self, refusals: Refusals) -> Rows:
        """See `targets.Target`."""
        return Rows(self._document, "mysql", refusals)

    def load(self, load: Load, refusals: Refusals) -> Loaded:
        """See `targets.Target`."""
        rows: dict[tuple[str, str], int] = {}
        try:
            with self._cursor() as cursor, _transaction(self._open):
                self._claim(cursor, load)
                into = self._stage(cursor) if self._document.mode == "merge" else self._table
                insertion = Insertion(cursor, into, self._document, (self._schema, self._told.table))
                for source in load.sources:
                    rows[source.identity] = insertion.insert(source, self.rows(refusals))
                refusals.check()
                if self._document.mode == "merge":
                    self._merge(cursor)
                for claim in load.claims:
                    counts = (rows[claim.identity], refusals.blamed.get(claim.identity, 0), self._digest(claim))
                    told = f"UPDATE {self._ledger} SET `rows` = %s, `refused` = %s WHERE `claim` = %s"  # noqa: S608
                    cursor.execute(told, counts)
        except _Before as before:
            return Loaded(superseded=before.superseded)
        return Loaded(rows)

    def passing(self, error: Exception) -> bool:
        """See `targets.Target`."""
        lost = isinstance(error, (pymysql.err.InterfaceError, ConnectionError, TimeoutError))
        return lost or (isinstance(error, pymysql.err.OperationalError) and error.args[0] in _PASSING)

    def close(self) -> None:
        """See `targets.Target`."""
        if self._open is not None and self._open.open:
            self._open.close()
        self._open = None

    def _claim(self, cursor: Any, load: Load) -> None:
        """Write the ledger's lines first: who comes second waits for the first one's end, and then finds them."""
        told = (
            f"INSERT IGNORE INTO {self._ledger} "  # noqa: S608
            "(`claim`, `loader`, `source`, `version`, `etag`, `run`, `source_time`) VALUES (%s, %s, %s, %s, %s, %s, %s)"
        )
        for claim in load.claims:
            named = (self._digest(claim), self._document.ledger_key, claim.name, claim.version)
            if not cursor.execute(told, (*named, claim.etag, load.run, _utc(claim.time))):
                raise _Before
        if self._document.mode == "replace":
            newer = f"SELECT 1 FROM {self._ledger} WHERE `loader` = %s AND `source_time` > %s LIMIT 1 FOR UPDATE"  # noqa: S608
            if cursor.execute(newer, (self._document.ledger_key, _utc(load.as_of))):
                raise _Before(superseded=True)
            cursor.execute(f"DELETE FROM {self._table}")  # noqa: S608

    def _stage(self, cursor: Any) -> str:
        stage, order = f"{_q(self._schema)}.{_q(_STAGE)}", _q(_ORDER)
        cursor.execute(f"DROP TEMPORARY TABLE IF EXISTS {stage}")
        declared = f"{self._declared()}, {order} bigint AUTO_INCREMENT PRIMARY KEY"
        cursor.execute(f"CREATE TEMPORARY TABLE {stage} ({declared})")
        return stage

    def _merge(self, cursor: Any) -> None:
        """Rows of the staging table go to the target; of a key that comes twice, the last.

        MySQL names a temporary table once in a statement, so that the last rows are chosen by a window.
        """
        stage = f"{_q(self._schema)}.{_q(_STAGE)}"
        key = ", ".join(map(_q, self._document.key))
        rank = f"ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {_q(_ORDER)} DESC)"
        last = (
            f"(SELECT {self._names} FROM (SELECT {self._names}, {rank} AS `scrapectl_rank` FROM {stage}) AS r"  # noqa: S608
            " WHERE `scrapectl_rank` = 1) AS s"
        )
        same = " AND ".join(f"t.{_q(name)} = s.{_q(name)}" for name in self._document.key)
        sets = ", ".join(f"t.{_q(n)} = s.{_q(n)}" for n in self._document.names if n not in self._document.key)
        if sets:
            cursor.execute(f"UPDATE {self._table} AS t JOIN {last} ON {same} SET {sets}")  # noqa: S608
        names = ", ".join(f"s.{_q(name)}" for name in self._document.names)
        absent = f"t.{_q(self._document.key[0])} IS NULL"
        cursor.execute(
            f"INSERT INTO {self._table} ({self._names}) SELECT {names} FROM {last}"  # noqa: S608
            f" LEFT JOIN {self._table} AS t ON {same} WHERE {absent}"
        )

    def _declared(self) -> str:
        return ", ".join(
            self._column(column, required=column.name in self._required) for column in self._document.columns
        )

    def _column(self, column: Column, *, required: bool) -> str:
        # Without NULL said, MySQL gives a TIMESTAMP a default of its own.
        return f"{_q(column.name)} {column.type.sql('mysql')} {'NOT NULL' if required else 'NULL'}"

    def _standing(self, cursor: Any) -> dict[str, Standing]:
        cursor.execute(_COLUMNS, (self._schema, self._told.table))
        # MariaDB has no JSON, and calls a text so.
        found = [
            ("json" if name in self._json and kind == "longtext" else _told(kind), name, *more)
            for name, kind, *more in cursor.fetchall()
        ]
        return {name: Standing(kind, bool(null), bool(default)) for kind, name, null, default in found}

    def _digest(self, claim: Source) -> str:
        """The ledger's key: names and versions are longer than an index of MySQL."""
        whole = json.dumps([self._document.ledger_key, claim.name, claim.version])
        return hashlib.sha256(whole.encode()).hexdigest()

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        if self._open is None or not self._open.open:
            self._open = connected(self._told, self._clients)
        with self._open.cursor() as cursor:
            yield cursor


@contextmanager
def _transaction(database: Any) -> Iterator[None]:
    database.begin()
    try:
        yield
    except BaseException:
        try:
            database.rollback()
        except pymysql.err.MySQLError:
            database.close()
        raise
    database.commit()


def _told(kind: str) -> str:
    """A type as MySQL tells it, as one declares it: widths of whole numbers mean nothing."""
    plain = kind.lower()
    name = plain.partition("(")[0]
    return {"int": "integer", "bigint": "bigint", "smallint": "smallint", "longtext": "text"}.get(name, plain)


def _q(name: str) -> str:
    return quoted(name, "`")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
