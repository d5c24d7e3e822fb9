"""Loads into PostgreSQL: COPY, streamed, in one transaction with the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from loader.columns import Column
from loader.document import Document
from loader.formats import csv_rows
from loader.problems import LoadRefused, SchemaMissing
from loader.refusals import BadRow, Refusals
from loader.rows import Rows
from loader.sources import Source
from loader.targets import LEDGER, Known, Load, Loaded
from loader.targets.postgres_account import connection
from loader.targets.tables import Standing, missing_columns

CHUNK = 1 << 18
_STAGE = "scrapectl_rows"
_ORDER = "scrapectl_row"
_CONTEXT = re.compile(r"COPY \S+, line (\d+)(?:, column ([^:]+))?(?:: (.*))?", re.DOTALL)
_END_MARK = re.compile(rb"(?:^|[\r\n])\\\.(?:[\r\n]|$)")
_LEDGER = """CREATE TABLE IF NOT EXISTS {} (
    "loader" text NOT NULL, "source" text NOT NULL, "version" text NOT NULL, "etag" text, "rows" bigint,
    "refused" bigint, "run" text NOT NULL, "loaded_at" timestamptz NOT NULL DEFAULT now(), "source_time" timestamptz,
    UNIQUE ("loader", "source", "version"))"""
_COLUMNS = """SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
    a.atthasdef OR a.attidentity <> '' FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relname = %s AND a.attnum > 0 AND NOT a.attisdropped"""
_KNOWN = 'SELECT "source", "version", "etag", "run", "rows", "refused", "source_time" FROM {} '
_CLAIM = """INSERT INTO {} ("loader", "source", "version", "etag", "run", "source_time")
    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
_COUNT = 'UPDATE {} SET "rows" = %s, "refused" = %s WHERE "loader" = %s AND "source" = %s AND "version" = %s'
_NEWER = 'SELECT 1 FROM {} WHERE "loader" = %s AND "source_time" > %s LIMIT 1'


class _Careful(Exception):
    """The bytes of a file cannot be given to COPY as they are: its rows must be looked at one by one."""


class _Before(Exception):
    """Another load holds what this one claims, or newer rows than it has."""

    def __init__(self, *, superseded: bool = False) -> None:
        super().__init__()
        self.superseded = superseded


