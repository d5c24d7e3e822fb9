"""Turns CSV into raw rows, and checks its header; an empty field is no value, quoted or not."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from io import BufferedReader
from typing import Any

from loader.bytes_of import unpacked
from loader.document import Format
from loader.formats import LONGEST_RECORD, RawRow, Read, Unreadable
from loader.problems import LoadRefused
from loader.sources import Source


def read(source: Source, names: tuple[str, ...], form: Format) -> Read:
    """See `formats.read`."""
    rows = _reader(opened(source, names, form), source, form)
    while True:
        began = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Unreadable(began, "", "", str(error), "")
            continue
        if form.header and began == 1:
            continue
        yield _checked(began, row or [""], len(names))


def opened(source: Source, names: tuple[str, ...], form: Format) -> BufferedReader:
    """Open a source at its first byte, after a look at its header.

    Raises:
        LoadRefused: It has no byte, or its header is not the declared columns in their order.
    """
    file = unpacked(source.open(), source.name, packed=form.gzip)
    first = file.peek(1)
    if not first:
        raise LoadRefused(f"{source.name} is empty")
    if form.header:
        line = first.split(b"\n", 1)[0].decode(errors="replace").rstrip("\r")
        found = next(csv.reader([line], delimiter=form.delimiter), [])
        if [name.strip() for name in found] != list(names):
            told = f"{source.name}, line 1: the header is {', '.join(found)!r:.500}, declared is {', '.join(names)!r}"
            raise LoadRefused(told)
    return file


def fields(source: Source, names: tuple[str, ...], form: Format) -> Iterator[dict[str, str]]:
    """Read rows as fields by name: those of the header, else the declared ones."""
    rows = _readable(_reader(opened(source, names, replace(form, header=False)), source, form))
    if form.header:
        names = tuple(next(rows, ()))
    for row in rows:
        yield dict(zip(names, row, strict=False))


def _readable(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """What cannot be read is a row without fields: the load says where it stands."""
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield []


def _reader(file: BufferedReader, source: Source, form: Format) -> Any:
    csv.field_size_limit(LONGEST_RECORD)
    return csv.reader(_lines(file, source.name), delimiter=form.delimiter, strict=True)


def _lines(file: BufferedReader, name: str) -> Iterator[str]:
    while line := file.readline(LONGEST_RECORD):
        if len(line) == LONGEST_RECORD:
            raise LoadRefused(f"{name} has a line of more than {LONGEST_RECORD >> 20} MB")
        yield line.decode(errors="surrogateescape")


def _checked(line: int, row: list[str], wanted: int) -> RawRow | Unreadable:
    if len(row) != wanted:
        return Unreadable(line, "", "", f"{len(row)} fields where {wanted} are declared", ",".join(row))
    return RawRow(line, [value or None for value in row])
