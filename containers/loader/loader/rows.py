"""Turns raw rows into rows of texts that fit the declared columns; those that do not are refused, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from loader.columns import Column
from loader.document import Document
from loader.formats import RawRow, Unreadable, read
from loader.problems import LoadRefused
from loader.refusals import BadRow, Refusals, row_text
from loader.sources import Source
from loader.values import Misfit, converter, text_of

Row = list[str | None]
Judge = Callable[[Column, str], str | None]
"""Asks the engine itself about a value that looked wrong: its text when the engine takes it, else None."""


class Rows:
    """The rows of sources, as an engine takes them.

    Args:
        judge: Asked before a value is refused; without one, our own rules are the last word.

    Attributes:
        line: Where the row stands that was given last.
    """

    def __init__(self, document: Document, engine: str, refusals: Refusals, judge: Judge | None = None) -> None:
        self._document, self._refusals, self._judge = document, refusals, judge
        self.line = 0
        self._columns, self._is_text = document.columns, document.format.type == "csv"
        self._converters = [converter(column.type, engine) for column in document.columns]
        self._required = {column.name for column in document.columns if column.required} | set(document.key)

    def of(self, source: Source) -> Iterator[Row]:
        """Read and convert a source, row by row.

        Raises:
            LoadRefused: It cannot be read, or a row that does not fit ends the load.
            SourceChanged: It is no longer what it was.
        """
        try:
            for raw in read(source, self._document):
                row = self._converted(source, raw)
                if row is not None:
                    self.line = raw.line
                    yield row
        except LoadRefused as refused:
            refused.sources = refused.sources or [source.identity]
            raise

    def _converted(self, source: Source, raw: RawRow | Unreadable) -> Row | None:
        if isinstance(raw, Unreadable):
            told = BadRow(source.name, source.version, raw.line, raw.column, raw.value, raw.reason, _printable(raw.row))
            self._refusals.add(told)
            return None
        row: Row = []
        for column, convert, value in zip(self._columns, self._converters, raw.values, strict=True):
            try:
                row.append(self._fitting(column, convert, value))
            except Misfit as misfit:
                text, whole = _printable(row_text(value)), _printable(row_text(raw.values))
                self._refusals.add(BadRow(source.name, source.version, raw.line, column.name, text, str(misfit), whole))
                return None
        return row

    def _fitting(self, column: Column, convert: Callable[[str], str], value: Any) -> str | None:
        text = value if self._is_text else text_of(value, column.type)
        if text is None:
            if column.name in self._required:
                raise Misfit("is required")
            return None
        if "\0" in text:
            raise Misfit("holds a NUL")
        if not text.isascii() and any("\ud800" <= mark <= "\udfff" for mark in text):
            raise Misfit("is no UTF-8")
        try:
            return convert(text)
        except Misfit:
            judged = self._judge(column, text) if self._judge else None
            if judged is None:
                raise
            return judged


def _printable(text: str) -> str:
    """What could not be decoded, as it can be written."""
    return text.encode(errors="backslashreplace").decode()
