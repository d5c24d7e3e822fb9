"""Turns refused rows into an object of the quarantine, and refused sources into marks that later loads leave alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, BinaryIO

from loader.document import Document


def keeper(client: Any, document: Document, run: str) -> Callable[[BinaryIO], str] | None:
    """Make what writes refused rows below the prefix for them, under the run's name; None without such a prefix."""
    if document.bad_rows is None:
        return None
    place = document.bad_rows.place
    key = f"{place.prefix}{run}.jsonl"

    def keep(lines: BinaryIO) -> str:
        client.put_object(Bucket=place.bucket, Key=key, Body=lines, ContentType="application/x-ndjson")
        return f"s3://{place.bucket}/{key}"

    return keep


class Marks:
    """Which sources were refused: one small object each, beside the records and as short-lived as they."""

    def __init__(self, client: Any, document: Document) -> None:
        self._client, self._bucket = client, document.staging.bucket
        self._prefix = f"records/{document.loader}/.refused/"

    def put(self, sources: list[tuple[str, str]], run: str, reason: str) -> None:
        """Mark sources as refused by a run."""
        for name, version in sources:
            told = {"source": name, "version": version, "run": run, "reason": reason}
            self._client.put_object(Bucket=self._bucket, Key=self._key(name, version), Body=json.dumps(told).encode())

    def all(self) -> set[str]:
        """List the marks."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        return {told["Key"] for page in pages for told in page.get("Contents", ())}

    def by_another(self, marks: set[str], source: tuple[str, str], run: str) -> bool:
        """Say whether a source was refused by another run: the same run, tried again, must fail again."""
        key = self._key(*source)
        if key not in marks:
            return False
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return bool(json.loads(body)["run"] != run)

    def _key(self, name: str, version: str) -> str:
        return self._prefix + hashlib.sha256(f"{name}\n{version}".encode()).hexdigest()
