"""The publisher: a minute's rows are always the same, fit into messages, and go to the topic or to the queue."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

_SPEC = importlib.util.spec_from_file_location("stream_publish", Path(__file__).parents[1] / "publish" / "app.py")
assert _SPEC is not None
assert _SPEC.loader is not None
app: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(app)

MINUTE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


class Client:
    """Notes what is sent."""

    def __init__(self, sent: list[tuple[str, dict[str, str]]], service: str) -> None:
        self._sent, self._service = sent, service

    def publish(self, **asked: str) -> None:
        self._sent.append((self._service, asked))

    send_message = publish


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(app.boto3, "client", lambda service: Client(found, service))
    monkeypatch.delenv("TOPIC", raising=False)
    monkeypatch.setenv("QUEUE", "https://queue")
    return found


def test_a_minute_has_the_same_rows_however_often_it_is_published() -> None:
    assert app.rows_of(MINUTE) == app.rows_of(MINUTE)
    assert app.rows_of(MINUTE) != app.rows_of(MINUTE + timedelta(minutes=1))


def test_minutes_have_one_to_a_thousand_rows_each_with_an_id_of_its_own() -> None:
    minutes = [app.rows_of(MINUTE + timedelta(minutes=number)) for number in range(200)]
    assert all(1 <= len(rows) <= 1000 for rows in minutes)
    assert max(map(len, minutes)) > 900
    ids = [row["id"] for rows in minutes for row in rows]
    assert len(ids) == len(set(ids))
    assert max(map(len, ids)) <= 40


def test_answers_name_an_earlier_message_by_a_whole_number() -> None:
    answers = [row["reply_to"] for row in app.rows_of(MINUTE) if "reply_to" in row]
    assert answers
    assert all(isinstance(number, int) for number in answers)


def test_every_message_fits_and_no_row_is_cut() -> None:
    rows = [{"id": str(number), "content": "📈" * 1000} for number in range(300)]
    messages = list(app.messages_of(rows))
    assert len(messages) > 1
    assert all(len(message.encode()) <= app.MOST_BYTES for message in messages)
    assert [row for message in messages for row in json.loads(message)] == rows


def test_nothing_is_sent_of_nothing() -> None:
    assert list(app.messages_of([])) == []


@pytest.mark.parametrize(("topic", "service", "name"), [("", "sqs", "MessageBody"), ("arn:topic", "sns", "Message")])
def test_rows_go_to_the_topic_when_there_is_one(
    sent: list[tuple[str, dict[str, str]]], monkeypatch: pytest.MonkeyPatch, topic: str, service: str, name: str
) -> None:
    if topic:
        monkeypatch.setenv("TOPIC", topic)
    told = app.handler({}, None)
    assert [one[0] for one in sent] == [service] * told["messages"]
    assert sum(len(json.loads(asked[name])) for _, asked in sent) == told["rows"]
