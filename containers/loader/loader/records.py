"""Turns what came of a load into one JSON object beside the staged files, and reads those of earlier loads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from loader.document import Document
from loader.problems import LoadFailed

LOADED, REFUSED, FAILED, SKIPPED = "loaded", "refused", "failed", "skipped"
_MOST_LISTED, _MOST_READ = 100_000, 100


@dataclass
class Record:
    """One load, as it is kept and logged.

    Attributes:
        state: loaded, refused (because of the sources), failed (another try may do better) or skipped.
        sources: `source`, `version` and `rows` of each.
        quarantine: Where the refused rows are.
        named: Whether what started it named its objects, as an upload does; else all were meant.
        alone: Whether nothing before it counts once it is loaded: the table holds it alone, or it is a check.
    """

    loader: str
    run: str
    state: str
    started: str
    seconds: float = 0.0
    sources: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    refused: int = 0
    quarantine: str | None = None
    reason: str | None = None
    named: bool = False
    alone: bool = False

    @property
    def good(self) -> bool:
        """Whether the run is a success."""
        return self.state in {LOADED, SKIPPED}

    def line(self) -> str:
        """One line of JSON, for the log."""
        return json.dumps(asdict(self))


class Records:
    """The records of one loader."""

    def __init__(self, client: Any, document: Document, name: str = "") -> None:
        self._client, self._bucket = client, document.staging.bucket
        self._prefix = f"records/{name or document.loader}/"

    def put(self, record: Record) -> None:
        """Keep a record."""
        started = datetime.fromisoformat(record.started)
        key = f"{self._prefix}{started:%Y%m%dT%H%M%S.%f}-{record.run}.json"
        body = record.line().encode()
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")

    def of(self, key: str) -> dict[str, Any]:
        """Read a record.

        Raises:
            LoadFailed: The key is that of no record of this loader.
        """
        if not key.startswith(self._prefix):
            raise LoadFailed(f"{key!r} is no record of this loader")
        return self._read(key)

    def counts(self, most: int = 10) -> list[int]:
        """Read how many rows the last good loads had, the newest first."""
        return [told["rows"] for _, told in zip(range(most), self._loaded(), strict=False)]

    def _loaded(self) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix, PaginationConfig={"MaxItems": _MOST_LISTED}
        )
        found = (told["Key"] for page in pages for told in page.get("Contents", ()))
        keys = sorted((key for key in found if key.endswith(".json")), reverse=True)
        for key in keys[:_MOST_READ]:
            told = self._read(key)
            if told["state"] == LOADED:
                yield told

    def _read(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        return found


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
