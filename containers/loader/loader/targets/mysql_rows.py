"""Turns rows into INSERTs of a thousand; when MySQL refuses one of them, finds it and says where it stands."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

import pymysql

from loader.columns import quoted
from loader.document import Document
from loader.problems import LoadRefused
from loader.refusals import BadRow
from loader.rows import Row, Rows
from loader.sources import Source

BATCH = 1000
# A row's fault: cut off, out of range, wrong value, no NULL, twice the same key, no such parent, a check.
ROWS_FAULT = {1048, 1062, 1264, 1265, 1292, 1366, 1406, 1411, 1452, 3140, 3819, 4025}
_SAVEPOINT = "scrapectl_batch"
_TRUTH = {"true": "1", "false": "0"}
_COLUMN = re.compile(r"(?:[Cc]olumn (?:`[^`]*`\.`[^`]*`\.)?|FOREIGN KEY \()[`'](.*?)[`'](?: |\)|$)")
_KEY = re.compile(r" for key '(?:[^']*\.)?([^']*)'$")  # MySQL 8 puts the table before it
_KEY_COLUMNS = """SELECT COLUMN_NAME FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND INDEX_NAME = %s ORDER BY SEQ_IN_INDEX"""


class Insertion:
    """Inserts rows of sources, within a transaction that is open.

    Args:
        into: The quoted name of a table that has the document's columns.
        table: Schema and name of the table whose keys MySQL may speak of.
    """

    def __init__(self, cursor: Any, into: str, document: Document, table: tuple[str, str]) -> None:
        self._cursor, self._document, self._of_table = cursor, document, table
        names = ", ".join(quoted(name, "`") for name in document.names)
        marks = ", ".join(["%s"] * len(document.names))
        self._insert = f"INSERT INTO {into} ({names}) VALUES ({marks})"  # noqa: S608

    def insert(self, source: Source, rows: Rows) -> int:
        """Insert all rows of a source, and count them.

        Raises:
            LoadRefused: MySQL does not take one of them.
        """
        count, numbered = 0, ((rows.line, self._bound(row)) for row in rows.of(source))
        while some := list(islice(numbered, BATCH)):
            self._cursor.execute(f"SAVEPOINT {_SAVEPOINT}")
            try:
                self._cursor.executemany(self._insert, [row for _, row in some])
            except pymysql.err.MySQLError as error:
                if _rows_fault(error):
                    self._refuse_one(some, source)
                raise
            count += len(some)
        return count

    def _refuse_one(self, some: list[tuple[int, Row]], source: Source) -> None:
        """Insert one by one what could not be inserted together: the load has failed, and time is no matter."""
        self._cursor.execute(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        for line, row in some:
            try:
                self._cursor.execute(self._insert, row)
            except pymysql.err.MySQLError as error:
                if not _rows_fault(error):
                    raise
                raise LoadRefused(str(self._bad(line, row, error, source)), [source.identity]) from error

    def _bad(self, line: int, row: Row, error: pymysql.err.MySQLError, source: Source) -> BadRow:
        reason = re.sub(r" at row \d+$", "", str(error.args[-1]))
        values = dict(zip(self._document.names, row, strict=True))
        blamed = [name for name in self._blamed(reason) if name in values]
        value = ", ".join(str(values[name]) for name in blamed if values[name] is not None)
        return BadRow(source.name, source.version, line, ", ".join(blamed), value, reason, "")

    def _blamed(self, reason: str) -> list[str]:
        """The columns that MySQL names, or those of the key that it names."""
        if named := _COLUMN.search(reason):
            return [named[1]]
        if key := _KEY.search(reason):
            self._cursor.execute(_KEY_COLUMNS, (*self._of_table, key[1]))
            return [name for (name,) in self._cursor.fetchall()]
        return []

    def _bound(self, row: Row) -> Row:
        return [
            _TRUTH.get(value, value) if column.type.name == "boolean" and value is not None
            else value.removesuffix("+00:00") if column.type.name == "timestamptz" and value is not None
            else value
            for column, value in zip(self._document.columns, row, strict=True)
        ]  # fmt: skip


def _rows_fault(error: pymysql.err.MySQLError) -> bool:
    return bool(error.args) and error.args[0] in ROWS_FAULT
