"""Turns a container's environment into one load, and the load into an exit code: 0 when it is done or was before."""

from __future__ import annotations

import os
import signal
import sys

from loader import document as documents
from loader.aws import client
from loader.check import check
from loader.document import Document
from loader.emptying import emptied, empty
from loader.load import Loading
from loader.problems import DocumentWrong
from loader.records import Record
from loader.start import Start

TERMINATED = 143  # 128 + SIGTERM, as a shell says it


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
        return _empty(document, start)
    return _exit_code(Loading(document, start, client).run())


def _empty(document: Document, start: Start) -> int:
    """Load batch after batch; what does not fit is left, and makes the exit code 1."""
    codes = [_exit_code(batch.record) or int(bool(batch.poison)) for batch in emptied(document, start, client)]
    return max(codes) if codes else _exit_code(empty(document, start))


def _exit_code(record: Record) -> int:
    print(record.line(), flush=True)
    return 0 if record.good else 1


if __name__ == "__main__":
    sys.exit(main())
