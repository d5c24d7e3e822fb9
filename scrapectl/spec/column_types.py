"""The types of columns that each engine knows, and which of them take a length or digits (pure)."""

from __future__ import annotations

import re


def _set(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(","))


_EVERYWHERE = _set("smallint, integer, int, bigint, real, boolean, bool, text, date, time, timestamp, double precision")
_WITH_ZONE = _set(
    "timestamp with time zone, timestamp without time zone, time with time zone, time without time zone, "
    "timestamptz, timetz, int2, int4, int8, float4, float8"
)
_ALONE = {
    "postgres": _WITH_ZONE | _set("interval, uuid, json, jsonb, bytea, inet, cidr, varchar, character varying"),
    "mysql": _set(
        "tinyint, mediumint, double, tinytext, mediumtext, longtext, datetime, year, json, tinyint unsigned, "
        "smallint unsigned, mediumint unsigned, int unsigned, integer unsigned, bigint unsigned"
    ),
    "redshift": _WITH_ZONE | _set("super, varbyte, varchar, nvarchar, nchar, bpchar, character varying"),
}
# With one number behind it, and with one or two.
_LENGTH = {
    "postgres": _set("varchar, char, character, character varying, timestamp, time, float"),
    "mysql": _set("varchar, char, binary, varbinary, datetime, timestamp, time, float"),
    "redshift": _set("varchar, nvarchar, char, character, nchar, character varying, varbyte, float"),
}
_DIGITS = _set("numeric, decimal")
_NEEDS_LENGTH = {"postgres": frozenset[str](), "mysql": _set("varchar, varbinary"), "redshift": frozenset[str]()}
_TYPE = re.compile(r"(?P<name>[a-z0-9]+( [a-z]+)*)( ?\((?P<first>[0-9]{1,6})(, ?(?P<second>[0-9]{1,4}))?\))?")


def is_type(engine: str, text: str) -> bool:
    """Say whether an engine has a type.

    "Data Types", PostgreSQL documentation; "Data Types", MySQL 8.4 Reference Manual; "Data types", Amazon Redshift
    Database Developer Guide. Types whose values no file of text and numbers holds (geometry, enums) are left out.

    Args:
        engine: "postgres", "mysql" or "redshift".
        text: In lower case and with single blanks, without "not null".
    """
    found = _TYPE.fullmatch(text)
    if found is None:
        return False
    if found["second"]:
        return found["name"] in _DIGITS
    if found["first"]:
        return found["name"] in _DIGITS | _LENGTH[engine]
    return found["name"] in names_of(engine) and found["name"] not in _NEEDS_LENGTH[engine]


def names_of(engine: str) -> list[str]:
    """List the types that an engine has, without lengths."""
    return sorted(_EVERYWHERE | _ALONE[engine] | _LENGTH[engine] | _DIGITS)
