"""Turns a load into the statements that Redshift runs as one transaction, and nothing but them.

No value of a source, and none of the ledger, stands in a statement: they come by COPY from the run's own prefix.
Redshift enforces no unique key, so that the ledger is locked first, before any statement that takes a snapshot (its
Database Developer Guide, "Serializable isolation"), and every change is made only while nothing is void.
"""

from __future__ import annotations

from collections.abc import Iterator

from loader.columns import Column, quoted
from loader.document import Document, Target
from loader.targets import LEDGER

CLAIM, ROWS, VOID, LAST, ORDER = (f"scrapectl_{name}" for name in ("claim", "rows", "void", "last", "row"))
LEDGER_COLUMNS = {
    "loader": "varchar(512) NOT NULL", "source": "varchar(2048) NOT NULL", "version": "varchar(1024) NOT NULL",
    "etag": "varchar(256)", "rows": "bigint", "refused": "bigint", "run": "varchar(256) NOT NULL",
    "loaded_at": "timestamptz", "source_time": "timestamptz",
}  # fmt: skip
COLUMNS_OF = (
    'SELECT "column_name", "data_type", "character_maximum_length", "numeric_precision", "numeric_scale", "is_nullable"'
    ' FROM "svv_columns" WHERE "table_schema" = :schema AND "table_name" = :table ORDER BY "ordinal_position"'
)
_NOTHING_VOID = f'NOT EXISTS (SELECT 1 FROM "{VOID}")'  # noqa: S608
_LEDGER_NAMES = ", ".join(map(quoted, LEDGER_COLUMNS))


