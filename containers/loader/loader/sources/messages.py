"""Turns messages of a queue into sources: those that an event holds, or those that a job receives."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from loader.sources import Source, utc

MOST_AT_ONCE = 10  # of one call to SQS
_SECONDS_HIDDEN = 900  # a batch of a job is loaded within that, or comes again


def of_event(event: Mapping[str, Any]) -> list[Source]:
    """Read the records of an event source mapping."""
    return [
        message(
            record["eventSourceARN"].rpartition(":")[2], record["messageId"], record["body"], record.get("attributes")
        )
        for record in event["Records"]
    ]


def message(queue: str, number: str, body: str, attributes: Mapping[str, str] | None) -> Source:
    """Make a source of one message."""
    held = body.encode()
    sent = utc(int((attributes or {}).get("SentTimestamp") or 0) / 1000)
    return Source(f"sqs:{queue}", number, "", sent, len(held), lambda: io.BytesIO(held))


class Queue:
    """A queue that a job empties by itself."""

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url, self._handles = client, url, {}  # type: ignore[var-annotated]

    def receive(self, most: int) -> list[Source]:
        """Take up to so many messages; none when the queue is empty."""
        found: dict[str, Source] = {}
        while len(found) < most:
            told = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=MOST_AT_ONCE,
                WaitTimeSeconds=1,
                VisibilityTimeout=_SECONDS_HIDDEN,
                MessageSystemAttributeNames=["SentTimestamp"],
            ).get("Messages", ())
            if not told:
                break
            for one in told:
                self._handles[one["MessageId"]] = one["ReceiptHandle"]
                name = self._url.rpartition("/")[2]
                found[one["MessageId"]] = message(name, one["MessageId"], one["Body"], one.get("Attributes"))
        return list(found.values())

    def delete(self, sources: list[Source]) -> None:
        """Delete messages whose rows stand in the table; one that is not deleted comes again, and is known then."""
        for first in range(0, len(sources), MOST_AT_ONCE):
            some = sources[first : first + MOST_AT_ONCE]
            entries = [{"Id": str(n), "ReceiptHandle": self._handles[one.version]} for n, one in enumerate(some)]
            self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
