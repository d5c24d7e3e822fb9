"""Turns rows into gzip files of JSON lines below a run's own prefix, with a manifest of them, for COPY."""

from __future__ import annotations

import gzip
import json
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from loader.columns import Column
from loader.document import Document
from loader.rows import Row

PART = 64 << 20  # bytes before packing
_IN_MEMORY = 16 << 20
_PLAIN = {"smallint", "integer", "bigint", "boolean", "json"}  # whose text is JSON as it is


class Staging:
    """The staged files of one try of a run: another try never writes what this one's COPY may be reading."""

    def __init__(self, client: Any, document: Document, run: str) -> None:
        self._client, self._bucket = client, document.staging.bucket
        self._prefix = f"{document.staging.prefix}{run}/{uuid.uuid4().hex[:12]}/"
        self._parts: list[str] = []

    def put_rows(self, columns: tuple[Column, ...], rows: Iterable[Row], order: str) -> None:
        """Stage rows, each with its number in the column `order`."""
        starts = [f"{json.dumps(column.name)}: " for column in columns]
        plain = [column.type.name in _PLAIN for column in columns]
        lines = _lines(starts, plain, rows, json.dumps(order))
        for line in lines:
            with _Part() as part:
                part.write(line)
                while part.size < PART and (more := next(lines, None)):
                    part.write(more)
                self._put_part(part)

    def manifest(self) -> str | None:
        """Put the list of the files, and say where it is; None when there is none."""
        if not self._parts:
            return None
        entries = [{"url": url, "mandatory": True} for url in self._parts]
        return self._put("manifest", json.dumps({"entries": entries}).encode())

    def put_claim(self, lines: list[dict[str, Any]]) -> str:
        """Put the lines of the ledger, and say where they are."""
        text = "".join(json.dumps(line) + "\n" for line in lines)
        return self._put("claim.json.gz", gzip.compress(text.encode(), mtime=0))

    def _put_part(self, part: _Part) -> None:
        self._parts.append(self._put(f"part-{len(self._parts)}.json.gz", part.finished()))

    def _put(self, name: str, body: bytes | BinaryIO) -> str:
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=body)
        return f"s3://{self._bucket}/{self._prefix}{name}"


class _Part:
    """One gzip file, in memory while it is small."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by __exit__
        self._packed = gzip.GzipFile(fileobj=cast("BinaryIO", self._file), mode="wb", compresslevel=4, mtime=0)
        self.size = 0

    def write(self, line: str) -> None:
        self.size += self._packed.write(line.encode())

    def finished(self) -> BinaryIO:
        self._packed.close()
        self._file.seek(0)
        return cast("BinaryIO", self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._packed.close()
        self._file.close()


def _lines(starts: list[str], plain: list[bool], rows: Iterable[Row], order: str) -> Iterator[str]:
    for number, row in enumerate(rows):
        fields = [
            start + (value if as_is else json.dumps(value))
            for start, as_is, value in zip(starts, plain, row, strict=True)
            if value is not None
        ]
        yield "{" + ", ".join([*fields, f"{order}: {number}"]) + "}\n"
