"""What loaders have written down, read back: the newest first, and which of it can be loaded again."""

from __future__ import annotations

import datetime as dt
import io
import json
from types import SimpleNamespace

import pytest

from scrapectl.cli.loading import what_again
from scrapectl.errors import UsageError
from scrapectl.operate.jobs import StandingJob
from scrapectl.operate.loads import last_loads, last_refused, loads_bucket, recorders, to_retry
from scrapectl.views.loads import load_document, load_rows

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC).timestamp()
BUCKET = "shop-eu-loads-123456789012-us-east-1"


class FakeAws:
    """S3 as a dict of keys; what is asked of another bucket is absent."""

    account, region = "123456789012", "us-east-1"

    def __init__(self):
        self.objects: dict[str, bytes] = {}
        self.calls: list[tuple[str, dict]] = []

    def pages(self, service, operation, result, *, absent=(), **params):
        self.calls.append((operation, params))
        assert (service, operation) == ("s3", "list_objects_v2")
        if params["Bucket"] != BUCKET:
            assert "NoSuchBucket" in absent
            return None
        keys = [key for key in sorted(self.objects) if key.startswith(params["Prefix"])]
        if result == "CommonPrefixes":
            names = {key.removeprefix(params["Prefix"]).split("/")[0] for key in keys}
            return [{"Prefix": f"{params['Prefix']}{name}/"} for name in sorted(names)]
        return [{"Key": key} for key in keys if key > params.get("StartAfter", "")]

    def call(self, service, operation, *, absent=(), **params):
        self.calls.append((operation, params))
        assert (service, operation, "NoSuchKey" in absent) == ("s3", "get_object", True)
        body = self.objects.get(params["Key"])
        return None if body is None else {"Body": io.BytesIO(body)}

    def gather(self, tasks):
        return [task() for task in tasks]

    def record(self, loader, age, run, state, **more):
        at = dt.datetime.fromtimestamp(NOW - age, dt.UTC)
        key = f"records/{loader}/{at:%Y%m%dT%H%M%S.%f}-{run}.json"
        sources = [{"source": "s3://raw/out/a.csv", "version": "v1", "rows": 3}]
        told = {"loader": loader, "run": run, "state": state, "started": at.isoformat(), "seconds": 1.5, "rows": 3}
        self.objects[key] = json.dumps({**told, "refused": 0, "sources": sources, **more}).encode()
        return key


@pytest.fixture
def aws():
    return FakeAws()


def test_the_bucket_is_the_instances_own(aws):
    assert loads_bucket(aws, "shop.eu") == BUCKET
    assert loads_bucket(aws, "shop") == "shop-loads-123456789012-us-east-1"


def test_the_newest_loads_come_first_each_loader_by_itself(aws):
    for age, run in ((300, "old"), (200, "mid"), (100, "new")):
        aws.record("persons", age, run, "loaded")
    aws.record("rows", 150, "rows", "skipped")
    found = last_loads(aws, "shop.eu", ["persons", "rows"], 2, NOW)
    assert [(load.loader, load.run) for load in found] == [("persons", "new"), ("rows", "rows"), ("persons", "mid")]
    assert recorders(aws, "shop.eu") == ["persons", "rows"]


def test_only_the_last_day_is_listed_where_that_is_enough(aws):
    aws.record("persons", 100, "new", "loaded")
    aws.record("persons", 40 * 86400, "older", "refused")
    assert [load.run for load in last_loads(aws, "shop.eu", ["persons"], 1, NOW)] == ["new"]
    assert len([1 for operation, _ in aws.calls if operation == "list_objects_v2"]) == 1
    assert [load.run for load in last_loads(aws, "shop.eu", ["persons"], 5, NOW)] == ["new", "older"]


def test_without_a_bucket_nothing_was_loaded(aws):
    assert last_loads(aws, "other", ["persons"], 5, NOW) == []
    assert recorders(aws, "other") == []


def test_what_is_no_record_is_left_out(aws):
    aws.record("persons", 100, "good", "loaded")
    aws.objects["records/persons/20261121T115900.0-bad.json"] = b'{"loader": 1'
    aws.objects["records/persons/20261121T115901.0-list.json"] = b"[]"
    assert [load.run for load in last_loads(aws, "shop.eu", ["persons"], 5, NOW)] == ["good"]


