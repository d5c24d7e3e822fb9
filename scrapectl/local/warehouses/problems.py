"""What goes wrong with a statement, in Redshift's words: DuckDB's own are turned into them as far as loaders ask."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


class StatementFailed(Exception):
    """A statement that Redshift fails; `message` as DescribeStatement tells it, without "ERROR: "."""

    def __init__(self, message: str, refused: tuple[Refused, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.refused = refused


@dataclass(frozen=True)
class Refused:
    """A row that COPY does not take, as SYS_LOAD_ERROR_DETAIL has it: codes as in "Load error reference"."""

    table: str
    file: str
    line: int
    column: str
    type: str
    length: str
    value: str
    code: int
    reason: str
    raw: str = field(default="", repr=False)


_SAID = (
    (r"NOT NULL constraint failed: \S*?([^.\s]+)$", r"Cannot insert a NULL value into column \1"),
    (r"Table with name (\S+) already exists", r'Relation "\1" already exists'),
    (r"Table with name (\S+) does not exist", r'relation "\1" does not exist'),
    (r"Schema with name (\S+) does not exist", r'schema "\1" does not exist'),
    (r"Schema with name \"?([^\"\s]+)\"? already exists", r'Schema "\1" already exists'),
    (r'Referenced column "([^"]+)" not found', r'column "\1" does not exist'),
    (r'Table "([^"]+)" does not have a column \w+ "([^"]+)"', r'column "\2" of relation "\1" does not exist'),
    (r"Column with name (\S+) already exists", r'column "\1" already exists'),
    (r"MERGE INTO command cannot affect the same", "Found multiple matches to update the same tuple."),
    (r'syntax error at or near "([^"]*)"', r'syntax error at or near "\1"'),
    (r"syntax error at end of input", "syntax error at end of input"),
    (r"Could not convert string '([^']*)' to (?:INT|UINT)\w*", r'invalid input syntax for integer: "\1"'),
    (r"Malformed JSON", "Invalid JSON format"),
    (r"conflict", "1023 DETAIL: Serializable isolation violation on table"),
)  # fmt: skip


def redshift_words(message: str) -> str:
    """Say what DuckDB said as Redshift says it; what is not known in its first line's own words."""
    first = message.partition("\n")[0]
    for pattern, said in _SAID:
        found = re.search(pattern, first, re.IGNORECASE)
        if found:
            return found.expand(said)
    return re.sub(r"^[A-Za-z ]+ Error: ", "", first)
