"""What is expected of a job's output: each thing by itself, before a load and after a job whose output none loads."""

import json
from datetime import timedelta

import pytest
from loader import app, expect
from loader import document as documents
from loader.problems import DocumentWrong
from loader.records import now
from loader_scene import SOURCE, STAGING

ROWS = [("1", "a@x", "1"), ("2", "", "2"), ("3", "c@x", "")]


def expected(**asked):
    return {"expect": [{"job": "collect", "prefix": "out/", **asked}]}


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"min_items": 4}, "collect: 3 items, at least 4 are expected"),
        ({"fields": {"email": 0.7}}, "collect: email is filled in 2 of 3 items, expected is a share of 0.7"),
        ({"fields": {"email": 1, "price": 1}}, "email is filled in 2 of 3 items"),
        ({"fields": {"other": 0.1}}, "other is filled in 0 of 3 items"),
        ({"key": ["email"]}, None),
        ({"min_items": 3, "fields": {"email": 0.66, "id": 1}, "key": ["id"], "max_age": 60, "change": 0.1}, None),
    ],
)
def test_each_expectation(scene, asked, reason):
    scene.put("out/a.csv", ROWS)
    record = scene.load(**expected(**asked))
    assert record.state == ("refused" if reason else "loaded")
    assert reason is None or reason in record.reason
    assert len(scene.rows()) == (0 if reason else 3)


def test_a_breach_is_kept_and_the_objects_wait_for_a_retry(scene):
    scene.put("out/a.csv", ROWS)
    told = expected(min_items=4)
    assert scene.load(**told).sources[0]["source"] == f"s3://{SOURCE}/out/a.csv"
    assert "1 refused before" in scene.load("run-2", **told).reason
    scene.put("out/b.csv", [(n, "x@x", n) for n in range(10, 15)])
    assert scene.load("run-3", **told).rows == 5, "the next objects are not held up"
    key = scene.s3.list_objects_v2(Bucket=STAGING, Prefix="records/persons/2")["Contents"][0]["Key"]
    assert scene.load("run-4", retry=key, **told).state == "refused"
    assert scene.load("run-5", retry=key, **expected(min_items=3)).rows == 3


def test_a_row_that_cannot_be_read_is_left_to_the_load(scene):
    scene.put("out/a.csv", '1,"a"x,1\n2,b@x,2\n')
    assert scene.load(**expected(min_items=2, fields={"id": 0.5})).rows == 2, "COPY reads more than we do"
    scene.put("out/b.csv", '3,"a"x\n4,b@x,2\n')
    record = scene.load("run-2", most=1, **expected(min_items=2))
    assert (record.state, record.rows, record.refused) == ("loaded", 1, 1)


def test_keys_that_come_twice(scene):
    scene.put("out/a.csv", [*ROWS, ("1", "d@x", "4"), ("2", "e@x", "5")])
    assert "2 items have the id of another" in scene.load(**expected(key=["id"])).reason


def test_change_against_the_median_of_the_last_loads(scene):
    told = expected(change=0.5)
    for number, count in enumerate([10, 12, 11]):
        scene.put(f"out/{number}.csv", [(f"{number}-{n}", "", n) for n in range(count)])
        assert scene.load(f"run-{number}", **told).rows == count
    scene.put("out/9.csv", [("x", "", 1)] + [(f"x-{n}", "", n) for n in range(4)])
    reason = scene.load("run-9", **told).reason
    assert reason == "collect: 5 items differ from the usual 11 by more than a share of 0.5"


def test_freshness_is_looked_at_when_nothing_new_comes(scene, monkeypatch):
    told = expected(max_age=60)
    scene.put("out/a.csv", ROWS)
    assert scene.load(**told).state == "loaded"
    assert scene.load("run-2", **told).state == "skipped"
    monkeypatch.setattr(expect, "now", lambda: now() + timedelta(seconds=90))
    record = scene.load("run-3", **told)
    assert record.state == "refused"
    assert record.reason.endswith(" s old, 60 s may be")


def test_only_what_lies_below_the_prefix_is_judged(scene):
    scene.put("out/a.csv", ROWS)
    assert scene.load(expect=[{"job": "collect", "prefix": "out/other/", "min_items": 4}]).state == "loaded"


@pytest.fixture
def check(scene, monkeypatch):
    """Call the function that only checks."""
    topic = scene.client("sns").create_topic(Name="news")["TopicArn"]

    def called(event, **asked):
        told = {"version": 1, "pipeline": "shop.prod", "loader": "expect", "source": {"bucket": STAGING},
                "staging": {"bucket": STAGING},
                "expect": [{"job": "collect", "bucket": SOURCE, "prefix": "out/", "topic": topic, **asked},
                           {"job": "other", "prefix": "out/", "min_items": 1000}]}  # fmt: skip
        document = documents.read(json.dumps(told))
        monkeypatch.setattr(app, "_document", lambda: document)
        monkeypatch.setattr(app, "client", lambda service: sns if service == "sns" else scene.client(service))
        return app.handler({"job": "collect", "run": "run-1", **event})

    class Sns:
        def publish(self, **told):
            self.sent.append(told)

    sns = called.sns = Sns()
    sns.sent = []
    return called


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("out/a.jsonl", '{"id": 1}\n{"id": 2}\n'),
        ("out/a.json", '[{"id": 1}, {"id": 2}]'),
        ("out/a.csv", "id,name\n1,a\n2,b\n"),
    ],
)
def test_a_jobs_output_is_checked_after_it(scene, check, key, body):
    scene.put(key, body)
    (record,) = check({}, min_items=2, fields={"id": 1}, key=["id"])
    assert (record["loader"], record["state"], record["rows"]) == ("collect", "loaded", 2)
    assert check.sns.sent == []
    (record,) = check({}, min_items=3)
    assert (record["state"], record["reason"]) == ("refused", "collect: 2 items, at least 3 are expected")
    assert check.sns.sent[0]["Subject"] == "shop.prod: the output of collect is not as expected"
    assert "2 items, at least 3 are expected" in check.sns.sent[0]["Message"]
    kept = scene.s3.list_objects_v2(Bucket=STAGING, Prefix="records/collect/2")["Contents"]
    assert len(kept) == 2


def test_only_what_the_job_wrote_since_it_began_is_checked(scene, check):
    scene.put("out/a.json", '{"id": 1}')
    later = (now() + timedelta(seconds=5)).timestamp() * 1000
    assert (
        check({"detail": {"startedAt": later}}, min_items=1)[0]["reason"] == "collect: 0 items, at least 1 are expected"
    )
    assert check({"detail": {"startedAt": later - 60_000}}, min_items=1)[0]["state"] == "loaded"


def test_a_check_that_cannot_be_made_is_tried_again(scene, check, monkeypatch):
    monkeypatch.setattr(expect, "breaches", lambda *_: 1 / 0)
    with pytest.raises(app.LoadNotDone, match="ZeroDivisionError"):
        check({})
    assert check.sns.sent == []


def test_without_anything_to_do_a_document_is_wrong():
    with pytest.raises(DocumentWrong):
        documents.read(json.dumps({"version": 1, "pipeline": "p", "loader": "x", "staging": {"bucket": "loads"}}))
