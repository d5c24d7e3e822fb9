"""Loads into a real PostgreSQL: once, whole or not at all, in each mode."""

from decimal import Decimal

import psycopg
import pytest
from loader.targets.postgres import Postgres
from loader_scene import BAD, SOURCE, STAGING

PERSONS = [("1", "a@x", "1.50"), ("2", "", "2")]
STAND = [("1", "a@x", Decimal("1.50")), ("2", None, Decimal("2.00"))]


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
    key = scene.s3.list_objects_v2(Bucket=STAGING, Prefix="records/persons/2")["Contents"][0]["Key"]
    record = scene.load("run-2", retry=key, most=1)
    assert (record.state, record.rows, record.refused) == ("loaded", 1, 1)
    assert scene.load("run-3", retry=key, most=1).reason == "loaded before"
    assert scene.load("run-4", retry="records/other/x.json").state == "failed"


def test_merge_updates_by_key_and_the_last_row_of_a_key_counts(scene):
    scene.put("out/a.csv", PERSONS)
    scene.load(mode="merge")
    scene.put("out/b.csv", [("2", "first", "7"), ("3", "c@x", "3"), ("2", "last", "8")])
    assert scene.load("run-2", mode="merge").rows == 3
    assert scene.rows() == [STAND[0], ("2", "last", Decimal("8.00")), ("3", "c@x", Decimal("3.00"))]


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


def test_replace_by_an_object_older_than_the_table_is_skipped(scene, monkeypatch):
    scene.versioned()
    first = scene.put("out/a.csv", PERSONS)
    second = scene.put("out/a.csv", [("9", "z@x", "9")])
    scene.load("run-1", upload="out/a.csv", version=second, mode="replace")
    scene.do("UPDATE {}.scrapectl_loads SET source_time = source_time + interval '5 s'")
    record = scene.load("run-2", upload="out/a.csv", version=first, mode="replace")
    assert (record.state, record.reason) == ("skipped", "the table holds newer objects already")
    assert scene.rows() == [("9", "z@x", Decimal("9.00"))]


def test_replace_by_a_schedule_holds_all_that_is_there_now(scene):
    scene.put("out/a.csv", PERSONS)
    scene.put("out/b.csv", [("3", "c@x", "3")])
    assert scene.load("run-1", mode="replace").rows == 3
    assert scene.load("run-2", mode="replace").reason == "nothing new"
    scene.s3.delete_object(Bucket=SOURCE, Key="out/b.csv")
    scene.put("out/c.csv", [("4", "d@x", "4")])
    assert scene.load("run-3", mode="replace").rows == 3
    assert [row[0] for row in scene.rows()] == ["1", "2", "4"]


def test_an_upload_elsewhere_only_starts_the_load(scene):
    scene.put("in/x.csv", "anything")
    scene.put("out/a.csv", PERSONS)
    assert scene.load(upload="in/x.csv").rows == 2


def test_bad_rows_go_to_the_quarantine_and_the_others_load(scene):
    scene.put("out/a.csv", [("1", "a@x", "1"), ("2", "b@x", "much"), ("", "c@x", "3"), ("4", "d@x"), ("5", "e@x", "5")])
    record = scene.load(most=3)
    assert (record.state, record.rows, record.refused) == ("loaded", 2, 3)
    assert record.quarantine == f"s3://{BAD}/bad/run-1.jsonl"
    told = [(one["line"], one["column"], one["value"], one["reason"]) for one in scene.quarantine()]
    assert told == [
        (2, "price", "much", "is no number"),
        (3, "id", "null", "is required"),
        (4, "", "", "2 fields where 3 are declared"),
    ]
    assert scene.quarantine()[0]["file"] == f"s3://{SOURCE}/out/a.csv"
    assert scene.quarantine()[0]["row"] == '["2", "b@x", "much"]'
    assert scene.ask("SELECT rows, refused FROM {}.scrapectl_loads") == [(2, 3)]


def test_more_bad_rows_than_may_be_load_nothing(scene):
    scene.put("out/a.csv", [("1", "a@x", "1"), ("2", "b@x", "much"), ("3", "c@x", "more")])
    record = scene.load(most=1)
    assert record.state == "refused"
    assert "2 rows do not fit, 1 may; the first: " in record.reason
    assert "line 2, column price: 'much': is no number" in record.reason
    assert scene.rows() == []
    assert len(scene.quarantine()) == 2


def test_reading_ends_where_nothing_fits(scene):
    scene.put("out/a.csv", [(n, "a@x", "much") for n in range(5000)])
    record = scene.load(most=0)
    assert "1001 rows do not fit, 0 may; reading ended there" in record.reason
    assert len(scene.quarantine()) == 1001


