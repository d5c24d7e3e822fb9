"""Turns the objects about to be loaded, and what their job's output must be like, into what does not hold."""

from __future__ import annotations

import hashlib
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from loader.document import Document, Expectation
from loader.formats import csv_rows, json_rows, parquet_rows
from loader.records import now
from loader.sources import Source

_PARTS = 64
_DIGEST = 12  # bytes: of a hundred million keys, two agree by chance once in 10^13
_IN_MEMORY = 1 << 18


@dataclass(frozen=True)
class Look:
    """What there is to judge a job's output by.

    Attributes:
        sources: The objects that are new.
        newest: When the newest object below the prefix was written.
        history: Gives how many rows the last good loads had.
        count: Told how many rows the new objects have.
    """

    sources: Sequence[Source]
    newest: datetime | None
    history: Callable[[], list[int]]
    count: Callable[[int], None] = lambda _: None


def breaches(document: Document, expectation: Expectation, look: Look) -> list[str]:
    """Say what does not hold; nothing when all does."""
    found = list(_too_old(expectation, look.newest))
    if look.sources or expectation.max_age is None:
        found += _counted(document, expectation, look)
    return [f"{expectation.job}: {what}" if expectation.job else what for what in found]


def _too_old(expectation: Expectation, newest: datetime | None) -> Iterator[str]:
    if expectation.max_age is None:
        return
    if newest is None:
        yield "there is no object yet"
    elif (age := (now() - newest).total_seconds()) > expectation.max_age:
        yield f"the newest object is {age:.0f} s old, {expectation.max_age} s may be"


def _counted(document: Document, expectation: Expectation, look: Look) -> Iterator[str]:
    rows, filled, keys = 0, dict.fromkeys(expectation.fields, 0), _Keys()
    for source in look.sources:
        for row in _fields(source, document):
            rows += 1
            for name in filled:
                filled[name] += row.get(name) not in (None, "", [], {})
            if expectation.key:
                keys.add([row.get(name) for name in expectation.key])
    look.count(rows)
    if expectation.min_items is not None and rows < expectation.min_items:
        yield f"{rows} items, at least {expectation.min_items} are expected"
    for name, least in expectation.fields.items():
        if filled[name] < least * rows:
            yield f"{name} is filled in {filled[name]} of {rows} items, expected is a share of {least:g}"
    if twice := keys.twice():
        yield f"{twice} items have the {', '.join(expectation.key)} of another"
    if expectation.change is not None:
        yield from _changed(rows, look.history(), expectation.change)


def _changed(rows: int, before: list[int], most: float) -> Iterator[str]:
    usual = statistics.median(before) if before else rows
    if abs(rows - usual) > most * usual:
        yield f"{rows} items differ from the usual {usual:g} by more than a share of {most:g}"


def _fields(source: Source, document: Document) -> Iterator[dict[str, Any]]:
    """Read rows as fields by name, whether or not they fit; what cannot be read has none."""
    form = document.format
    if form.type == "any":
        ending = source.name.removesuffix(".gz").rpartition(".")[2].lower()
        form = replace(form, type=ending if ending in {"csv", "parquet"} else "json")
    reader = {"csv": csv_rows.fields, "json": json_rows.fields, "parquet": parquet_rows.fields}[form.type]
    return reader(source, document.names, form)


class _Keys:
    """Counts keys that came before, in little memory: their digests, apart by their first bits."""

    def __init__(self) -> None:
        self._files: list[Any] = []

    def add(self, key: list[Any]) -> None:
        """Take a key."""
        if not self._files:
            self._files = [tempfile.SpooledTemporaryFile(_IN_MEMORY) for _ in range(_PARTS)]  # noqa: SIM115
        digest = hashlib.blake2b(repr(key).encode(errors="replace"), digest_size=_DIGEST).digest()
        self._files[digest[0] % _PARTS].write(digest)

    def twice(self) -> int:
        """Say how many keys had come before."""
        again = 0
        for file in self._files:
            file.seek(0)
            seen = set()
            while digest := file.read(_DIGEST):
                again += digest in seen
                seen.add(digest)
            file.close()
        return again
