"""CREATE TABLE and ADD COLUMN of Redshift → columns with Redshift's types; their layout on disks is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scrapectl.local.warehouses.problems import StatementFailed
from scrapectl.local.warehouses.tokens import Reader, Token, parted, quoted, sql_of
from scrapectl.local.warehouses.types import Type, read_type

_ATTRIBUTES = frozenset(
    "default identity generated encode distkey sortkey collate not null unique primary references".split()  # noqa: SIM905
)
_CONSTRAINTS = frozenset({"primary", "unique", "foreign", "constraint"})


@dataclass(frozen=True)
class Column:
    """A column as it is declared; `default` is SQL, `identity` where it begins and by how much it grows."""

    name: str
    type: Type
    required: bool = False
    default: str = ""
    identity: tuple[int, int] | None = None


@dataclass(frozen=True)
class CreateTable:
    """A table to be made: of columns, or of what a query answers."""

    schema: str
    name: str
    columns: tuple[Column, ...] = ()
    query: tuple[Token, ...] = ()
    temporary: bool = False
    unless_there: bool = False


@dataclass(frozen=True)
class AddColumn:
    """A column to be added."""

    schema: str
    table: str
    column: Column


def read_create_table(reader: Reader) -> CreateTable | None:
    """Read CREATE TABLE; None when something else is created.

    Raises:
        StatementFailed: It cannot be read.
    """
    start = reader.at
    reader.wants("create")
    reader.takes("local")
    temporary = reader.takes("temp") or reader.takes("temporary")
    if not reader.takes("table"):
        reader.at = start
        return None
    unless_there = reader.takes("if", "not", "exists")
    schema, name = reader.table()
    if name.startswith("#"):
        temporary = True
    query = _query(reader)
    if query is not None:
        return CreateTable(schema, name, (), tuple(query), temporary, unless_there)
    parts = parted(reader.parenthesis())
    columns = [_column(Reader(part)) for part in parts if not part[0].is_word(*_CONSTRAINTS)]
    keys = {token.text for part in parts if part[0].is_word("primary") for token in part[2:]}
    columns = [Column(c.name, c.type, c.required or c.name in keys, c.default, c.identity) for c in columns]
    _layout(reader)
    return CreateTable(schema, name, tuple(columns), (), temporary, unless_there)


def read_add_column(reader: Reader) -> AddColumn | None:
    """Read ALTER TABLE … ADD COLUMN; None when something else is altered.

    Raises:
        StatementFailed: It cannot be read, or Redshift adds no such column.
    """
    start = reader.at
    if not reader.takes("alter", "table"):
        return None
    schema, table = reader.table()
    if not reader.takes("add"):
        reader.at = start
        return None
    reader.takes("column")
    column = _column(Reader(reader.rest))
    if column.required and not column.default:
        raise StatementFailed("ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression")
    return AddColumn(schema, table, column)


def column_sql(column: Column) -> str:
    """Write a column as DuckDB takes it; what counts by itself has its sequence already."""
    default = f" DEFAULT ({column.default})" if column.default else ""
    return f"{quoted(column.name)} {column.type.stored}{default}{' NOT NULL' if column.required else ''}"


def _query(reader: Reader) -> list[Token] | None:
    """What stands behind AS, past words about layout."""
    depth = 0
    for at, token in enumerate(reader.rest):
        depth += token.is_sign("(") - token.is_sign(")")
        if depth == 0 and token.is_word("as"):
            found = reader.rest[at + 1 :]
            return found[1:-1] if found and found[0].is_sign("(") and found[-1].is_sign(")") else found
    return None


def _column(reader: Reader) -> Column:
    name = reader.next()
    if name.kind not in ("word", "name"):
        reader.at -= 1
        raise reader.wrong()
    written: list[Token] = []
    while reader.rest and not reader.rest[0].is_word(*_ATTRIBUTES):
        written.append(reader.next())
    if not written:
        raise reader.wrong()
    required, default, identity = _attributes(reader)
    return Column(name.text, read_type(sql_of(written)), required or identity is not None, default, identity)


def _attributes(reader: Reader) -> tuple[bool, str, tuple[int, int] | None]:
    """Read what follows a column's type: whether it is required, its default, how it counts by itself."""
    required, default, identity = False, "", None
    while reader.rest:
        if reader.takes("not", "null") or reader.takes("primary", "key"):
            required = True
        elif reader.takes("default"):
            default = sql_of(_expression(reader))
        elif reader.takes("generated", "by", "default", "as", "identity") or reader.takes("identity"):
            numbers = [int(part[0].text) for part in parted(reader.parenthesis())]
            identity = (numbers[0], numbers[1])
        elif reader.takes("encode") or reader.takes("collate") or reader.takes("references"):
            reader.table()
            if reader.rest and reader.rest[0].is_sign("("):
                reader.parenthesis()
        elif not (reader.takes("null") or reader.takes("distkey") or reader.takes("sortkey") or reader.takes("unique")):
            raise reader.wrong()
    return required, default, identity


def _expression(reader: Reader) -> Sequence[Token]:
    """Read a default: up to the next attribute."""
    found = [reader.next()]
    while reader.rest and not reader.rest[0].is_word(*_ATTRIBUTES):
        found.append(reader.next())
    return found


def _layout(reader: Reader) -> None:
    """Read past what says how a table lies on its disks ("CREATE TABLE", table attributes)."""
    while reader.rest:
        if any(reader.takes(word) for word in ("backup", "encode", "diststyle")):
            reader.next()
        elif reader.takes("distkey") or reader.takes("sortkey"):
            if not reader.takes("auto") and reader.rest and reader.rest[0].is_sign("("):
                reader.parenthesis()
        elif not (reader.takes("compound") or reader.takes("interleaved")):
            raise reader.wrong()
