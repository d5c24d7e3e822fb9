"""Redshift's types as they are written → their own names, what DuckDB stores for them, and what fits into them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scrapectl.local.warehouses.problems import StatementFailed

# "Data types", Amazon Redshift Database Developer Guide: every spelling to the name that catalogs show.
_NAMES = {
    "smallint": "smallint", "int2": "smallint",
    "integer": "integer", "int": "integer", "int4": "integer",
    "bigint": "bigint", "int8": "bigint",
    "decimal": "numeric", "numeric": "numeric",
    "real": "real", "float4": "real",
    "double precision": "double precision", "float8": "double precision", "float": "double precision",
    "boolean": "boolean", "bool": "boolean",
    "char": "character", "character": "character", "nchar": "character", "bpchar": "character",
    "varchar": "character varying", "character varying": "character varying", "nvarchar": "character varying",
    "text": "character varying",
    "date": "date",
    "timestamp": "timestamp without time zone", "timestamp without time zone": "timestamp without time zone",
    "timestamptz": "timestamp with time zone", "timestamp with time zone": "timestamp with time zone",
    "time": "time without time zone", "time without time zone": "time without time zone",
    "super": "super",
}  # fmt: skip
_STORED = {"super": "JSON", "character": "VARCHAR", "character varying": "VARCHAR", "time without time zone": "TIME"}
_STORED |= {"timestamp without time zone": "TIMESTAMP", "timestamp with time zone": "TIMESTAMPTZ"}
_LONGEST = {"character": 4096, "character varying": 65535}
_DEFAULT_LENGTH = {"character": 1, "character varying": 256}
_NOT_SAID = {"text": 256, "bpchar": 256}
_WRITTEN = re.compile(
    r"(?P<name>[a-z0-9 ]+?)\s*(?:\(\s*(?P<first>\d+|max)\s*(?:,\s*(?P<second>\d+)\s*)?\))?"
    r"(?P<zone> with(?:out)? time zone)?$"
)


@dataclass(frozen=True)
class Type:
    """A column's type: Redshift's own name for it; length in bytes, precision and scale where it has them."""

    name: str
    length: int | None = None
    precision: int | None = None
    scale: int | None = None

    def __str__(self) -> str:
        if self.length is not None:
            return f"{self.name}({self.length})"
        return f"{self.name}({self.precision},{self.scale})" if self.precision is not None else self.name

    @property
    def stored(self) -> str:
        """DuckDB's type for it."""
        if self.precision is not None:
            return f"DECIMAL({self.precision},{self.scale})"
        return _STORED.get(self.name, self.name.upper())


def read_type(written: str) -> Type:
    """Read a type as it is written: `varchar(10)`, `numeric`, `timestamp with time zone`.

    Raises:
        StatementFailed: Redshift has none such.
    """
    found = _WRITTEN.match(written.strip().lower())
    spelled = f"{found['name']}{found['zone'] or ''}" if found else written
    name = _NAMES.get(spelled)
    if found is None or name is None:
        raise StatementFailed(f'type "{written}" does not exist')
    if name in _LONGEST:
        length = _LONGEST[name] if found["first"] == "max" else int(found["first"] or _of_none(found["name"], name))
        if length > _LONGEST[name]:
            raise StatementFailed(f"length for type {name} cannot exceed {_LONGEST[name]}")
        return Type(name, length=length)
    if name == "numeric":
        return Type(name, precision=int(found["first"] or 18), scale=int(found["second"] or 0))
    return Type(name)


def _of_none(spelled: str, name: str) -> int:
    return _NOT_SAID.get(spelled, _DEFAULT_LENGTH[name])


def stored_type(stored: str) -> Type:
    """Give Redshift's type of a column that DuckDB made by itself (CREATE TABLE AS)."""
    known = {"VARCHAR": Type("character varying", length=65535), "JSON": Type("super"), "HUGEINT": Type("bigint")}
    known |= {"DOUBLE": Type("double precision"), "FLOAT": Type("real")}
    if stored in known:
        return known[stored]
    try:
        return read_type(stored)
    except StatementFailed:
        return Type("super")