class Statements:
    """The statements of one loader."""

    def __init__(self, document: Document, target: Target) -> None:
        self._document, self._copy_role = document, target.copy_role
        self._table = f"{quoted(target.schema)}.{quoted(target.table)}"
        self._short = quoted(target.table)
        self._ledger = f"{quoted(target.schema)}.{quoted(LEDGER)}"
        self._names = _listed(document.names)
        self._required = {column.name for column in document.columns if column.required} | set(document.key)

    def make_ledger(self) -> str:
        """Make the ledger."""
        parts = ", ".join(f"{quoted(name)} {kind}" for name, kind in LEDGER_COLUMNS.items())
        return f"CREATE TABLE IF NOT EXISTS {self._ledger} ({parts})"

    def make_table(self) -> str:
        """Make the table."""
        return f"CREATE TABLE IF NOT EXISTS {self._table} ({self._declared()})"

    def add_column(self, column: Column) -> str:
        """Add a column."""
        return f"ALTER TABLE {self._table} ADD COLUMN {quoted(column.name)} {column.type.sql('redshift')}"

    def known(self, *, one: bool, some: bool) -> str:
        """Read what the ledger has of this loader (:loader), of one source (:source), or of some versions (:versions).

        Versions come as one text, with spaces between them: a statement takes no list.
        """
        names = _listed(("source", "version", "etag", "run", "rows", "refused", "source_time"))
        where = '"loader" = :loader' + (' AND "source" = :source' if one else "")
        where += ' AND STRPOS(:versions, "version") > 0' if some else ""
        return f"SELECT {names} FROM {self._ledger} WHERE {where}"  # noqa: S608 - names are quoted, values bound

    def load(self, claim: str, manifest: str | None) -> list[str]:
        """Write the transaction.

        Args:
            claim: Where the ledger's lines are staged, s3://….
            manifest: Where the list of the staged rows is; None when there is no row.
        """
        stage = f'{self._declared()}, "{ORDER}" bigint'
        return [
            f"LOCK {self._ledger}",
            f'CREATE TEMP TABLE "{CLAIM}" ({self._claim_columns()})',
            self._copy(CLAIM, f'{_LEDGER_NAMES}, "as_of"', claim, "FORMAT AS JSON 'auto' GZIP TIMEFORMAT 'auto'"),
            self._void(),
            f'CREATE TEMP TABLE "{ROWS}" ({stage})',
            *self._rows(manifest),
            *self._move(),
            self._tell(),
        ]

    def _tell(self) -> str:
        names = _LEDGER_NAMES
        return f'INSERT INTO {self._ledger} ({names}) SELECT {names} FROM "{CLAIM}" WHERE {_NOTHING_VOID}'  # noqa: S608

    def _rows(self, manifest: str | None) -> Iterator[str]:
        if manifest is not None:
            how = "MANIFEST FORMAT AS JSON 'auto' GZIP DATEFORMAT 'auto' TIMEFORMAT 'auto'"
            yield self._copy(ROWS, f'{self._names}, "{ORDER}"', manifest, how)

    def _copy(self, table: str, names: str, place: str, how: str) -> str:
        return f'COPY "{table}" ({names}) FROM {literal(place)} IAM_ROLE {literal(self._copy_role)} {how}'

    def _claim_columns(self) -> str:
        kinds = {name: kind.removesuffix(" NOT NULL") for name, kind in LEDGER_COLUMNS.items()}
        return ", ".join(f"{quoted(name)} {kind}" for name, kind in (kinds | {"as_of": "timestamptz"}).items())

    def _void(self) -> str:
        """What makes the load void: one of its sources is loaded already, or newer rows replaced the table."""
        same = '"known"."source" = "claim"."source" AND "known"."version" = "claim"."version"'
        if self._document.mode == "replace":
            same = f'({same}) OR "known"."source_time" > "claim"."as_of"'
        return (
            f'CREATE TEMP TABLE "{VOID}" AS SELECT "known"."source" FROM {self._ledger} AS "known"'  # noqa: S608
            f' JOIN "{CLAIM}" AS "claim" ON "known"."loader" = "claim"."loader" WHERE {same}'
        )

    def _move(self) -> Iterator[str]:
        if self._document.mode == "merge":
            yield from self._merge()
            return
        if self._document.mode == "replace":
            yield f"DELETE FROM {self._table} WHERE {_NOTHING_VOID}"  # noqa: S608
        yield (
            f"INSERT INTO {self._table} ({self._names})"  # noqa: S608
            f' SELECT {self._names} FROM "{ROWS}" WHERE {_NOTHING_VOID}'
        )

    def _merge(self) -> Iterator[str]:
        """Of a key that comes twice the last row counts: MERGE refuses a source with two rows of one key."""
        rank = f'ROW_NUMBER() OVER (PARTITION BY {_listed(self._document.key)} ORDER BY "{ORDER}" DESC)'
        yield (
            f'CREATE TEMP TABLE "{LAST}" AS SELECT {self._names} FROM (SELECT {self._names}, {rank} AS'  # noqa: S608
            f' "scrapectl_rank" FROM "{ROWS}") AS "ranked" WHERE "scrapectl_rank" = 1 AND {_NOTHING_VOID}'
        )
        same = " AND ".join(f'{self._short}.{quoted(name)} = "{LAST}".{quoted(name)}' for name in self._document.key)
        changed = [name for name in self._document.names if name not in self._document.key] or self._document.key
        sets = ", ".join(f'{quoted(name)} = "{LAST}".{quoted(name)}' for name in changed)
        values = ", ".join(f'"{LAST}".{quoted(name)}' for name in self._document.names)
        yield (
            f'MERGE INTO {self._table} USING "{LAST}" ON {same} WHEN MATCHED THEN UPDATE SET {sets}'  # noqa: S608
            f" WHEN NOT MATCHED THEN INSERT ({self._names}) VALUES ({values})"
        )

    def _declared(self) -> str:
        return ", ".join(
            f"{quoted(column.name)} {column.type.sql('redshift')}"
            + (" NOT NULL" if column.name in self._required else "")
            for column in self._document.columns
        )


def literal(text: str) -> str:
    """Write a text that COPY takes only as a literal: a place of our own naming, a role that was checked."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def type_of(kind: str, length: int | None, precision: int | None, scale: int | None) -> str:
    """Write the type of a column that stands as one declares it."""
    name = {"character": "char", "character varying": "varchar"}.get(kind, kind)
    if name in {"char", "varchar"} and length is not None:
        return f"{name}({length})"
    if name == "numeric" and precision is not None:
        return f"numeric({precision},{scale or 0})"
    return {"timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz",
            "time without time zone": "time"}.get(name, name)  # fmt: skip


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, names))
