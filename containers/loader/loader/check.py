"""Turns the end of a job whose output no loader reads into a check of what is expected of it."""

from __future__ import annotations

import time
from typing import Any

from loader import expect
from loader.document import Document, Expectation, Place
from loader.load import Clients, fail, keep
from loader.problems import LoadFailed, LoadRefused
from loader.records import LOADED, REFUSED, Record, Records, now
from loader.sources.objects import Objects
from loader.start import Start


def check(document: Document, start: Start, clients: Clients, job: str = "") -> list[Record]:
    """Check the objects that a job wrote since it began, all of them when nothing tells when that was.

    A record for each job is kept under the job's name; `job`, when given, tells whose expectations are meant.
    """
    return [_checked(document, one, start, clients) for one in document.expect if job in {"", one.job}]


def _checked(document: Document, expectation: Expectation, start: Start, clients: Clients) -> Record:
    s3, name = clients("s3"), expectation.job or document.loader
    records, began = Records(s3, document, name), time.monotonic()
    record = Record(name, start.run, LOADED, now().isoformat(), alone=True)
    try:
        output = _Output(document, expectation, start.since, s3)
        record.sources = [{"source": one.name, "version": one.version, "rows": None} for one in output.new]
        look = expect.Look(output.new, output.newest, records.counts, lambda rows: setattr(record, "rows", rows))
        if broken := expect.breaches(document, expectation, look):
            raise LoadRefused("; ".join(broken))  # noqa: TRY301 - the record tells it as it tells all
    except Exception as error:  # noqa: BLE001 - the record tells it
        fail(record, error)
    record.seconds = round(time.monotonic() - began, 3)
    keep(records, record)
    if record.state == REFUSED and expectation.topic:  # what failed is tried again, and told when it is given up
        subject = f"{document.pipeline}: the output of {name} is not as expected"[:100]
        clients("sns").publish(TopicArn=expectation.topic, Subject=subject, Message=f"{subject}\n\n{record.reason}\n")
    return record


class _Output:
    """What a job wrote."""

    def __init__(self, document: Document, expectation: Expectation, since: float, s3: Any) -> None:
        if document.source is None:
            raise LoadFailed("there is no bucket to look into")
        objects = Objects(s3, writes=True)
        listed = list(objects.listed(Place(expectation.bucket or document.source.bucket, expectation.prefix)))
        self.newest = max((one.time for one in listed), default=None)
        # S3 tells no more than seconds.
        self.new = [objects.named(one.bucket, one.key) for one in listed if one.time.timestamp() >= int(since)]
