"""How rows stand in a source: CSV, JSON and Parquet become raw rows with their lines, in the order of the columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from loader.document import Document
from loader.sources import Source

LONGEST_RECORD = 16 << 20  # bytes; so a file without line ends does not fill the memory


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it was read: text of CSV, values of JSON and Parquet; None is no value."""

    line: int
    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be read as a row; reading goes on behind it."""

    line: int
    column: str
    value: str
    reason: str
    row: str


Read = Iterator[RawRow | Unreadable]


def read(source: Source, document: Document) -> Read:
    """Read the rows of a source.

    Raises:
        LoadRefused: It cannot be read at all: empty, damaged, another header.
        SourceChanged: It is no longer what was listed.
    """
    from loader.formats import csv_rows, json_rows, parquet_rows  # noqa: PLC0415 - they need what stands above

    if source.name.startswith("sqs:"):
        return json_rows.read_message(source, document.names)
    if document.format.type == "parquet":
        return parquet_rows.read(source, document.names, document.format)
    if document.format.type == "json":
        return json_rows.read(source, document.names, document.format)
    return csv_rows.read(source, document.names, document.format)
