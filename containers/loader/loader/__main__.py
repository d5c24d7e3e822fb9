"""Turns a container's environment into one load, and the load into an exit code: 0 when it is done or was before."""

from __future__ import annotations

import os
import signal
import sys

from loader import document as documents
from loader.aws import client
from loader.batch import Batch
from loader.check import check
from loader.document import Document
from loader.load import Loading
from loader.problems import DocumentWrong
from loader.records import SKIPPED, Record, now
from loader.sources.messages import Queue
from loader.start import Start

TERMINATED = 143  # 128 + SIGTERM, as a shell says it
MOST_MESSAGES = 1000  # of one transaction


def main() -> int:
    """Load once; a queue, until it is empty."""
    # Process 1 of a container ignores SIGTERM unless it says otherwise. What is not committed then never was.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    start = Start.of(os.environ)
    try:
        document = documents.find()
    except DocumentWrong as error:
        print(error, flush=True)
        return 1
    if document.target is None:
        return max((_exit_code(record) for record in check(document, start, client)), default=0)
    if document.queue:
        return _empty(document, document.queue, start.run)
    return _exit_code(Loading(document, start, client).run())


def _empty(document: Document, url: str, run: str) -> int:
    """Load batch after batch. What does not fit is not deleted: the queue gives it up after some tries."""
    queue, worst, number = Queue(client("sqs"), url), 0, 0
    while sources := queue.receive(MOST_MESSAGES):
        number += 1
        batch = Batch(document, f"{run}-{number}", sources, client)
        code = _exit_code(batch.run())
        if code:
            return code
        queue.delete([one for one in sources if one.version not in batch.poison])
        worst = max(worst, 1 if batch.poison else 0)
    if not number:
        _exit_code(Record(document.loader, run, SKIPPED, now().isoformat(), reason="the queue is empty"))
    return worst


def _exit_code(record: Record) -> int:
    print(record.line(), flush=True)
    return 0 if record.good else 1


if __name__ == "__main__":
    sys.exit(main())
