"""The types that columns may have, in the words of any engine; the loader writes each in its own (pure)."""

from __future__ import annotations

import re


def _set(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(","))


# What each name means. "Data Types", PostgreSQL documentation; "Data Types", MySQL 8.4 Reference Manual; "Data types",
# Amazon Redshift Database Developer Guide. Types whose values no file of text and numbers holds are left out. The
# loader (containers/loader/loader/columns.py) has the same names, which a test holds it to.
_PLAIN = _set(
    "smallint, int2, integer, int, int4, bigint, int8, real, float4, double precision, float, double, float8, "
    "boolean, bool, text, string, date, time, time without time zone, timestamp, timestamp without time zone, "
    "datetime, timestamptz, timestamp with time zone, json, jsonb, super, uuid"
)
_TEXTS = {"varchar": "varchar", "character varying": "varchar", "char": "char", "character": "char", "bpchar": "char"}
_DIGITS = _set("numeric, decimal")
NAMES = _PLAIN | _TEXTS.keys() | _DIGITS
"""Every name, without lengths."""
_UNFIT_KEYS = {
    "mysql": _set("text, string, json, jsonb, super"),
    "redshift": _set("json, jsonb, super"),
    "postgres": (),
}
# Characters (Redshift: bytes), and digits.
_LONGEST = {
    "postgres": {"varchar": 65535, "char": 65535, "numeric": 1000},
    "mysql": {"varchar": 16383, "char": 255, "numeric": 65},
    "redshift": {"varchar": 65535, "char": 4096, "numeric": 38},
}
_TYPE = re.compile(r"(?P<name>[a-z0-9]+( [a-z]+)*)( ?\( ?(?P<first>[0-9]{1,5}) ?(, ?(?P<second>[0-9]{1,3}) ?)?\))?")


def is_type(text: str) -> bool:
    """Say whether something is a type, written in lower case and with single blanks, without "not null"."""
    found = _TYPE.fullmatch(text)
    if found is None or found["name"] not in NAMES:
        return False
    if found["second"]:
        return found["name"] in _DIGITS
    return not found["first"] or found["name"] in _DIGITS or found["name"] in _TEXTS


def longest(engine: str, text: str) -> int | None:
    """Say how long a type may be in an engine when it is written longer there; None when it fits."""
    found = _TYPE.fullmatch(text)
    if found is None or not found["first"]:
        return None
    most = _LONGEST[engine][_TEXTS.get(found["name"], "numeric")]
    return most if not 0 < int(found["first"]) <= most else None


def is_fit_for_a_key(engine: str, text: str) -> bool:
    """Say whether an engine tells one value of a type from another."""
    return text not in _UNFIT_KEYS[engine]