class Postgres:
    """See `targets.Target`."""

    def __init__(self, document: Document, clients: Any) -> None:
        assert document.target is not None  # noqa: S101 - for the type alone
        self._document, self._told = document, document.target
        self._dsn = connection(self._told, clients)
        self._open: psycopg.Connection[Any] | None = None
        self._judge: psycopg.Connection[Any] | None = None
        self._strict = True
        self._table = sql.Identifier(self._told.schema, self._told.table)
        self._ledger = sql.Identifier(self._told.schema, LEDGER)

    def prepare(self) -> None:
        """See `targets.Target`; one load at a time makes tables."""
        with self._connection() as database, database.transaction():
            database.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"scrapectl {self._told.schema}"])
            if not self._standing(database, LEDGER):
                self._make_ledger(database)
            table = self._standing(database, self._told.table)
            if not table:
                database.execute(self._create(self._table, required=True, key=True))
            for column in missing_columns(self._document, "postgres", table) if table else ():
                added = [self._table, sql.Identifier(column.name), self._type(column)]
                database.execute(self._sql("ALTER TABLE {} ADD COLUMN {} {}", *added))
            table = self._standing(database, self._told.table)
        required = self._required()
        self._strict = all(not table[name].nullable for name in required)

    def known(self, names: Sequence[str], versions: Sequence[str] = ()) -> list[Known]:
        """See `targets.Target`."""
        with self._connection() as database:
            where, values = 'WHERE "loader" = %s AND "source" = ANY(%s)', [self._document.ledger_key, list(names)]
            if versions:
                where, values = f'{where} AND "version" = ANY(%s)', [*values, list(versions)]
            found = database.execute(self._sql(_KNOWN + where, self._ledger), values)
            return [Known(*row) for row in found]

    def rows(self, refusals: Refusals) -> Rows:
        """See `targets.Target`."""
        return Rows(self._document, "postgres", refusals, self._judged)

    def load(self, load: Load, refusals: Refusals) -> Loaded:
        """See `targets.Target`; bytes of CSV go to COPY as they are, and row by row when that fails."""
        raw = self._document.format.type == "csv" and not load.claims[0].name.startswith("sqs:")
        try:
            if raw:
                try:
                    return self._loaded(load, refusals, raw=True)
                except _Careful:
                    refusals.anew()
            return self._loaded(load, refusals, raw=False)
        except _Before as before:
            return Loaded(superseded=before.superseded)

    def passing(self, error: Exception) -> bool:
        """See `targets.Target`: a lost connection, a deadlock, a server that starts."""
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))

    def close(self) -> None:
        """See `targets.Target`."""
        for database in (self._open, self._judge):
            if database is not None:
                database.close()
        self._open = self._judge = None

    def _loaded(self, load: Load, refusals: Refusals, *, raw: bool) -> Loaded:
        rows: dict[tuple[str, str], int] = {}
        with self._connection() as database, database.transaction():
            self._claim(database, load)
            into, staged = self._table, self._document.mode == "merge" or (raw and not self._strict)
            if staged:
                into = sql.Identifier(_STAGE)
                database.execute(self._sql("{} ON COMMIT DROP", self._create(into, required=True, temporary=True)))
            for source in load.sources:
                copied = self._copy_bytes if raw else self._copy_rows
                rows[source.identity] = copied(database, into, source, refusals)
            refusals.check()
            if staged:
                self._move(database)
            for claim in load.claims:
                counts = [rows[claim.identity], refusals.blamed.get(claim.identity, 0)]
                database.execute(
                    self._sql(_COUNT, self._ledger), [*counts, self._document.ledger_key, claim.name, claim.version]
                )
        return Loaded(rows)

    def _make_ledger(self, database: psycopg.Connection[Any]) -> None:
        try:
            database.execute(self._sql(_LEDGER, self._ledger))
        except psycopg.errors.InvalidSchemaName as error:
            raise SchemaMissing(self._told.schema, self._told.database) from error

    def _claim(self, database: psycopg.Connection[Any], load: Load) -> None:
        """Write the ledger's lines first: who comes second waits for the first one's end, and then finds them."""
        for claim in load.claims:
            told = [self._document.ledger_key, claim.name, claim.version, claim.etag, load.run, claim.time]
            if not database.execute(self._sql(_CLAIM, self._ledger), told).rowcount:
                raise _Before
        if self._document.mode != "append":
            database.execute(self._sql("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", self._table))
        if self._document.mode == "replace":
            newer = database.execute(self._sql(_NEWER, self._ledger), [self._document.ledger_key, load.as_of])
            if newer.fetchone():
                raise _Before(superseded=True)
            database.execute(self._sql("DELETE FROM {}", self._table))

    def _copy_bytes(
        self, database: psycopg.Connection[Any], into: sql.Identifier, source: Source, refusals: Refusals
    ) -> int:
        form = self._document.format
        options = self._sql(
            "COPY {} ({}) FROM STDIN (FORMAT csv, DELIMITER {}, HEADER {}, FORCE_NULL ({}))",
            into, self._names(), sql.Literal(form.delimiter), sql.Literal(form.header), self._names(),
        )  # fmt: skip
        cursor = database.cursor()
        try:
            file = csv_rows.opened(source, self._document.names, form)
            with cursor.copy(options) as copy:
                tail = b"\n"
                while piece := file.read1(CHUNK):
                    if b"\\." in piece or tail.endswith(b"\\"):
                        _refuse_end_mark(tail + piece)
                    tail = piece[-4:]
                    copy.write(piece)
        except psycopg.Error as error:
            refused = self._refused(error, source)
            if refused is None:
                raise
            if refusals.kept:
                raise _Careful from error
            raise refused from error
        except LoadRefused as refused:
            refused.sources = refused.sources or [source.identity]
            raise
        return cursor.rowcount

    def _copy_rows(
        self, database: psycopg.Connection[Any], into: sql.Identifier, source: Source, refusals: Refusals
    ) -> int:
        cursor = database.cursor()
        try:
            with cursor.copy(self._sql("COPY {} ({}) FROM STDIN", into, self._names())) as copy:
                for row in self.rows(refusals).of(source):
                    copy.write_row(row)
        except psycopg.Error as error:
            refused = self._refused(error, source)
            if refused is None:
                raise
            raise refused from error
        return cursor.rowcount

    def _judged(self, column: Column, text: str) -> str | None:
        """Ask PostgreSQL itself, whose types read more than ours: dates in words, infinity."""
        if column.type.name in {"char", "varchar"}:  # a cast cuts off what is too long, COPY does not
            return None
        if self._judge is None:
            self._judge = psycopg.connect(**self._dsn, autocommit=True)
        try:
            found = self._judge.execute(self._sql("SELECT CAST(%s AS {})::text", self._type(column)), [text]).fetchone()
        except psycopg.DataError:
            return None
        return found[0] if found else None

    def _move(self, database: psycopg.Connection[Any]) -> None:
        """Rows of the staging table go to the target; of a key that comes twice, the last."""
        stage, names, key = sql.Identifier(_STAGE), self._names(), self._names(*self._document.key)
        if self._document.mode != "merge":
            database.execute(self._sql("INSERT INTO {} ({}) SELECT {} FROM {}", self._table, names, names, stage))
            return
        same = sql.SQL(" AND ").join(self._sql("t.{0} = s.{0}", sql.Identifier(name)) for name in self._document.key)
        last = self._sql("SELECT DISTINCT ON ({}) {} FROM {} ORDER BY {}, {} DESC", key, names, stage, key,
                         sql.Identifier(_ORDER))  # fmt: skip
        others = [name for name in self._document.names if name not in self._document.key]
        if others:
            sets = sql.SQL(", ").join(self._sql("{0} = s.{0}", sql.Identifier(name)) for name in others)
            database.execute(self._sql("UPDATE {} AS t SET {} FROM ({}) AS s WHERE {}", self._table, sets, last, same))
        absent = self._sql("NOT EXISTS (SELECT 1 FROM {} AS t WHERE {})", self._table, same)
        database.execute(
            self._sql("INSERT INTO {} ({}) SELECT {} FROM ({}) AS s WHERE {}", self._table, names, names, last, absent)
        )

    def _refused(self, error: psycopg.Error, source: Source) -> LoadRefused | None:
        """Say with the file's name what PostgreSQL says of a line; None when the rows are not to blame."""
        if not isinstance(error, (psycopg.DataError, psycopg.IntegrityError)):
            return None
        reason = " ".join(text for text in (error.diag.message_primary, error.diag.message_detail) if text)
        found = _CONTEXT.match(error.diag.context or "")
        line, column, value = found.groups() if found else ("0", "", "")
        value = (value or "").strip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        bad = BadRow(source.name, source.version, int(line), column or "", value, reason or str(error), "")
        return LoadRefused(str(bad), [source.identity])

    def _standing(self, database: psycopg.Connection[Any], table: str) -> dict[str, Standing]:
        found = database.execute(_COLUMNS, [self._told.schema, table])
        return {name: Standing(kind, nullable, default) for name, kind, nullable, default in found}

    def _create(
        self, name: sql.Identifier, *, required: bool, key: bool = False, temporary: bool = False
    ) -> sql.Composed:
        needed = self._required() if required else set()
        parts: list[sql.Composable] = [
            self._sql("{} {}{}", sql.Identifier(column.name), self._type(column),
                      sql.SQL(" NOT NULL" if column.name in needed else ""))
            for column in self._document.columns
        ]  # fmt: skip
        if key and self._document.key:
            parts.append(self._sql("PRIMARY KEY ({})", self._names(*self._document.key)))
        if temporary:
            parts.append(self._sql("{} bigint GENERATED ALWAYS AS IDENTITY", sql.Identifier(_ORDER)))
        made = "CREATE TEMPORARY TABLE {} ({})" if temporary else "CREATE TABLE {} ({})"
        return self._sql(made, name, sql.SQL(", ").join(parts))

    def _required(self) -> set[str]:
        return {column.name for column in self._document.columns if column.required} | set(self._document.key)

    def _names(self, *names: str) -> sql.Composed:
        return sql.SQL(", ").join(map(sql.Identifier, names or self._document.names))

    def _type(self, column: Column) -> sql.SQL:
        """One of the known types: never a text from outside."""
        return sql.SQL(column.type.sql("postgres"))

    def _sql(self, text: str, *parts: sql.Composable) -> sql.Composed:
        return sql.SQL(text).format(*parts)

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        if self._open is None or self._open.closed:
            self._open = psycopg.connect(**self._dsn, autocommit=True)
        yield self._open


def _refuse_end_mark(held: bytes) -> None:
    r"""Find a line `\.`, which ends a COPY of PostgreSQL 17 and older: what follows would be lost without a word."""
    if _END_MARK.search(held):
        raise _Careful
