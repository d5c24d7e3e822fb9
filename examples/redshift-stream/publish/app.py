"""Publishes the messages of one minute: up to a thousand rows, as JSON arrays that fit into a message each."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

MOST_ROWS = 1000
MOST_BYTES = 200 * 1024  # a message of SQS or SNS may have 256 KiB, attributes and all
ANSWERS = 0.3  # of the messages
TRADERS = ("ada", "bela", "chidi", "dana", "emil")
WORDS = "bid ask open close long short hold rally dip breakout volume spread".split()  # noqa: SIM905


def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """Publish a minute's rows; the same minute has the same rows, so that a start that comes twice does no harm."""
    del event, context
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    rows = rows_of(minute)
    count = 0
    for body in messages_of(rows):
        send(body)
        count += 1
    print(json.dumps({"minute": minute.isoformat(), "rows": len(rows), "messages": count}))
    return {"rows": len(rows), "messages": count}


def rows_of(minute: datetime) -> list[dict[str, Any]]:
    """Make the rows of a minute: 1 to 1,000, always the same ones."""
    chance = random.Random(minute.isoformat())  # noqa: S311 - a play of a chat, no secret
    return [row_of(minute, number, chance) for number in range(chance.randint(1, MOST_ROWS))]


def row_of(minute: datetime, number: int, chance: random.Random) -> dict[str, Any]:
    """Make one row; a message that answers none has no `reply_to`."""
    content = " ".join(chance.choices(WORDS, k=chance.randint(1, 30)))
    row: dict[str, Any] = {
        "id": f"{minute:%Y%m%dT%H%M}-{number:04}",
        "message_id": int(minute.timestamp()) * MOST_ROWS + number,
        "sent_at": (minute - timedelta(seconds=chance.randint(0, 59))).isoformat(),
        "trader": chance.choice(TRADERS),
        "chat": chance.randint(1, 20),
        "content": f"{content} 📈" if number % 10 == 0 else content,
    }
    return row | (
        {"reply_to": row["message_id"] - chance.randint(1, number)} if number and chance.random() < ANSWERS else {}
    )


def messages_of(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Part rows into JSON arrays that fit, each row whole."""
    part: list[str] = []
    size = 2
    for row in rows:
        text = json.dumps(row, ensure_ascii=False)
        length = len(text.encode()) + 1
        if part and size + length > MOST_BYTES:
            yield f"[{','.join(part)}]"
            part, size = [], 2
        part.append(text)
        size += length
    if part:
        yield f"[{','.join(part)}]"


def send(body: str) -> None:
    """Send a message to the topic when there is one, else to the queue."""
    topic = os.environ.get("TOPIC")
    if topic:
        boto3.client("sns").publish(TopicArn=topic, Message=body)
    else:
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=body)
