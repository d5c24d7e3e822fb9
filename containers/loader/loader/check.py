"""Turns the end of a job whose output no loader reads into a check of what is expected of it."""

from __future__ import annotations

import time
from typing import Any

from loader import expect
from loader.document import Document, Expectation, Place
from loader.load import Clients, fail, keep
from loader.problems import LoadFailed, LoadRefused
from loader.records import LOADED, Record, Records, now
from loader.sources import Source
from loader.sources.objects import Listed, Objects
from loader.start import Start


def check(document: Document, start: Start, clients: Clients, job: str = "") -> list[Record]:
    """Check the objects that a job wrote since it began, all of them when nothing tells when that was.

    Args:
        job: Whose expectations; "" for all.

    Returns:
        A record for each job, kept under the job's name.
    """
    return [_checked(document, one, start, clients) for one in document.expect if job in {"", one.job}]


def _checked(document: Document, expectation: Expectation, start: Start, clients: Clients) -> Record:
    s3, name = clients("s3"), expectation.job or document.loader
    records, began = Records(s3, document, name), time.monotonic()
    record = Record(name, start.run, LOADED, now().isoformat())
    try:
        _check(document, expectation, start, s3, records, record)
    except Exception as error:  # noqa: BLE001 - the record tells it
        fail(record, error)
    record.seconds = round(time.monotonic() - began, 3)
    keep(records, record)
    if not record.good and expectation.topic:
        subject = f"{document.pipeline}: the output of {name} is not as expected"[:100]
        clients("sns").publish(TopicArn=expectation.topic, Subject=subject, Message=f"{subject}\n\n{record.reason}\n")
    return record


def _check(
    document: Document, expectation: Expectation, start: Start, s3: Any, records: Records, record: Record
) -> None:
    if document.source is None:
        raise LoadFailed("there is no bucket to look into")
    objects = Objects(s3, writes=True)
    listed = list(objects.listed(Place(document.source.bucket, expectation.prefix)))
    new = [one for one in listed if one.time.timestamp() >= int(start.since)]
    sources = [_source(objects, one) for one in new]
    record.sources = [{"source": one.name, "version": one.version, "rows": None} for one in sources]

    def count(rows: int) -> None:
        record.rows = rows

    newest = max((one.time for one in listed), default=None)
    broken = expect.breaches(document, expectation, sources, records.counts, now(), newest, count)
    if broken:
        raise LoadRefused("; ".join(broken), [one.identity for one in sources])


def _source(objects: Objects, listed: Listed) -> Source:
    return objects.named(listed.bucket, listed.key)
