"""Lines → a log stream of CloudWatch, as they come and without the values of secrets."""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from typing import Any

from scrapectl_host.aws import Aws, Refused

BATCH_BYTES, BATCH_LINES, LONGEST_LINE = 900_000, 5000, 250_000  # PutLogEvents' own limits, with some room
OF_A_LINE = 26  # bytes that PutLogEvents counts besides its text
MASK = "********"
LAST_LINES = 20
TOGETHER = 0.2  # seconds: what comes close together goes together


class Log:
    """The instance's log stream: lines go there as they come, without the values of secrets."""

    def __init__(self, aws: Aws, group: str, stream: str) -> None:
        self.aws, self.where = aws, {"logGroupName": group, "logStreamName": stream}
        self.hidden: list[str] = []
        self.tail: list[str] = []
        self.lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.thread = threading.Thread(target=self._ship, daemon=True)
        self.thread.start()

    def say(self, text: str) -> None:
        """Add a line."""
        for value in self.hidden:
            text = text.replace(value, MASK)
        self.tail = [*self.tail[1 - LAST_LINES :], text]
        text = text.encode()[:LONGEST_LINE].decode(errors="ignore") or " "  # CloudWatch takes no empty line
        self.lines.put({"timestamp": time.time_ns() // 1_000_000, "message": text})

    def close(self) -> None:
        """Send what is left."""
        self.lines.put(None)
        self.thread.join(120)

    def _ship(self) -> None:
        with contextlib.suppress(Refused, OSError):
            self.aws.ask("logs", "CreateLogStream", **self.where)
        last = False
        while not last:
            batch, size = [self.lines.get()], 0
            time.sleep(TOGETHER)
            while batch[-1] and size < BATCH_BYTES and len(batch) < BATCH_LINES and not self.lines.empty():
                batch.append(self.lines.get())
                size += len((batch[-1] or {"message": ""})["message"].encode()) + OF_A_LINE
            last = batch[-1] is None
            events = [line for line in batch if line]
            try:
                if events:
                    self.aws.ask("logs", "PutLogEvents", logEvents=events, **self.where)
            except (Refused, OSError) as error:
                sys.stderr.write(f"the log was not written: {error}\n")