def test_without_a_quarantine_the_first_bad_row_is_told_by_file_line_column_and_value(scene):
    scene.put("out/a.csv", [("1", "a@x", "1"), ("2", "b@x", "much")])
    record = scene.load()
    assert record.state == "refused"
    where = f"s3://{SOURCE}/out/a.csv, line 2, column price: 'much': "
    assert record.reason == where + 'invalid input syntax for type numeric: "much"'
    assert scene.rows() == []
    assert scene.ledger() == {}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("1", "x" * 51, "1")], "value too long for type character varying(50)"),
        ([("", "a@x", "1")], 'null value in column "id"'),
        ([("1", "a@x")], 'missing data for column "price"'),
        ([("1", "a@x", "1", "2")], "extra data after last expected column"),
        ([("1", "a@x", "123456789")], "numeric field overflow"),
        ([("1", "a@x", "1"), ("1", "b@x", "2")], "duplicate key value violates unique constraint"),
        ([("a@x", "1", "some one")], "invalid input syntax for type numeric"),
    ],
)
def test_a_row_that_does_not_fit_is_told_and_nothing_stands(scene, rows, reason):
    scene.put("out/a.csv", rows)
    record = scene.load()
    assert record.state == "refused"
    assert reason in record.reason
    assert f"s3://{SOURCE}/out/a.csv, line {len(rows)}" in record.reason
    assert scene.rows() == []


def test_the_header_must_be_the_columns_in_their_order(scene):
    form = {"type": "csv", "header": True}
    scene.put("out/a.csv", "id,email,price\r\n1,a@x,1.50\r\n2,,2\r\n")
    assert scene.load(format=form).rows == 2
    assert scene.rows() == STAND
    scene.put("out/b.csv", "email,id,price\nx,3,1\n")
    record = scene.load("run-2", format=form)
    assert record.state == "refused"
    assert "line 1: the header is 'email, id, price', declared is 'id, email, price'" in record.reason
    assert scene.rows() == STAND


@pytest.mark.parametrize("most", [None, 0])
def test_a_line_that_ends_a_copy_is_a_row_like_any_other(scene, most):
    columns = {"id": "varchar(10)", "email": "varchar(50)"}
    scene.put("out/a.csv", "1,a\n\\.,b\n3,c\n")
    assert scene.load(columns=columns, key=[], most=most).rows == 3
    assert scene.rows() == [("1", "a"), ("3", "c"), ("\\.", "b")]
    scene.put("out/b.csv", '4\n\\.\n"2\n\\.\n"\n')
    one = {"id": "varchar(10)"}
    assert scene.load("run-2", columns=one, key=[], most=most).rows == 3
    assert ("\\.", None) in scene.rows()
    assert ("2\n\\.\n", None) in scene.rows()


def test_json_lines_and_arrays(scene):
    columns = {"id": "varchar(10) not null", "price": "numeric", "seen": "timestamptz", "tags": "json", "ok": "boolean"}
    form = {"type": "json"}
    one = '{"id": "1", "price": 1.10, "seen": "2026-01-02T03:04:05Z", "tags": {"a": [1, 2.50]}, "ok": true}\n'
    two = '\n{"id": 2, "tags": "text"}\n'
    scene.put("out/a.jsonl", one + two)
    scene.put("out/b.json", '[{"id": "3"},\n {"id": "é", "price": 12345678901234567890.123456789}]', packed=True)
    assert scene.load(columns=columns, format=form).rows == 4
    rows = {row[0]: row[1:] for row in scene.rows("id, price::text, seen::text, tags::text, ok")}
    assert rows["1"] == ("1.10", "2026-01-02 03:04:05+00", '{"a": [1, 2.50]}', True)
    assert rows["2"] == (None, None, '"text"', None)
    assert rows["é"][0] == "12345678901234567890.123456789"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"id": "1"}\n{"id": }\n', "line 2: '{\"id\": }': is no JSON"),
        ('{"id": "1"}\n[1]\n', "line 2: '[1]': is no JSON object"),
        ('{"id": "1", "other": 2}', "column other: '2': no column takes this field"),
        ('{"email": "1"}', "column id: 'null': is required"),
        ('{"id": {"a": 1}}', "column id: '{\"a\": 1}': an object is no varchar"),
        ('{"id": "1", "price": NaN}', "NaN is no JSON"),
        ('{"id": "a\\u0000b"}', "holds a NUL"),
        ('{"id": "\\ud800"}', "is no UTF-8"),
        ('[{"id": "1"}, {"id": "2"}', "line 1: expected ','"),
        ('[{"id": "1"}] x', "something stands behind the array"),
        ('[{"id": "1"', "line 1: "),
    ],
)
def test_json_that_does_not_fit(scene, body, reason):
    scene.put("out/a.json", body)
    record = scene.load(format={"type": "json"})
    assert record.state == "refused"
    assert reason in record.reason
    assert scene.rows() == []


def test_what_only_postgresql_reads_is_read_with_and_without_a_quarantine(scene):
    columns = {"id": "varchar(10)", "day": "date", "seen": "timestamp"}
    rows = [("1", "Jan 5 2026", "infinity"), ("2", "2026-01-06", "2026-01-06 07:08")]
    scene.put("out/a.csv", rows)
    assert scene.load(columns=columns).rows == 2
    scene.put("out/b.csv", [("3", *rows[0][1:]), ("4", "some day", "infinity")])
    assert scene.load("run-2", columns=columns, most=1).rows == 1
    assert scene.rows("id, day::text, seen::text")[2] == ("3", "2026-01-05", "infinity")


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
