"""Turns an event of AWS Lambda into a load: an upload, a schedule, a step of a workflow, or a batch of messages."""

from __future__ import annotations

import functools
from typing import Any

from loader import document as documents
from loader.aws import client
from loader.batch import Batch
from loader.check import check
from loader.document import Document
from loader.emptying import emptied, empty
from loader.load import Loading
from loader.records import FAILED, Record
from loader.sources import messages
from loader.start import Start


class LoadNotDone(Exception):
    """Nothing was loaded; the message says why. Raised, so that the call counts as failed."""


def handler(event: Any, context: Any = None) -> Any:
    """Load what an event is about.

    Returns:
        The record as Lambda's answer; for messages, those that are to come again; for dead letters, a record a batch.

    Raises:
        LoadNotDone: Nothing was loaded.
    """
    told = event if isinstance(event, dict) else {}
    document = _document()
    start = Start.of_event(told, getattr(context, "aws_request_id", ""))
    if "Records" in told:
        return _messages(document, start.run, told)
    if document.queue and start.retry:
        return _dead_letters(document, start)
    if document.target is None:
        return [_checked(record).__dict__ for record in check(document, start, client, _job(told))]
    return _good(Loading(document, start, client).run()).__dict__


@functools.cache
def _document() -> Document:
    return documents.find()


def _job(event: dict[str, Any]) -> str:
    return str(event.get("job") or "")


def _messages(document: Document, run: str, event: dict[str, Any]) -> dict[str, Any]:
    """Load a batch; poison comes back, until its queue gives it up. When all failed, all of it comes back."""
    batch = Batch(document, run, messages.of_event(event), client)
    _good(batch.run())
    return {"batchItemFailures": [{"itemIdentifier": number} for number in batch.poison]}


def _dead_letters(document: Document, start: Start) -> list[dict[str, Any]]:
    """Load what a queue had given up; what still does not fit stays there, and is told when the others stand."""
    records, left = list[Record](), dict[str, str]()
    for batch in emptied(document, start, client):
        records.append(_said(batch.record))
        left |= batch.poison
    for record in records[-1:]:
        if not record.good:
            raise LoadNotDone(record.reason)
    if left:
        raise LoadNotDone(f"{len(left)} dead letters do not fit and stay; the first: {next(iter(left.values()))}")
    return [record.__dict__ for record in records or [_said(empty(document, start))]]


def _checked(record: Record) -> Record:
    """A breach has been told; another call would tell it again."""
    return _good(record) if record.state == FAILED else _said(record)


def _good(record: Record) -> Record:
    if not _said(record).good:
        raise LoadNotDone(record.reason)
    return record


def _said(record: Record) -> Record:
    print(record.line(), flush=True)
    return record
