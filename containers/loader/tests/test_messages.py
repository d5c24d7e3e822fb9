"""Batches of messages: each once, poison given back alone, and whole batches when the database is to blame."""

import json

import psycopg
import pytest
from loader import app
from loader.batch import Batch
from loader.problems import LoadFailed
from loader.sources import messages
from loader.sources.messages import message
from loader.targets.postgres import Postgres
from loader_scene import SOURCE, STAGING

QUEUE = {"source": {"queue": "https://sqs/1/rows"}, "format": {"type": "json"}, "key": []}


def event(*bodies, first=0):
    return {
        "Records": [
            {
                "messageId": f"m-{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:1:rows",
                "attributes": {"SentTimestamp": "1767322800000"},
            }
            for number, body in enumerate(bodies, first)
        ]
    }


@pytest.fixture
def call(scene, monkeypatch):
    """Call the function with an event."""

    def called(told, **more):
        monkeypatch.setattr(app, "_document", lambda: scene.document(**QUEUE | more))
        monkeypatch.setattr(app, "client", scene.client)
        return app.handler(told)

    return called


def test_messages_are_loaded_once_whatever_batch_they_come_in(scene, call):
    one, two = {"id": "1", "price": 1.5}, [{"id": "2"}, {"id": "3", "email": "c@x"}]
    assert call(event(one, two)) == {"batchItemFailures": []}
    assert call(event(two, {"id": "4"}, first=1)) == {"batchItemFailures": []}
    assert call(event(one, two)) == {"batchItemFailures": []}
    assert [row[0] for row in scene.rows()] == ["1", "2", "3", "4"]
    assert scene.ledger() == {"sqs:rows#m-0": 1, "sqs:rows#m-1": 2, "sqs:rows#m-2": 1}
    assert scene.records()[-1]["reason"] == "loaded before"
    assert scene.ask("SELECT DISTINCT source_time::text FROM {}.scrapectl_ledger") == [("2026-01-02 03:00:00+00",)]


@pytest.mark.parametrize("poison", ["no json", '{"id": "1", "other": 2}', '[{"id": "9"}, {"id": null}]', "[]x", "7"])
def test_a_poison_message_is_given_back_alone(scene, call, poison):
    assert call(event({"id": "1"}, poison, {"id": "2"})) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert [row[0] for row in scene.rows()] == ["1", "2"]
    loaded, given_back = sorted(scene.records(), key=lambda record: record["state"])
    assert (loaded["state"], given_back["state"]) == ("loaded", "refused")
    assert "1 messages do not fit and were given back; the first: sqs:rows, line" in given_back["reason"]


def test_a_message_that_the_table_refuses_is_poison_too(scene, call):
    keyed = {"key": ["id"]}
    call(event({"id": "1"}), **keyed)
    answer = call(event({"id": "2"}, {"id": "1", "email": "again"}, {"id": "3"}, first=5), **keyed)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-6"}]}
    assert [row[0] for row in scene.rows()] == ["1", "2", "3"]


def test_rows_with_a_place_in_the_quarantine_do_not_make_poison(scene, call):
    assert call(event([{"id": "1"}, {"id": None}]), most=1) == {"batchItemFailures": []}
    assert [row[0] for row in scene.rows()] == ["1"]
    assert scene.records()[0]["refused"] == 1
    back = call(event([{"id": None}, {"id": None}], {"id": "2"}, first=7), most=1)
    assert back == {"batchItemFailures": [{"itemIdentifier": "m-7"}]}


def test_when_the_table_does_not_fit_the_whole_batch_comes_again(scene, call):
    scene.do("CREATE TABLE {}.persons (id integer)")
    with pytest.raises(app.LoadNotDone, match=r"column id is integer, declared is varchar\(10\)"):
        call(event({"id": "1"}))


def test_the_same_message_twice_in_one_batch_is_one(scene):
    twice = [message("rows", "m-1", '{"id": "1"}', None), message("rows", "m-1", '{"id": "1"}', None)]
    record = Batch(scene.document(**QUEUE), "run-1", twice, scene.client).run()
    assert (record.rows, len(record.sources)) == (1, 1)


def test_of_messages_with_one_key_the_one_sent_last_counts(scene):
    sent = [("m-2", "0", "first"), ("m-3", "1000", "second"), ("m-1", "2000", "third")]
    batch = [
        message("rows", number, json.dumps({"id": "1", "email": email}), {"SentTimestamp": at})
        for number, at, email in sent
    ]
    document = scene.document(**QUEUE | {"key": ["id"], "mode": "merge"})
    assert Batch(document, "run-1", batch, scene.client).run().rows == 3
    assert [row[1] for row in scene.rows()] == ["third"]


