"""System 002, `examples/redshift-stream`: what is published stands in Redshift once, and what cannot is told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.sql import in_redshift
from tests.cli.uploads import Account, await_, copy_example

REGION = "us-east-1"
QUICK = ("--stage", "topic", "--set", "vars.window=1s")
LOADED = "SELECT sum(rows) FROM scrapectl_ledger"  # a minute that is published twice merges, and is told twice here
ROW = {"id": "20260102T0304-0000", "message_id": 1, "sent_at": "2026-01-02T03:04:00+00:00", "content": 'it\'s "up" 📈'}

pytestmark = pytest.mark.usefixtures("cloud")


class Warehouse:
    """The example's warehouse, asked by SQL through the Data API as any client does."""

    def __init__(self, account: Account, outputs: dict[str, str]) -> None:
        self._account, self._secret = account, outputs["secret"]
        self._where = {"WorkgroupName": outputs["workgroup"], "Database": "dev"}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a statement answers; nothing when the table is not there yet."""
        try:
            return in_redshift(self._account, self._where, self._secret, sql)
        except LookupError as error:
            if "does not exist" not in str(error):
                raise
            return []

    def holds(self, count: int, where: str = "true") -> None:
        """Wait until so many rows are there."""
        sql = f"SELECT count(*) FROM messages WHERE {where}"  # noqa: S608 - the test's own words
        await_(lambda: self.rows(sql) == [(count,)])


class Queue:
    """The example's queue and its dead-letter queue."""

    def __init__(self, account: Account, url: str) -> None:
        self._sqs, self._url = account.client("sqs"), url

    def send(self, body: str) -> None:
        self._sqs.send_message(QueueUrl=self._url, MessageBody=body)

    def lose_patience(self) -> None:
        """Let a message that was given back be dead after seconds, and not after the third time six minutes."""
        asked = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["RedrivePolicy"])
        policy = json.loads(asked["Attributes"]["RedrivePolicy"]) | {"maxReceiveCount": 1}
        now = {"VisibilityTimeout": "8", "RedrivePolicy": json.dumps(policy)}
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes=now)

    def dead(self) -> list[str]:
        """The letters that are dead, which stay."""
        url = self._url + "_dead"
        found = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in found.get("Messages", ())]


@pytest.fixture
def outputs(tmp_path, monkeypatch, scrapectl):
    """The example, applied, without its clock: what it tells of itself. It leaves nothing but a snapshot."""
    spec = copy_example("redshift-stream", tmp_path / "example", "traders", "stream")
    spec.write_text(spec.read_text().replace("every-minute: {rate: 1m}", "every-minute: {rate: 1m, enabled: false}"))
    monkeypatch.chdir(spec.parent)
    answer = scrapectl("apply", "--yes", "--output", "json", *QUICK)
    assert answer.code == 0, answer.err
    found = answer.json["outputs"]
    yield found
    account = Account(scrapectl, REGION)
    answer = scrapectl("destroy", "--yes", "--delete-data", *QUICK[:2])
    assert answer.code == 0, answer.out + answer.err
    serverless = account.client("redshift-serverless")
    assert not [one for one in serverless.list_workgroups()["workgroups"] if one["workgroupName"] == found["workgroup"]]
    (kept,) = serverless.list_snapshots(namespaceName=found["workgroup"])["snapshots"]
    assert kept["snapshotName"].startswith(f"{found['workgroup']}-final-")


def test_what_is_published_stands_in_the_warehouse_once_and_what_cannot_is_told(outputs, scrapectl):
    account = Account(scrapectl, REGION)
    lake, queue = Warehouse(account, outputs), Queue(account, outputs["queue"])

    assert scrapectl("run", "publish", "--wait", *QUICK[:2]).code == 0
    count = int(re.findall(r'"rows": ([0-9]+)', scrapectl("logs", "publish", *QUICK[:2]).out)[0])
    assert 1 <= count <= 1000
    lake.holds(count)

    queue.send(json.dumps([ROW]))
    queue.send(json.dumps(ROW))  # published twice: another message, the same row
    lake.holds(count + 1)
    invoke = account.client("lambda").invoke
    event = {"Records": [sqs_record(account, outputs["queue"], {**ROW, "id": "twice", "message_id": 2})]}
    for _ in range(2):  # delivered twice
        answer = invoke(FunctionName="stream-topic-messages-in", Payload=json.dumps(event))
        assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
    lake.holds(count + 2)
    assert lake.rows("SELECT content, reply_to FROM messages WHERE id = 'twice'") == [(ROW["content"], None)]
    assert lake.rows("SELECT rows FROM scrapectl_ledger WHERE version = 'twice'") == [(1,)]

    queue.lose_patience()
    queue.send("no json at all")
    queue.send(json.dumps({**ROW, "id": "beside"}))
    lake.holds(1, "id = 'beside'")
    assert await_(queue.dead) == ["no json at all"]

    serverless = account.client("redshift-serverless")
    serverless.update_namespace(namespaceName=outputs["workgroup"], iamRoles=[])
    queue.send(json.dumps({**ROW, "id": "late"}))
    await_(lambda: len(queue.dead()) == 2)
    assert "is not authorized to assume IAM Role" in scrapectl("logs", "messages-in", *QUICK[:2]).out
    lake.holds(0, "id = 'late'")
    without_the_topic()
    assert scrapectl("apply", "--yes", *QUICK).code == 0  # gives the warehouse its role, and the queue its patience
    assert scrapectl("load", "retry", "messages-in", "a-run", *QUICK[:2]).code == 64, "letters are those of any run"
    assert scrapectl("run", "messages-in", "--wait", *QUICK[:2]).code == 64, "it reads its queue by itself"
    again = scrapectl("load", "retry", "messages-in", "--wait", *QUICK[:2])
    assert again.code == 1
    assert "1 dead letters do not fit and stay; the first: sqs:stream-topic-messages" in again.err
    assert queue.dead() == ["no json at all"]
    lake.holds(1, "id = 'late'")

    told = account.client("lambda").get_function_configuration(FunctionName="stream-topic-publish")
    assert "TOPIC" not in told["Environment"]["Variables"]
    ((loaded,),) = lake.rows(LOADED)
    published = scrapectl("run", "publish", "--wait", "--output", "json", *QUICK[:2]).json
    count = json.loads(published["answer"])["rows"]
    await_(lambda: lake.rows(LOADED) == [(loaded + count,)])


def without_the_topic() -> None:
    """Let the publisher send to the queue itself, as it does without the stage."""
    spec = Path("pipeline.yaml")
    text = spec.read_text()
    direct = "".join(line for line in text.splitlines(keepends=True) if "{TOPIC:" not in line)
    assert len(direct) < len(text)
    spec.write_text(direct.replace("    functions:\n", ""))


def sqs_record(account: Account, url: str, row: dict[str, Any]) -> dict[str, Any]:
    """A message as Lambda hands it over."""
    attributes = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return {
        "messageId": "twice",
        "receiptHandle": "none",
        "body": json.dumps(row),
        "attributes": {"SentTimestamp": "1767323040000", "ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
        "eventSourceARN": attributes["QueueArn"],
        "awsRegion": REGION,
    }
