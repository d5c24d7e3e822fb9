"""Events become CSV tables in a bucket: one of the day, and histories of organisers and venues that only grow.

A history is read, merged and written back, and nothing is ever deleted on the way: whatever ends a run in between, what
stood still stands. The write holds only while the history is still what was read (a conditional put), so that of two
runs at once neither loses what the other found; and the bucket keeps older versions.
"""

from __future__ import annotations

import csv
import io
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calendar_scraper.events import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

log = logging.getLogger("calendar")

FOLDER = "calendars/"
_TRIES = 5
_CHANGED = ("PreconditionFailed", "ConditionalRequestConflict")
_ABSENT = ("NoSuchKey", "404")


@dataclass(frozen=True)
class History:
    """A table of everything that was ever seen of a kind: `name` and `detail` are fields of an event."""

    file: str
    name: str
    detail: str

    @property
    def key(self) -> str:
        """The object's key."""
        return FOLDER + self.file

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table."""
        return (self.name, self.detail, "first_seen", "last_seen")


ORGANISERS = History("organisers.csv", "organiser", "contact")
VENUES = History("venues.csv", "venue", "address")


def write_events(store: Any, bucket: str, events: Sequence[Mapping[str, str]], now: datetime) -> None:
    """Write the events of the day; a second run of the day writes the same object."""
    key = f"{FOLDER}events/{now:%Y-%m-%d}.csv"
    store.put_object(Bucket=bucket, Key=key, Body=as_csv(("source", *FIELDS), events), ContentType="text/csv")


def merge_history(
    store: Any, bucket: str, history: History, events: Iterable[Mapping[str, str]], now: datetime
) -> None:
    """Merge what was found into a history; read again and tried again when another run was quicker.

    Raises:
        ValueError: it changed at each of several tries.
    """
    found = {event[history.name]: event[history.detail] for event in events}
    for _ in range(_TRIES):
        stood, condition = _standing(store, bucket, history)
        rows = merged(stood, found, history, f"{now:%Y-%m-%d}")
        try:
            body = as_csv(history.columns, rows)
            store.put_object(Bucket=bucket, Key=history.key, Body=body, ContentType="text/csv", **condition)
        except store.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _CHANGED:
                raise
            continue
        log.info("%s: %d, %d of them new", history.file, len(rows), len(rows) - len(stood))
        return
    raise ValueError(f"{history.file} changed whenever it was to be written")


def merged(
    stood: Sequence[Mapping[str, str]], found: Mapping[str, str], history: History, today: str
) -> list[dict[str, str]]:
    """Every row that stood, those that were found anew with today's details, and then what is new."""
    rows = {row[history.name]: dict(row) for row in stood}
    for name, detail in found.items():
        row = rows.setdefault(name, {history.name: name, history.detail: "", "first_seen": today})
        row |= {history.detail: detail or row[history.detail], "last_seen": today}
    return [rows[name] for name in sorted(rows)]


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """Write rows as CSV with a head."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _standing(store: Any, bucket: str, history: History) -> tuple[list[dict[str, str]], dict[str, str]]:
    """The rows that stand, and the condition under which they may be written over."""
    try:
        answer = store.get_object(Bucket=bucket, Key=history.key)
    except store.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in _ABSENT:
            raise
        return [], {"IfNoneMatch": "*"}
    rows = list(csv.DictReader(io.StringIO(answer["Body"].read().decode(), newline="")))
    return rows, {"IfMatch": answer["ETag"]}
