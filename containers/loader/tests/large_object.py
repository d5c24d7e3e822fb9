"""Loads one object that is made while it is read, of any size, and prints the record and the most memory it took.

python large_object.py MEGABYTES FORMAT, with the document in SCRAPECTL_LOAD and the database's account in ACCOUNT.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from loader import document as documents
from loader.load import Loading
from loader.start import Start

ROW = 1024  # bytes


def rows(form: str, count: int) -> Iterator[bytes]:
    """Make the pieces of a file, a thousand rows each."""
    for first in range(0, count, 1000):
        numbers = range(first, min(first + 1000, count))
        if form == "csv":
            yield b"".join(b"%09d,%s\n" % (n, b"x" * (ROW - 11)) for n in numbers)
        else:
            marks = [b"[" if n == 0 else b"," for n in numbers]
            found = (
                b'%s\n{"id": "%09d", "text": "%s"}' % (m, n, b"x" * (ROW - 50))
                for m, n in zip(marks, numbers, strict=True)
            )
            yield b"".join(found) + (b"]" if numbers[-1] == count - 1 else b"")


class Made(io.RawIOBase):
    """A body that holds one piece at a time."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._held = pieces, b""

    def read(self, most: int = -1) -> bytes:
        """Give some bytes."""
        while not self._held and (piece := next(self._pieces, None)):
            self._held = piece
        given, self._held = self._held[:most], self._held[most:]
        return given


class S3:
    """One object, and nothing that is put is kept."""

    def __init__(self, form: str, megabytes: int) -> None:
        self._form, self._count = form, (megabytes << 20) // ROW
        self._size = sum(map(len, rows(form, self._count)))

    def head_object(self, **_: Any) -> dict[str, Any]:
        """Tell of it."""
        told = {"ETag": '"e"', "LastModified": datetime(2026, 1, 1, tzinfo=UTC), "ContentLength": self._size}
        return told | {"VersionId": "v1"}

    def get_object(self, **_: Any) -> dict[str, Any]:
        """Give it."""
        return {"Body": Made(rows(self._form, self._count))}

    def put_object(self, **_: Any) -> None:
        """Forget what is put."""


class Secrets:
    """The database's account."""

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        """Give it."""
        return {"SecretString": os.environ["ACCOUNT"]}


def main() -> None:
    """Load it."""
    client = {"s3": S3(sys.argv[2], int(sys.argv[1])), "secretsmanager": Secrets()}
    record = Loading(documents.find(), Start("run-1", "raw-bucket", "out/large"), client.__getitem__).run()
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    memory = next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM:"))
    print(json.dumps({"record": json.loads(record.line()), "megabytes": memory}))


main()
