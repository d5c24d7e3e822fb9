"""A file that COPY reads → its rows, each with the line it begins in; a value is text, None, or what JSON holds."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scrapectl.local.warehouses.copy_command import Copy
from scrapectl.local.warehouses.problems import StatementFailed


@dataclass(frozen=True)
class Row:
    """One row: its line (from 1), its values by column, itself as written; `wrong` says why it cannot be read."""

    line: int
    values: Mapping[str, Any]
    raw: str = ""
    wrong: str = ""


class Number(float):
    """A number of JSON that knows how it was written: a numeric column takes its digits, not a float's."""

    written: str

    @classmethod
    def of(cls, text: str) -> Number:
        """Read a number."""
        found = cls(text)
        found.written = text
        return found


def rows_of(content: bytes, copy: Copy, columns: list[str]) -> Iterator[Row]:
    """Read a file's rows, as its COPY says.

    Raises:
        StatementFailed: It is no such file at all.
    """
    if copy.format == "parquet":
        yield from _parquet(content, columns)
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StatementFailed(f"String contains invalid or unsupported UTF8 codepoints: {error.reason}") from error
    if copy.format == "json":
        yield from _json(text, copy, columns)
    elif copy.format == "csv":
        yield from _csv(text, copy, columns)
    else:
        for number, line in enumerate(text.splitlines(), 1):
            if number > copy.header and line:
                yield _row(number, line.split(copy.delimiter), columns, line)


def _csv(text: str, copy: Copy, columns: list[str]) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=copy.delimiter, quotechar=copy.quote, strict=True)
    line, count = 1, 0
    try:
        for values in reader:
            count += 1
            if count > copy.header and values:
                yield _row(line, values, columns, copy.delimiter.join(values))
            line = reader.line_num + 1
    except csv.Error as error:
        yield Row(line, {}, wrong=f"Invalid quote formatting for CSV: {error}")


def _row(line: int, values: list[str], columns: list[str], raw: str) -> Row:
    if len(values) > len(columns):
        return Row(line, {}, raw, "Extra column(s) found")
    if len(values) < len(columns):
        return Row(line, {}, raw, "Delimiter not found")
    return Row(line, dict(zip(columns, values, strict=True)), raw)


def _json(text: str, copy: Copy, columns: list[str]) -> Iterator[Row]:
    """Objects one after the other, on lines of their own or not ("COPY from JSON format")."""
    decoder, at, line, counted = json.JSONDecoder(parse_float=Number.of), 0, 1, 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            return
        line, counted = line + text.count("\n", counted, at), at
        try:
            found, end = decoder.raw_decode(text, at)
        except ValueError:
            yield Row(line, {}, text[at:].partition("\n")[0], "Invalid JSON format")
            return
        yield _object(line, found, copy, columns, text[at:end])
        at = end


def _object(line: int, found: Any, copy: Copy, columns: list[str], raw: str) -> Row:
    if copy.json == "noshred":
        return Row(line, {columns[0]: found}, raw)
    if copy.json not in ("auto", "auto ignorecase"):
        raise StatementFailed("a JSONPaths file is nothing that the embedded warehouses read")
    if not isinstance(found, dict):
        return Row(line, {}, raw, "Invalid JSON object: an object was expected")
    if copy.json == "auto ignorecase":
        found = {key.lower(): value for key, value in found.items()}
    return Row(line, {name: found.get(name) for name in columns if name in found}, raw)


def _parquet(content: bytes, columns: list[str]) -> Iterator[Row]:
    """Columns by their place, as Redshift takes them ("COPY from columnar data formats")."""
    import duckdb  # noqa: PLC0415 - a second, and only where a warehouse is used

    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, duckdb.connect() as reading:
        file.write(content)
        file.flush()
        try:
            reading.execute("SET timezone = 'UTC'")
            names = [row[0] for row in reading.execute("DESCRIBE FROM read_parquet($1)", [file.name]).fetchall()]
            chosen = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in names)
            found = reading.execute(f"SELECT {chosen} FROM read_parquet($1)", [file.name]).fetchall()  # noqa: S608
        except duckdb.Error as error:
            raise StatementFailed("Spectrum Scan Error: File has an invalid version number or is no Parquet") from error
    if len(names) != len(columns):
        raise StatementFailed(
            f"Spectrum Scan Error: Unmatched number of columns between table and file. Table columns: {len(columns)}, "
            f"Data columns: {len(names)}"
        )
    for number, values in enumerate(found, 1):
        yield Row(number, dict(zip(columns, values, strict=True)))
