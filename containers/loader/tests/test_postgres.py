"""Loads into a real PostgreSQL: once, whole or not at all, in each mode."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from loader.sources.objects import Objects
from loader.targets.postgres import Postgres
from loader_scene import SOURCE, STAGING

PERSONS = [("1", "a@x", "1.50"), ("2", "", "2")]
STAND = [("1", "a@x", Decimal("1.50")), ("2", None, Decimal("2.00"))]


def kept(scene):
    """The keys of the records, oldest first."""
    found = scene.s3.list_objects_v2(Bucket=STAGING, Prefix="records/persons/2")["Contents"]
    return sorted(told["Key"] for told in found)


def test_a_file_is_loaded_once(scene):
    scene.put("out/a.csv", PERSONS)
    record = scene.load(upload="out/a.csv")
    assert (record.state, record.rows, record.refused) == ("loaded", 2, 0)
    assert scene.rows() == STAND
    assert scene.load("run-2", upload="out/a.csv").reason == "loaded before"
    assert scene.load("run-3").reason == "nothing new"
    assert scene.load("run-1", upload="out/a.csv").state == "loaded", "the same run, tried again, has loaded it"
    assert scene.rows() == STAND
    assert list(scene.ledger().values()) == [2]
    assert [record["state"] for record in scene.records()] == ["loaded", "skipped", "loaded"]


def test_a_schedule_loads_all_that_the_ledger_lacks_in_one_transaction(scene):
    scene.put("out/a.csv", PERSONS)
    scene.put("out/more/b.csv", [("3", "c@x", "3")], packed=True)
    scene.put("out/folder/", "")
    scene.put("other/c.csv", [("4", "d@x", "4")])
    record = scene.load()
    assert record.rows == 3
    assert [one["source"] for one in record.sources] == [f"s3://{SOURCE}/out/a.csv", f"s3://{SOURCE}/out/more/b.csv"]
    scene.put("out/c.csv", [("5", "e@x", "5")])
    scene.put("out/d.csv", [("6", "f@x", "no number")])
    assert scene.load("run-2").state == "refused"
    assert len(scene.rows()) == 3, "one bad object, and nothing of the others"
    record = scene.load("run-3")
    assert (record.state, record.rows) == ("loaded", 1), "what was refused waits for a retry"
    assert "1 refused before" in scene.load("run-4").reason


def test_a_run_that_was_refused_fails_again_when_it_is_tried_again(scene):
    scene.put("out/a.csv", [("1", "a@x", "no number")])
    assert [scene.load("run-1").state for _ in range(2)] == ["refused", "refused"]
    assert scene.load("run-2").state == "skipped"


def test_a_retry_loads_what_was_refused_once_it_fits(scene):
    scene.put("out/a.csv", [("1", "a@x", "no number"), ("2", "b@x", "2")])
    assert scene.load().state == "refused"
    (key,) = kept(scene)
    record = scene.load("run-2", retry=key, most=1)
    assert (record.state, record.rows, record.refused) == ("loaded", 1, 1)
    assert scene.load("run-3", retry=key, most=1).reason == "loaded before"
    assert scene.load("run-4", retry="records/other/x.json").state == "failed"
    scene.s3.delete_object(Bucket=SOURCE, Key="out/a.csv")
    record = scene.load("run-5", retry=key)
    assert (record.state, record.reason) == ("skipped", "it is there no longer")
    assert scene.records()[-1]["sources"] == scene.records()[0]["sources"], "and waits no longer"


def test_a_retry_of_a_load_that_never_saw_the_table_loads_what_it_was_of(scene, monkeypatch):
    scene.put("out/a.csv", [("1", "a@x", "no number")])
    assert scene.load("run-0").state == "refused"
    scene.put("out/b.csv", PERSONS)
    with monkeypatch.context() as patched:
        patched.setattr(Postgres, "prepare", lambda _: 1 / 0)
        assert scene.load("run-1").state == "failed"
        assert scene.load("run-2", upload="out/b.csv").state == "failed"
    _, by_clock, by_upload = kept(scene)
    assert scene.load("run-3", retry=by_upload).rows == 2
    scene.put("out/c.csv", [("3", "c@x", "3")])
    assert scene.load("run-4", retry=by_clock).rows == 1, "all that is new but for what was refused"


def test_merge_updates_by_key_and_the_last_row_of_a_key_counts(scene):
    scene.put("out/a.csv", PERSONS)
    scene.load(mode="merge")
    scene.put("out/b.csv", [("2", "first", "7"), ("3", "c@x", "3"), ("2", "last", "8")])
    assert scene.load("run-2", mode="merge").rows == 3
    assert scene.rows() == [STAND[0], ("2", "last", Decimal("8.00")), ("3", "c@x", Decimal("3.00"))]


def test_merge_of_many_objects_leaves_what_the_newest_has(scene, monkeypatch):
    scene.put("out/b.csv", [("1", "old", "1")])
    scene.put("out/a.csv", [("1", "new", "2")])
    named = Objects.named

    def later(self, bucket, key, version=""):
        found = named(self, bucket, key, version)
        return replace(found, time=found.time + timedelta(seconds=5)) if key == "out/a.csv" else found

    monkeypatch.setattr(Objects, "named", later)
    assert scene.load(mode="merge").rows == 2
    assert scene.rows() == [("1", "new", Decimal("2.00"))]


def test_merge_leaves_columns_alone_that_are_not_declared(scene):
    scene.put("out/a.csv", PERSONS)
    scene.load(mode="merge")
    scene.do("ALTER TABLE {}.persons ADD COLUMN note text DEFAULT 'kept'")
    scene.put("out/b.csv", [("2", "new", "7")])
    assert scene.load("run-2", mode="merge").state == "loaded"
    assert ("2", "new", Decimal("7.00"), "kept") in scene.rows()


def test_replace_by_an_upload_holds_just_that_object(scene):
    scene.versioned()
    scene.load("run-0", upload="out/a.csv", version=scene.put("out/a.csv", PERSONS), mode="replace")
    second = scene.put("out/a.csv", [("9", "z@x", "9")])
    assert scene.load("run-1", upload="out/a.csv", version=second, mode="replace").rows == 1
    assert scene.load("run-2", upload="out/a.csv", version=second, mode="replace").reason == "loaded before"
    assert scene.rows() == [("9", "z@x", Decimal("9.00"))]


def test_a_retry_of_a_replace_holds_what_the_load_would_have_held(scene):
    first, bad = [scene.put(f"out/{name}.csv", [("1", "a@x", price)]) for name, price in (("a", "1"), ("b", "much"))]
    scene.load("run-0", upload="out/a.csv", version=first, mode="replace")
    refused = scene.load("run-1", upload="out/b.csv", version=bad, mode="replace")
    assert (refused.state, "or nothing" in refused.reason) == ("refused", False)
    key = kept(scene)[-1]
    scene.put("out/b.csv", [("2", "b@x", "2")])
    assert scene.load("run-2", retry=key, mode="replace").rows == 1
    assert [row[0] for row in scene.rows()] == ["2"], "the upload, and not all that lies there"


def test_replace_by_an_object_older_than_the_table_is_skipped(scene, monkeypatch):
    scene.versioned()
    first = scene.put("out/a.csv", PERSONS)
    second = scene.put("out/a.csv", [("9", "z@x", "9")])
    scene.load("run-1", upload="out/a.csv", version=second, mode="replace")
    scene.do("UPDATE {}.scrapectl_ledger SET source_time = source_time + interval '5 s'")
    record = scene.load("run-2", upload="out/a.csv", version=first, mode="replace")
    assert (record.state, record.reason) == ("skipped", "the table holds newer objects already")
    assert scene.rows() == [("9", "z@x", Decimal("9.00"))]


@pytest.mark.parametrize("mode", ["append", "merge", "replace"])
@pytest.mark.parametrize("other", [{"pipeline": "shop.dev", "into": "persons_dev"}, {"into": "others"}])
def test_another_instance_and_another_table_are_other_loads(scene, mode, other):
    scene.put("out/a.csv", PERSONS)
    assert scene.load("run-0", mode=mode, **other).rows == 2
    scene.do("UPDATE {}.scrapectl_ledger SET source_time = source_time + interval '5 s'")
    record = scene.load("run-1", mode=mode)
    assert (record.state, record.rows) == ("loaded", 2)
    assert scene.rows() == STAND
    loads = {"run-0": "{}/persons/{}.{}".format(other.get("pipeline", "shop.prod"), scene.schema, other["into"]),
             "run-1": f"shop.prod/persons/{scene.schema}.persons"}  # fmt: skip
    assert dict(scene.ask("SELECT run, loader FROM {}.scrapectl_ledger")) == loads


def test_a_schema_that_does_not_exist_is_told(scene):
    scene.put("out/a.csv", PERSONS)
    record = scene.load(into="staging.persons")
    told = 'schema "staging" does not exist in database results: create it, or write into.table without a schema'
    assert (record.state, record.reason) == ("failed", told)


def test_replace_by_a_schedule_holds_all_that_is_there_now(scene):
    scene.put("out/a.csv", PERSONS)
    scene.put("out/b.csv", [("3", "c@x", "3")])
    assert scene.load("run-1", mode="replace").rows == 3
    assert scene.load("run-2", mode="replace").reason == "nothing new"
    scene.s3.delete_object(Bucket=SOURCE, Key="out/b.csv")
    scene.put("out/c.csv", [("4", "d@x", "4")])
    assert scene.load("run-3", mode="replace").rows == 3
    assert [row[0] for row in scene.rows()] == ["1", "2", "4"]
    scene.put("out/b.csv", [("5", "d@x", "much")])
    assert scene.load("run-4", mode="replace").state == "refused"
    scene.put("out/d.csv", [("6", "d@x", "6")])
    refused = scene.load("run-5", mode="replace")
    assert "column price: 'much'" in refused.reason
    assert f"; replace loads all of s3://{SOURCE}/out/ or nothing: " in refused.reason
    assert [row[0] for row in scene.rows()] == ["1", "2", "4"], "a table that lacks an object in silence is worse"
    scene.s3.delete_object(Bucket=SOURCE, Key="out/b.csv")
    assert scene.load("run-6", mode="replace").rows == 4


def test_an_upload_elsewhere_only_starts_the_load(scene):
    scene.put("in/x.csv", "anything")
    scene.put("out/a.csv", PERSONS)
    assert scene.load(upload="in/x.csv").rows == 2


def test_an_existing_table_must_fit(scene):
    scene.do("CREATE TABLE {}.persons (id varchar(5), email int, must text NOT NULL)")
    scene.put("out/a.csv", PERSONS)
    record = scene.load()
    assert record.state == "failed"
    for told in (
        "column id is character varying(5), declared is varchar(10)",
        "column email is integer, declared is varchar(50)",
        "it has no column price",
        "its column must takes no NULL, and is not declared",
    ):
        assert told in record.reason


def test_evolve_adds_what_is_missing_and_still_requires_it(scene):
    scene.do("CREATE TABLE {}.persons (id text, note text)")
    columns = {"id": "varchar(10) not null", "email": "varchar(50) not null"}
    scene.put("out/a.csv", [("1", "a@x")])
    assert scene.load(columns=columns, schema="fixed").state == "failed"
    assert scene.load("run-2", columns=columns, schema="evolve").rows == 1
    scene.put("out/b.csv", [("2", "")])
    assert 'null value in column "email"' in scene.load("run-3", columns=columns, schema="evolve").reason
    assert scene.rows() == [("1", None, "a@x")]


def test_names_from_the_document_are_quoted(scene):
    columns = {"select": "varchar(10)", "Order$": "integer"}
    scene.put("out/a.csv", [("1", "2")])
    assert scene.load(columns=columns, key=["select"], mode="merge").rows == 1
    assert scene.rows('"select", "Order$"') == [("1", 2)]


def test_the_password_is_in_no_message(scene):
    scene.do("CREATE TABLE {}.persons (id integer)")
    scene.put("out/a.csv", PERSONS)
    record = scene.load()
    assert "pass" not in record.line()


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
    scene.put("out/a.csv", PERSONS)
    record = scene.load()
    assert (record.state, record.rows, record.sources[0]["rows"]) == ("loaded", 2, 2)
    assert lost
    assert scene.records()[0]["rows"] == 2


@pytest.mark.parametrize("what", [".refused/", "records/persons/2"])
def test_a_record_or_a_mark_that_cannot_be_kept_changes_nothing(scene, capsys, monkeypatch, what):
    class Refusing:
        def __getattr__(self, name):
            return getattr(scene.s3, name)

        def put_object(self, **told):
            if what in told["Key"]:
                raise PermissionError(told["Key"])
            return scene.s3.put_object(**told)

    monkeypatch.setattr(
        scene, "client", lambda service, real=scene.client: Refusing() if service == "s3" else real(service)
    )
    scene.put("out/a.csv", PERSONS)
    assert scene.load().rows == 2
    scene.put("out/b.csv", [("3", "c@x", "much")])
    assert scene.load("run-2").state == "refused"
    assert "PermissionError" in capsys.readouterr().out
