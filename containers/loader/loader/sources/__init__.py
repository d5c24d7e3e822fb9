"""What rows come from: objects of S3, and messages of a queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, order=True)
class Source:
    """One thing whose rows are loaded once.

    Attributes:
        name: s3://bucket/key, or sqs:queue.
        version: What tells it from others of that name: an object's version, else its etag; a message's id.
        time: When it was written or sent.
        size: In bytes, packed or not.
        open: Gives its bytes from the start; raises SourceChanged when they are no longer those.
    """

    name: str
    version: str
    etag: str
    time: datetime
    size: int
    open: Callable[[], Any] = field(compare=False, repr=False)

    @property
    def identity(self) -> tuple[str, str]:
        """Under which the ledger knows it."""
        return self.name, self.version


def utc(seconds: float) -> datetime:
    """The moment that so many seconds since 1970 are."""
    return datetime.fromtimestamp(seconds, UTC)
