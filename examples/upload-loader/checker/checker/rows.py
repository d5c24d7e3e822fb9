"""Lines of CSV → rows that fit the table of persons, and what is wrong with those that do not."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

COLUMNS = ("id", "email", "state", "postal", "address")
LONGEST = {"id": 10, "email": 50, "state": 3, "postal": 10, "address": 250}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class Row:
    """A line's fields; `wrong` says what does not fit, "" when all does."""

    line: int
    fields: tuple[str, ...]
    wrong: str = ""


def check(lines: Iterable[str]) -> Iterator[Row]:
    """Check each line by itself, and that no id comes twice; a first line of column names is left out."""
    seen: dict[str, int] = {}
    reader = csv.reader(lines)
    for fields in reader:
        if not fields or (reader.line_num == 1 and tuple(fields) == COLUMNS):
            continue
        row = Row(reader.line_num, tuple(fields), _wrong(fields))
        if not row.wrong and fields[0] in seen:
            row = Row(row.line, row.fields, f"id {fields[0]} stands in line {seen[fields[0]]} already")
        seen.setdefault(fields[0], row.line)
        yield row


def _wrong(fields: list[str]) -> str:
    if len(fields) != len(COLUMNS):
        return f"{len(fields)} fields where {len(COLUMNS)} were expected"
    for name, value in zip(COLUMNS, fields, strict=True):
        if not value:
            return f"{name} is empty"
        if len(value) > LONGEST[name]:
            return f"{name} has {len(value)} characters, and takes {LONGEST[name]}"
    named = dict(zip(COLUMNS, fields, strict=True))
    if not named["postal"].isdecimal():
        return f"postal {named['postal']!r} is no number"
    return "" if _EMAIL.fullmatch(named["email"]) else f"email {named['email']!r} is no address"
