"""Turns rows that do not fit into lines of the quarantine, or into the end of the load."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, cast

from loader.problems import LoadRefused

TOLD_BEYOND = 1000  # so many more than the most are told, then reading ends
_IN_MEMORY = 8 << 20
_LONGEST = 10_000


@dataclass(frozen=True)
class BadRow:
    """A row that does not fit: where it stands, and why.

    Attributes:
        line: From 1, as an editor counts; of Parquet, the row; of a message, its object.
        column: "" when the row as a whole is wrong.
        row: What was read of it.
    """

    file: str
    version: str
    line: int
    column: str
    value: str
    reason: str
    row: str

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        value = f": {self.value[:200]!r}" if self.value or self.column else ""
        return f"{self.file}, line {self.line}{column}{value}: {self.reason}"


class Refusals:
    """What one load refuses; without a place for them, the first is the load's end.

    Args:
        most: How many there may be, None when there is no place for any.
        keep: Puts the lines into the quarantine and says where they are then.
    """

    def __init__(self, most: int | None, keep: Callable[[BinaryIO], str] | None = None) -> None:
        self._most, self._keep = most, keep
        self.kept_at: str | None = None
        self._file: Any = None
        self.anew()

    def anew(self) -> Refusals:
        """Forget what was refused: the same load begins again."""
        self.close()
        self.count = 0
        self._blamed: dict[tuple[str, str], int] = {}
        self._first: BadRow | None = None
        return self

    @property
    def kept(self) -> bool:
        """Whether there is a place for refused rows."""
        return self._most is not None

    @property
    def blamed(self) -> dict[tuple[str, str], int]:
        """How many rows of each source were refused, by name and version."""
        return self._blamed

    def add(self, bad: BadRow) -> None:
        """Refuse a row.

        Raises:
            LoadRefused: It ends the load.
        """
        self.count += 1
        self._first = self._first or bad
        name = (bad.file, bad.version)
        self._blamed[name] = self._blamed.get(name, 0) + 1
        if self._most is None:
            raise LoadRefused(str(bad), [name])
        told = asdict(bad) | {"value": bad.value[:_LONGEST], "row": bad.row[:_LONGEST]}
        del told["version"]
        if self._file is None:
            self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by close
        self._file.write(json.dumps(told).encode() + b"\n")
        if self.count > self._most + TOLD_BEYOND:
            self._put()
            raise self._too_many("; reading ended there")

    def check(self) -> None:
        """Keep what was refused, and look whether it was too much: when all is read, before anything is committed.

        Raises:
            LoadRefused: It was.
        """
        if self._most is None or not self.count:
            return
        self._put()
        if self.count > self._most:
            raise self._too_many("")

    def close(self) -> None:
        """Throw away what is not in the quarantine."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _put(self) -> None:
        if self._keep is not None:
            self._file.seek(0)
            self.kept_at = self._keep(cast("BinaryIO", self._file))

    def _too_many(self, more: str) -> LoadRefused:
        told = f"{self.count} rows do not fit, {self._most} may{more}; the first: {self._first}"
        return LoadRefused(told, list(self._blamed))


def row_text(values: Any) -> str:
    """Write what was read of a row, for the quarantine."""
    return values if isinstance(values, str) else json.dumps(values, default=str, ensure_ascii=False)