def test_an_upload_an_answer_and_an_error(scene, call):
    objects = {"source": {"bucket": SOURCE, "prefix": "out/"}, "format": {"type": "csv", "header": False}}
    scene.put("out/a.csv", [("1", "a@x", "1")])
    answer = call({"bucket": SOURCE, "key": "out/a.csv", "version": "", "run": "run/1 x"}, **objects)
    assert (answer["state"], answer["run"], answer["rows"]) == ("loaded", "run-1-x", 1)
    assert call({"environment": {"RUN": "two"}}, **objects)["reason"] == "nothing new"
    scene.put("out/b.csv", [("2", "a@x", "much")])
    with pytest.raises(app.LoadNotDone, match=r"out/b.csv, line 1, column price: 'much'"):
        call({}, **objects)
    kept = scene.s3.list_objects_v2(Bucket=STAGING, Prefix="records/persons/2")["Contents"]
    last = max(one["Key"] for one in kept)
    with pytest.raises(app.LoadNotDone, match="invalid input syntax"):
        call({"retry": last}, **objects)


def test_a_commit_whose_answer_was_lost_counts_as_this_runs(scene, monkeypatch):
    monkeypatch.setattr("loader.load.PAUSE", 0)
    real, lost = Postgres.load, []

    def load(*told):
        loaded = real(*told)
        if not lost:
            lost.append(loaded)
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return loaded

    monkeypatch.setattr(Postgres, "load", load)
    one = message("rows", "m-1", '{"id": "1"}', None)
    record = Batch(scene.document(**QUEUE), "run-1", [one], scene.client).run()
    assert (record.state, record.rows, record.sources[0]["rows"]) == ("loaded", 1, 1)
    assert lost


@pytest.fixture
def dead(scene, monkeypatch):
    """A queue's dead letters: what was given up."""
    monkeypatch.setattr(messages, "SECONDS_WAITED", 0)
    sqs = scene.client("sqs")
    dead = sqs.create_queue(QueueName="rows_dead")["QueueUrl"]
    yield Letters(sqs, dead)
    sqs.delete_queue(QueueUrl=dead)


class Letters:
    def __init__(self, sqs, url):
        self.sqs, self.url = sqs, url
        self.source = {"source": {"queue": "https://sqs/1/rows", "dead": url}}

    def put(self, *bodies):
        """Give the ids of what was laid down."""
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        return [self.sqs.send_message(QueueUrl=self.url, MessageBody=text)["MessageId"] for text in texts]

    def seen(self):
        told = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return int(told["ApproximateNumberOfMessages"])


RETRY = {"environment": {"RETRY": "dead-letters", "RUN": "again"}}


def test_dead_letters_are_loaded_once_though_one_of_them_stood_in_the_table(scene, call, dead):
    one, *_ = dead.put({"id": "1"}, {"id": "2"}, [{"id": "3"}, {"id": "4"}])
    loaded = event({"id": "1"})
    loaded["Records"][0]["messageId"] = one  # by a call that was killed before it could say so
    call(loaded, **dead.source)
    (told,) = call(RETRY, **dead.source)
    assert (told["state"], told["rows"], told["run"]) == ("loaded", 3, "again-1")
    assert [row[0] for row in scene.rows()] == ["1", "2", "3", "4"]
    assert {source.rpartition("#")[0] for source in scene.ledger()} == {"sqs:rows"}
    assert dead.seen() == 0
    assert [one["reason"] for one in call(RETRY, **dead.source)] == ["there are no dead letters"]


def test_a_dead_letter_that_still_does_not_fit_stays_and_is_told(scene, call, dead):
    dead.put("no json", {"id": "2"})
    with pytest.raises(app.LoadNotDone, match="1 dead letters do not fit and stay; the first: sqs:rows, line 1"):
        call(RETRY, **dead.source)
    assert [row[0] for row in scene.rows()] == ["2"]
    assert dead.seen() == 1, "it can be tried again at once"


def test_all_dead_letters_stay_when_the_table_is_to_blame(scene, call, dead):
    scene.do("CREATE TABLE {}.persons (id integer)")
    dead.put({"id": "1"}, {"id": "2"})
    with pytest.raises(app.LoadNotDone, match="column id is integer"):
        call(RETRY, **dead.source)
    assert dead.seen() == 2


def test_dead_letters_of_a_queue_of_others_are_not_touched(call):
    with pytest.raises(LoadFailed, match="rows is not this pipeline's"):
        call(RETRY)
