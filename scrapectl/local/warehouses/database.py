"""A database of a warehouse: a file of DuckDB in which statements run as Redshift's, several as one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapectl.local.warehouses.catalog import CATALOG, comment_of, length_checks, temporary
from scrapectl.local.warehouses.copy_command import Copy
from scrapectl.local.warehouses.problems import Refused, StatementFailed, redshift_words
from scrapectl.local.warehouses.statements import (
    Change,
    Define,
    Lock,
    Nothing,
    Query,
    must_stand_alone,
    read_statement,
    translated,
)
from scrapectl.local.warehouses.table_words import AddColumn, CreateTable, column_sql
from scrapectl.local.warehouses.tokens import Token, literal, quoted
from scrapectl.local.warehouses.types import read_type, stored_type

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from scrapectl.local.warehouses.types import Type

_PUBLIC = "public"


@dataclass(frozen=True)
class Outcome:
    """What a statement came to: columns and rows of a query (values as text), else how many rows it touched."""

    columns: tuple[tuple[str, Type], ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    count: int = -1
    answers: bool = False


@dataclass(frozen=True)
class Target:
    """A table that is loaded: its columns in order, with their types, whether they are required, and have defaults."""

    schema: str
    name: str
    columns: dict[str, Type]
    required: frozenset[str] = frozenset()
    defaulted: frozenset[str] = frozenset()


Rows = list[list[str | None]]
Load = Callable[[Copy, Target], tuple[tuple[str, ...], Rows]]
"""(COPY, the table) → the columns it fills and the rows, values as text that fits."""


@dataclass
class Database:
    """One database, opened when first used."""

    path: Path
    _opened: Any = field(default=None, repr=False)

    def run(self, statements: Sequence[Sequence[Token]], load: Load) -> list[Outcome]:
        """Run statements in one transaction, which ends with the first that fails.

        Raises:
            StatementFailed: `at` tells which.
        """
        cursor = self._cursor()
        outcomes: list[Outcome] = []
        try:
            cursor.execute("BEGIN")
            session = _Session(cursor, load, alone=len(statements) == 1)
            for tokens in statements:
                outcomes.append(session.run(tokens))  # noqa: PERF401 - how many ran is told when one fails
            cursor.execute("COMMIT")
        except Exception as error:
            failed = _failure(error)
            self._roll_back(cursor, failed.refused)
            raise _Failed(len(outcomes), failed) from error
        finally:
            cursor.close()
        return outcomes

    def interrupt(self) -> None:
        """End what runs."""
        if self._opened is not None:
            self._opened.interrupt()

    def close(self) -> None:
        """Close the file."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _cursor(self) -> DuckDBPyConnection:
        if self._opened is None:
            import duckdb  # noqa: PLC0415 - takes its time, and only where a warehouse is used

            # Statements reach no file and no network of this machine, whatever they say.
            self._opened = duckdb.connect(str(self.path), config={"enable_external_access": "false"})
            for statement in CATALOG:
                self._opened.execute(statement)
        cursor = self._opened.cursor()
        cursor.execute(f"SET search_path = '{_PUBLIC},main'")
        cursor.execute("SET timezone = 'UTC'")
        return cursor  # type: ignore[no-any-return]

    def _roll_back(self, cursor: DuckDBPyConnection, refused: tuple[Refused, ...]) -> None:
        cursor.execute("ROLLBACK")
        for each in refused:
            values = [each.table, each.file, each.line, each.column, each.type, each.length, each.value]
            values += [each.code, each.reason, each.raw[:1024]]
            cursor.execute(
                "INSERT INTO main.sys_load_error_detail SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now()", values
            )


class _Failed(StatementFailed):
    """A statement of several failed: which."""

    def __init__(self, at: int, failed: StatementFailed) -> None:
        super().__init__(failed.message, failed.refused)
        self.at = at


def failed_at(failed: StatementFailed) -> int:
    """Say which of the statements failed."""
    return failed.at if isinstance(failed, _Failed) else 0


def _failure(error: Exception) -> StatementFailed:
    if isinstance(error, StatementFailed):
        return error
    import duckdb  # noqa: PLC0415 - is loaded by now

    if isinstance(error, duckdb.InterruptException):
        return StatementFailed("Query cancelled on user's request")
    return (
        StatementFailed(redshift_words(str(error))) if isinstance(error, duckdb.Error) else StatementFailed(str(error))
    )


