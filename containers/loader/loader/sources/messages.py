"""Turns messages of a queue into sources: those that an event holds, or those that a job receives."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from loader.sources import Source, utc

MOST_AT_ONCE = 10  # of one call to SQS
SECONDS_WAITED = 1  # for more; a call that does not wait asks some of SQS's servers alone
_SECONDS_HIDDEN = 900  # a batch that was received is loaded within that, or comes again
_MOST_BYTES = 6 << 20  # of one batch, which is held in memory: as much as Lambda hands over at once


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
    """A queue that is emptied by whoever loads it.

    Args:
        client: Of SQS.
        url: Where messages are received.
        name: The queue that they were sent to, by which the ledger knows them.
    """

    def __init__(self, client: Any, url: str, name: str) -> None:
        self._client, self._url, self._name = client, url, name
        self._handles: dict[str, str] = {}

    def receive(self, most: int) -> list[Source]:
        """Take up to so many messages, and not too many bytes; none when the queue is empty."""
        found: dict[str, Source] = {}
        while len(found) < most and sum(one.size for one in found.values()) < _MOST_BYTES:
            told = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=MOST_AT_ONCE,
                WaitTimeSeconds=SECONDS_WAITED,
                VisibilityTimeout=_SECONDS_HIDDEN,
                MessageSystemAttributeNames=["SentTimestamp"],
            ).get("Messages", ())
            if not told:
                break
            for one in told:
                self._handles[one["MessageId"]] = one["ReceiptHandle"]
                found[one["MessageId"]] = message(self._name, one["MessageId"], one["Body"], one.get("Attributes"))
        return list(found.values())

    def delete(self, sources: list[Source]) -> None:
        """Delete messages whose rows stand in the table; one that is not deleted comes again, and is known then."""
        for entries in _tens([{"ReceiptHandle": self._handles.pop(one.version)} for one in sources]):
            self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def give_back(self) -> None:
        """Let what was taken and not deleted be seen again at once."""
        handles = [{"ReceiptHandle": handle, "VisibilityTimeout": 0} for handle in self._handles.values()]
        self._handles.clear()
        for entries in _tens(handles):
            self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)


def _tens(entries: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for first in range(0, len(entries), MOST_AT_ONCE):
        yield [{"Id": str(n), **one} for n, one in enumerate(entries[first : first + MOST_AT_ONCE])]
