"""Turns a queue, or its dead letters, into loads: batch after batch, until nothing is left that fits.

Dead letters are received where they lie, and not sent back first: a letter keeps the id that the message had, but one
that is moved back is "considered a new message, with a new messageID" (both: Amazon SQS Developer Guide, "Configure a
dead-letter queue", "… redrive"), and the ledger knows messages by their ids. One that was loaded all the same, by a
call that died before it could say so, would stand in the table twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from loader.batch import Batch
from loader.document import Document
from loader.problems import LoadFailed
from loader.records import SKIPPED, Record, now
from loader.sources.messages import Queue
from loader.start import Start

MOST_MESSAGES = 1000  # of one transaction
Clients = Callable[[str], Any]


def emptied(document: Document, start: Start, clients: Clients) -> Iterator[Batch]:
    """Load what is there; for a retry, the dead letters. Ends with the first batch that failed.

    What stands in the table is deleted from the queue, and the rest given back at the end.

    Raises:
        LoadFailed: The dead letters are to be loaded, and are not this pipeline's.
    """
    queue, number = Queue(clients("sqs"), *_place(document, start)), 0
    try:
        while sources := queue.receive(MOST_MESSAGES):
            number += 1
            batch = Batch(document, f"{start.run}-{number}", sources, clients)
            good = batch.run().good
            if good:
                queue.delete([one for one in sources if one.version not in batch.poison])
            yield batch
            if not good:
                return
    finally:
        queue.give_back()


def empty(document: Document, start: Start) -> Record:
    """Make the record of a queue in which nothing was."""
    what = "there are no dead letters" if start.retry else "the queue is empty"
    return Record(document.loader, start.run, SKIPPED, now().isoformat(), reason=what)


def _place(document: Document, start: Start) -> tuple[str, str]:
    """Say where to receive, and the name of the queue whose messages they are."""
    own = document.queue or ""
    name = own.rpartition("/")[2]
    if not start.retry:
        return own, name
    if document.dead is None:
        raise LoadFailed(f"{name} is not this pipeline's, and nor are its dead letters: they are not touched")
    return document.dead, name
