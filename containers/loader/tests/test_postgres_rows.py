"""Rows that PostgreSQL takes and that it does not: quarantined or told by file, line, column and value."""

from decimal import Decimal

import pytest
from loader_scene import BAD, SOURCE

STAND = [("1", "a@x", Decimal("1.50")), ("2", None, Decimal("2.00"))]


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
    assert scene.ask("SELECT rows, refused FROM {}.scrapectl_ledger") == [(2, 3)]


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
