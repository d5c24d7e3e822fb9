"""Turns JSON lines, one JSON array, or a message into raw rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from io import BufferedReader
from typing import Any

from loader.bytes_of import CHUNK, unpacked
from loader.document import Format
from loader.formats import LONGEST_RECORD, RawRow, Read, Unreadable
from loader.problems import LoadRefused
from loader.sources import Source
from loader.values import read_json

_SPACE = " \t\r\n"
_NO_OBJECT = "is no JSON object"
Values = Iterator[tuple[int, Any]]  # with the line of each; or what could not be read


def read(source: Source, names: tuple[str, ...], form: Format) -> Read:
    """See `formats.read`; a file that begins with [ is one array, any other has an object a line."""
    for line, found in _values(source, form):
        yield found if isinstance(found, Unreadable) else _row(line, found, names)


def fields(source: Source, _names: tuple[str, ...], form: Format) -> Iterator[dict[str, Any]]:
    """Read objects as they are."""
    for _, found in _values(source, form):
        yield found if isinstance(found, dict) else {}


def read_message(source: Source, names: tuple[str, ...]) -> Read:
    """Read one object or one array; its lines are counted in objects."""
    body = source.open().read().decode()
    try:
        found = read_json(body)
    except (ValueError, RecursionError) as error:
        yield Unreadable(1, "", body, f"is no JSON: {error}", body)
        return
    for number, one in enumerate(found if isinstance(found, list) else [found], 1):
        yield _row(number, one, names)


def _values(source: Source, form: Format) -> Values:
    file = unpacked(source.open(), source.name, packed=form.gzip)
    first = file.peek(1)
    if not first:
        raise LoadRefused(f"{source.name} is empty")
    return _array(file, source) if first.lstrip()[:1] == b"[" else _lines(file, source)


def _lines(file: BufferedReader, source: Source) -> Values:
    number = 0
    while line := file.readline(LONGEST_RECORD):
        number += 1
        if len(line) == LONGEST_RECORD:
            raise LoadRefused(f"{source.name}, line {number}: more than {LONGEST_RECORD >> 20} MB")
        if line.isspace():
            continue
        try:
            yield number, read_json(line.decode())
        except (ValueError, RecursionError) as error:
            text = line.decode(errors="replace").strip()
            yield number, Unreadable(number, "", text, f"is no JSON: {error}", text)


def _row(line: int, found: Any, names: tuple[str, ...]) -> RawRow | Unreadable:
    if not isinstance(found, dict):
        text = json.dumps(found, default=str)
        return Unreadable(line, "", text, _NO_OBJECT, text)
    if not found.keys() <= set(names):
        other = min(set(found) - set(names))
        text = json.dumps(found, default=str)
        return Unreadable(line, other, str(found[other]), "no column takes this field", text)
    return RawRow(line, [found.get(name) for name in names])


def _array(file: BufferedReader, source: Source) -> Values:
    """Read an array element by element, so that its length does not matter."""
    text = _Text(file, source)
    text.take("[")
    if not text.skip("]"):
        while True:
            yield text.element()
            if text.skip("]"):
                break
            text.take(",")
    if text.more():
        raise LoadRefused(f"{source.name}, line {text.line}: something stands behind the array")


class _Text:
    """The part of a JSON text that is being read."""

    def __init__(self, file: BufferedReader, source: Source) -> None:
        self._file, self._source = file, source
        self._decoder = json.JSONDecoder(parse_float=Decimal)
        self._held, self._at, self._rest = "", 0, b""
        self.line = 1

    def more(self) -> str:
        """Give the next character that is no space; "" at the end."""
        while True:
            while self._at < len(self._held):
                if self._held[self._at] not in _SPACE:
                    return self._held[self._at]
                self._pass(1)
            if not self._fill():
                return ""

    def skip(self, mark: str) -> bool:
        """Pass a mark, if it comes next."""
        if self.more() != mark:
            return False
        self._pass(1)
        return True

    def take(self, mark: str) -> None:
        """Pass a mark that must come next."""
        if not self.skip(mark):
            raise self._damaged(f"expected {mark!r}")

    def element(self) -> tuple[int, Any]:
        """Read one value, and tell its line."""
        self.more()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._held, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._held) - self._at > LONGEST_RECORD or not self._fill():
                    raise self._damaged(str(error)) from error
            else:
                line = self.line
                self._pass(end - self._at)
                return line, found

    def _pass(self, count: int) -> None:
        self.line += self._held.count("\n", self._at, self._at + count)
        self._at += count

    def _fill(self) -> bool:
        """Read on: as much again as is held, so that a long value is not looked at too often."""
        piece = self._file.read(max(CHUNK, len(self._held) - self._at))
        if not piece:
            return False
        whole = self._rest + piece
        cut = len(whole) - next((n for n in range(1, 4) if whole[-n:][:1] >= b"\xc0"), 0)  # within a character
        try:
            self._held = self._held[self._at :] + whole[:cut].decode()
        except UnicodeDecodeError as error:
            raise self._damaged(f"no UTF-8: {error}") from error
        self._at, self._rest = 0, whole[cut:]
        return True

    def _damaged(self, why: str) -> LoadRefused:
        return LoadRefused(f"{self._source.name}, line {self.line}: {why}", [self._source.identity])