@dataclass
class _Session:
    """One statement, on its way through DuckDB."""

    cursor: DuckDBPyConnection
    load: Load
    alone: bool

    def run(self, tokens: Sequence[Token]) -> Outcome:
        deed = read_statement(tokens)
        if must_stand_alone(deed) and not self.alone:
            raise StatementFailed(f"{tokens[0].text.upper()} cannot run inside a transaction block")
        ways: dict[type, Callable[[Any], Outcome]] = {
            Query: self._query,
            Change: self._change,
            Define: self._define,
            CreateTable: self._create,
            AddColumn: self._add,
            Copy: self._copy,
            Lock: self._lock,
            Nothing: lambda _: Outcome(),
        }
        return ways[type(deed)](deed)

    def _lock(self, lock: Lock) -> Outcome:
        for schema, name in lock.tables:
            self._columns(schema, name)
        return Outcome()

    def _define(self, define: Define) -> Outcome:
        self.cursor.execute(define.sql)
        return Outcome()

    def _show(self, sql: str) -> Outcome:
        rows = self.cursor.execute(sql).fetchall()
        texts = tuple(tuple(None if value is None else str(value) for value in row) for row in rows)
        columns = tuple((name[0], stored_type("VARCHAR")) for name in self.cursor.description)
        return Outcome(columns, texts, len(texts), answers=True)

    def _query(self, query: Query) -> Outcome:
        """Everything as text, which keeps the digits of numbers; the types say what it was."""
        if query.sql.startswith(("show", "explain")):
            return self._show(query.sql)
        described = self.cursor.execute(f"DESCRIBE {query.sql}").fetchall()
        columns = tuple((row[0], stored_type(row[1])) for row in described)
        names = [f"c{number}" for number in range(len(columns))]
        texts = ", ".join(f"CAST({name} AS VARCHAR)" for name in names)
        sql = f"SELECT {texts} FROM ({query.sql}) AS answer({', '.join(names)})"  # noqa: S608 - names are ours
        found = self.cursor.execute(sql).fetchall()
        return Outcome(columns, tuple(found), len(found), answers=True)

    def _change(self, change: Change) -> Outcome:
        counted = self.cursor.execute(change.sql).fetchone()
        if change.table is not None:
            self._check_lengths(*change.table)
        return Outcome(count=int(counted[0]) if counted else 0)

    def _check_lengths(self, schema: str, name: str) -> None:
        """DuckDB keeps no lengths of texts; Redshift fails a statement that writes a longer one."""
        for check, type_ in length_checks(self._columns(schema, name), self._place(schema, name)):
            if self.cursor.execute(check).fetchone():
                raise StatementFailed(f"Value too long for type {type_}")

    def _create(self, create: CreateTable) -> Outcome:
        place = self._place(create.schema, create.name, temp=create.temporary)
        if create.unless_there and self._stands(create.schema, create.name):
            return Outcome()
        head = f"CREATE {'TEMP ' if create.temporary else ''}TABLE {place}"
        if create.query:
            self.cursor.execute(f"{head} AS {translated(create.query)}")
            return Outcome()
        defaults = {}
        for column in create.columns:
            if column.identity:
                sequence = quoted(f"{create.name}_{column.name}_identity")
                first, step = column.identity
                self.cursor.execute(f"CREATE SEQUENCE main.{sequence} START {first} INCREMENT {step}")
                defaults[column.name] = f" DEFAULT nextval({literal(f'main.{sequence}')})"
        parts = [column_sql(column) + defaults.get(column.name, "") for column in create.columns]
        self.cursor.execute(f"{head} ({', '.join(parts)})")
        for column in create.columns:
            self.cursor.execute(comment_of(place, column.name, column.type))
        return Outcome()

    def _add(self, add: AddColumn) -> Outcome:
        self._columns(add.schema, add.table)
        place = self._place(add.schema, add.table)
        column = add.column
        self.cursor.execute(f"ALTER TABLE {place} ADD COLUMN {column_sql(column).replace(' NOT NULL', '')}")
        self.cursor.execute(comment_of(place, column.name, column.type))
        return Outcome()

    def _copy(self, copy: Copy) -> Outcome:
        found = self._columns(copy.schema, copy.table)
        wanted = {row["column_name"]: read_type(row["type"]) for row in found}
        unknown = [name for name in copy.columns if name not in wanted]
        if unknown:
            raise StatementFailed(f'column "{unknown[0]}" of relation "{copy.table}" does not exist')
        required = frozenset(row["column_name"] for row in found if not row["is_nullable"])
        defaulted = frozenset(row["column_name"] for row in found if row["column_default"] is not None)
        columns, rows = self.load(copy, Target(copy.schema, copy.table, wanted, required, defaulted))
        if rows:
            self._insert(self._place(copy.schema, copy.table), {name: wanted[name] for name in columns}, rows)
        return Outcome(count=len(rows))

    def _insert(self, place: str, columns: dict[str, Type], rows: Rows) -> None:
        """One statement for all rows: each column is handed over as a list."""
        names = ", ".join(map(quoted, columns))
        casts = ", ".join(f"CAST(v{number} AS {type_.stored})" for number, type_ in enumerate(columns.values()))
        lists = ", ".join(f"unnest(${number + 1}::VARCHAR[]) AS v{number}" for number in range(len(columns)))
        values = [list(column) for column in zip(*rows, strict=True)]
        self.cursor.execute(f"INSERT INTO {place} ({names}) SELECT {casts} FROM (SELECT {lists})", values)  # noqa: S608

    def _columns(self, schema: str, name: str) -> list[dict[str, Any]]:
        """The columns of a table that has to be there."""
        answer = self.cursor.execute(
            "SELECT column_name, type, is_nullable, column_default FROM main.every_column "
            "WHERE table_name = $1 AND (table_schema = $2 OR (is_temporary AND $3)) "
            "ORDER BY is_temporary DESC, position",
            [name, schema or _PUBLIC, not schema],
        )
        names = ("column_name", "type", "is_nullable", "column_default")
        found = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        if not found:
            raise StatementFailed(f'relation "{name}" does not exist')
        return found

    def _stands(self, schema: str, name: str) -> bool:
        try:
            return bool(self._columns(schema, name))
        except StatementFailed:
            return False

    def _place(self, schema: str, name: str, *, temp: bool = False) -> str:
        """A table's whole name: a temporary one comes before one of the public schema."""
        if temp or (not schema and temporary(self.cursor, name)):
            return f"temp.main.{quoted(name)}"
        return f"{quoted(schema or _PUBLIC)}.{quoted(name)}"
