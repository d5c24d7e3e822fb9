"""Turns the declared type of a column into one known type, and that into each engine's own words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loader.problems import DocumentWrong

ALIASES = {
    "int2": "smallint", "int": "integer", "int4": "integer", "int8": "bigint", "decimal": "numeric", "float4": "real",
    "float": "double precision", "double": "double precision", "float8": "double precision", "bool": "boolean",
    "character": "char", "bpchar": "char", "character varying": "varchar", "string": "text",
    "timestamp without time zone": "timestamp", "datetime": "timestamp", "timestamp with time zone": "timestamptz",
    "time without time zone": "time", "jsonb": "json", "super": "json",
}  # fmt: skip
PLAIN = {
    "smallint", "integer", "bigint", "numeric", "real", "double precision", "boolean", "char", "varchar", "text",
    "date", "time", "timestamp", "timestamptz", "json", "uuid",
}  # fmt: skip
ARGUMENTS = {"char": 1, "varchar": 1, "numeric": 2}
INTEGERS = ("smallint", "integer", "bigint", "numeric")  # each fits into those behind it
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")
_TYPE = re.compile(r"([a-z][a-z0-9 ]*?)\s*(?:\(\s*(\d{1,5})\s*(?:,\s*(\d{1,5})\s*)?\))?")
_WIDEST = 65535  # bytes of a Redshift varchar
_MYSQL_WIDEST = 16383  # characters of utf8mb4 in a row of 65,535 bytes
NUMERIC = (38, 10)  # where the engine's own default would cut fractions off (Redshift: 18,0; MySQL: 10,0)


@dataclass(frozen=True)
class Type:
    """A type that every engine knows in some form; `arguments` are a length, or precision and scale."""

    name: str
    arguments: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Type:
        """Read a type as it is declared or as a database tells it.

        Raises:
            DocumentWrong: It is none of the known types.
        """
        found = _TYPE.fullmatch(" ".join(text.lower().split()))
        name = ALIASES.get(found[1], found[1]) if found else ""
        given = tuple(int(number) for number in found.groups()[1:] if number) if found else ()
        if name not in PLAIN or len(given) > ARGUMENTS.get(name, 0):
            raise DocumentWrong(f"{text!r} is not a type that the loader knows")
        return cls(name, (*given, 0) if name == "numeric" and len(given) == 1 else given)

    def sql(self, engine: str) -> str:
        """Write it for an engine: postgres, mysql or redshift."""
        name, given = self.name, self.arguments
        if engine == "postgres":
            name = {"json": "jsonb"}.get(name, name)
        elif engine == "redshift":
            name = {"json": "super", "text": "varchar", "uuid": "varchar"}.get(name, name)
            given = given or {"uuid": (36,), "text": (_WIDEST,), "varchar": (_WIDEST,), "numeric": NUMERIC}.get(
                self.name, ()
            )
        else:
            name, given = _mysql(name, given)
        return name + (f"({','.join(map(str, given))})" if given else "")

    def fits(self, table: Type) -> bool:
        """Say whether a table's column of another type takes every value of this one."""
        if self.name in INTEGERS and table.name in INTEGERS:
            if self.name != "numeric":
                return INTEGERS.index(self.name) <= INTEGERS.index(table.name) and table.arguments[1:] in {(), (0,)}
            return table.name == "numeric" and _wide_enough(self.arguments, table.arguments)
        if self.name in {"varchar", "text", "char"} and table.name in {"varchar", "text"}:
            return _wide_enough(self.arguments, table.arguments)
        return self.name == table.name and _wide_enough(self.arguments, table.arguments)


def _wide_enough(wanted: tuple[int, ...], found: tuple[int, ...]) -> bool:
    """No arguments mean no limit, or one that the database does not tell."""
    if not found or not wanted:
        return True
    if len(wanted) == ARGUMENTS["numeric"]:
        return found[1] >= wanted[1] and found[0] - found[1] >= wanted[0] - wanted[1]
    return found[0] >= wanted[0]


def _mysql(name: str, given: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    if name in {"text", "varchar"} and (not given or given[0] > _MYSQL_WIDEST):
        return "longtext", ()
    if name in {"timestamp", "timestamptz"}:
        return "datetime", (6,)
    known = {"boolean": ("tinyint", (1,)), "real": ("float", ()), "double precision": ("double", ()),
             "uuid": ("char", (36,)), "time": ("time", (6,)), "numeric": ("decimal", given or NUMERIC)}  # fmt: skip
    return known.get(name, (name, given))


@dataclass(frozen=True)
class Column:
    """A declared column."""

    name: str
    type: Type
    required: bool = False


def quoted(name: str, mark: str = '"') -> str:
    """Quote an identifier, which was checked when the document was read and is quoted all the same."""
    return mark + name.replace(mark, mark * 2) + mark