def test_a_refusal_is_told_until_a_good_load_follows(aws):
    aws.record("persons", 300, "a", "refused", reason="a.csv:3")
    assert [load.reason for load in last_refused(aws, "shop.eu", ["persons"], NOW)] == ["a.csv:3"]
    aws.record("persons", 200, "b", "loaded")
    assert last_refused(aws, "shop.eu", ["persons"], NOW) == []


A, B, C = ([{"source": f"s3://raw/out/{name}.csv", "version": "v1", "rows": None}] for name in "abc")


@pytest.mark.parametrize(
    ("later", "waits"),
    [
        ([("loaded", B, {})], "bad"),
        ([("loaded", B, {}), ("skipped", C, {})], "bad"),
        ([("loaded", [{**A[0], "version": "v2"}], {})], None),
        ([("loaded", A, {}), ("failed", C, {})], "later-1"),
        ([("failed", C, {}), ("loaded", C, {})], "bad"),
        ([("loaded", B, {"alone": True})], None),
        ([("skipped", B, {"alone": True})], "bad"),
        ([("failed", [], {}), ("loaded", B, {})], "bad"),
        ([("failed", [], {})], "later-0"),
    ],
)
def test_what_was_refused_waits_until_each_of_its_objects_is_loaded(aws, later, waits):
    aws.record("persons", 900, "bad", "refused", sources=A)
    for number, (state, sources, more) in enumerate(later):
        aws.record("persons", 300 - number, f"later-{number}", state, sources=sources, **more)
    aws.record("rows", 100, "rows", "loaded", sources=A)
    found = last_refused(aws, "shop.eu", ["persons", "rows"], NOW)
    assert [load.run for load in found] == ([waits] if waits else [])
    loads = last_loads(aws, "shop.eu", ["persons"], 9, NOW)
    if waits:
        assert to_retry(loads, "persons", None).run == waits
    else:
        with pytest.raises(UsageError, match="nothing to load again"):
            to_retry(loads, "persons", None)


def test_the_last_load_is_retried_or_that_of_a_run(aws):
    first = aws.record("persons", 300, "a", "refused")
    last = aws.record("persons", 200, "b", "failed")
    loads = last_loads(aws, "shop.eu", ["persons"], 9, NOW)
    assert to_retry(loads, "persons", None).key == last
    assert to_retry(loads, "persons", "a").key == first


@pytest.mark.parametrize(
    ("state", "sources", "run", "message"),
    [
        ("loaded", [], None, "The last load of persons is loaded: there is nothing to load again."),
        ("skipped", [], "a", "The load of persons is skipped: there is nothing to load again."),
        ("refused", [], "b", "persons has written down no run b that was refused."),
    ],
)
def test_what_cannot_be_retried(aws, state, sources, run, message):
    aws.record("persons", 300, "a", state, sources=sources)
    with pytest.raises(UsageError) as wrong:
        to_retry(last_loads(aws, "shop.eu", ["persons"], 9, NOW), "persons", run)
    assert wrong.value.message == message


def test_a_job_whose_items_are_checked_is_not_started_by_a_retry(aws):
    aws.record("pages", 100, "a", "refused")
    reached = SimpleNamespace(aws=aws, owner="shop.eu", words="")
    for name in ("pages", "other"):
        job = StandingJob(name, f"shop-{name}", 1, "q", None, None, "/g", 1, 2048, checked=name == "pages")
        with pytest.raises(UsageError) as wrong:
            what_again(reached, SimpleNamespace(things={name: job}), name, None)
        assert wrong.value.message == f"{name} is a job and no loader: there is nothing to load again."
        assert wrong.value.hint == f"To run it anew, write: scrapectl run {name}"


def test_a_load_as_json_and_as_a_row(aws):
    aws.record("persons", 0, "a", "refused", reason="bad\x1b[31m row", quarantine="s3://raw/bad/a.jsonl", refused=1)
    (load,) = last_loads(aws, "shop.eu", ["persons"], 9, NOW)
    assert load_document(load) == {
        "loader": "persons",
        "run": "a",
        "state": "refused",
        "started": "2026-11-21T12:00:00+00:00",
        "seconds": 1.5,
        "rows": 3,
        "refused": 1,
        "sources": [{"source": "s3://raw/out/a.csv", "version": "v1", "rows": 3}],
        "quarantine": "s3://raw/bad/a.jsonl",
        "reason": "bad row",
    }
    (row,) = load_rows([load])
    assert row[:3] == ("persons", "refused", "2026-11-21 12:00:00Z")
    assert row[6] == "s3://raw/out/a.csv"
    assert row[-1].endswith("Its rows: s3://raw/bad/a.jsonl")
