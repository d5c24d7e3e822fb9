"""What a value becomes: where we take it, PostgreSQL takes what we make of it, and means the same."""

from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from loader.columns import Column, Type, quoted
from loader.problems import DocumentWrong
from loader.values import Misfit, converter, json_text, read_json, text_of

TEXTS = [
    "0", "-0", "+7", " 8 ", "007", "1_000", "1e3", "1E-3", "1.5", ".5", "5.", "-.5", "1,5", "0x1F", "٣",
    "12345678901", "32768", "-32768", "2147483648", "9223372036854775807", "9223372036854775808",
    "99999999.994", "99999999.995", "1e400", "NaN", "inf", "true", "T", "yes", "OFF", "1", "maybe", "", " ",
    "abc", "x" * 11, "é" * 10, "2026-01-02", "2026-02-30", "20260102", "2026-1-2", "0000-01-01", "10000-01-01",
    "2026-01-02 03:04", "2026-01-02T03:04:05Z", "2026-01-02 03:04:05.1234567+02", "2026-01-02 03:04:05 -0330",
    "2026-01-02 24:00:00", "2026-01-02 03:04:60", "0001-01-01 00:00:00+14", "03:04", "03:04:05.678", "24:00",
    "25:00", '{"a": 1}', "[1, 2.50]", '"text"', "null", "{a: 1}", "NaN", '{"a": "\\u0000"}',
    '{"a": "\\ud800"}', "6f1c2e1a-0000-4000-8000-00000000000a", "{6f1c2e1a00004000800000000000000a}",
    "6f1c2e1a",
]  # fmt: skip
KINDS = [
    "smallint", "integer", "bigint", "numeric", "numeric(10,2)", "real", "double precision", "boolean", "char(10)",
    "varchar(10)", "text", "date", "time", "timestamp", "timestamptz", "jsonb", "uuid",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_we_take_postgresql_takes_and_means_the_same(scene, kind):
    scene.do("CREATE TABLE {}.one (theirs " + kind + ", ours " + kind + ")")
    scene.do("SET timezone = 'UTC'")
    convert, taken = converter(Type.parse(kind), "postgres"), 0
    for text in TEXTS:
        try:
            ours = convert(text)
        except Misfit:
            continue
        taken += 1
        # PostgreSQL rounds a seventh digit of a second, we cut it off.
        theirs = text.replace(".1234567", ".123456") if kind.startswith("timestamp") else text
        scene.database.execute(
            psycopg.sql.SQL("INSERT INTO {}.one VALUES (%s, %s)").format(psycopg.sql.Identifier(scene.schema)),
            [theirs, ours],
        )
    assert taken
    assert scene.ask("SELECT theirs::text, ours::text FROM {}.one WHERE theirs::text IS DISTINCT FROM ours::text") == []


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("smallint", "32768", "is out of range"),
        ("integer", "1.5", "is no whole number"),
        ("integer", "٣", "is no whole number"),
        ("numeric(10,2)", "123456789", "has more than 8 digits before the point"),
        ("numeric", "NaN", "is no number"),
        ("double precision", "1e400", "is out of range"),
        ("real", "1e39", "is out of range"),
        ("boolean", "maybe", "is neither true nor false"),
        ("varchar(3)", "abcd", "has 4 characters, 3 fit"),
        ("date", "2026-02-30", "is no day of the calendar"),
        ("date", "Jan 5 2026", "is no date (YYYY-MM-DD)"),
        ("time", "25:00", "is no time (HH:MM:SS)"),
        ("timestamp", "2026-01-02 25:00", "is no moment of the calendar"),
        ("timestamptz", "now", "is no moment (YYYY-MM-DD HH:MM:SS)"),
        ("timestamptz", "0001-01-01 00:00:00+14", "is no moment of the calendar"),
        ("json", "{a}", "is no JSON: "),
        ("json", '"\\u0000"', "holds a NUL"),
        ("uuid", "6f1c", "is no UUID"),
    ],
)
def test_why_a_value_does_not_fit(kind, text, reason):
    with pytest.raises(Misfit) as told:
        converter(Type.parse(kind), "redshift" if kind != "varchar(3)" else "mysql")(text)
    assert str(told.value).startswith(reason)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "json", None),
        (True, "boolean", "true"),
        (1, "varchar", "1"),
        (2.0, "integer", "2"),
        (Decimal("1.10"), "numeric", "1.10"),
        ({"a": [Decimal("1.10"), None, True]}, "json", '{"a": [1.10, null, true]}'),
        ("a", "json", '"a"'),
        (b"a", "text", "a"),
        (datetime(2026, 1, 2, tzinfo=UTC), "timestamptz", "2026-01-02 00:00:00+00:00"),
    ],
)
def test_values_of_json_and_parquet_as_text(value, kind, text):
    assert text_of(value, Type.parse(kind)) == text


def test_json_is_read_and_written_without_losing_a_digit():
    text = '{"a": 12345678901234567890.12345678901234567890, "b": [1, "\\u00e9"]}'
    assert read_json(json_text(read_json(text))) == read_json(text)
    assert "12345678901234567890.12345678901234567890" in json_text(read_json(text))
    with pytest.raises(Misfit):
        text_of(b"\xff", Type.parse("text"))


@pytest.mark.parametrize(
    ("declared", "postgres", "mysql", "redshift"),
    [
        ("VARCHAR(10)", "varchar(10)", "varchar(10)", "varchar(10)"),
        ("text", "text", "longtext", "varchar(65535)"),
        ("super", "jsonb", "json", "super"),
        ("jsonb", "jsonb", "json", "super"),
        ("numeric", "numeric", "decimal(38,10)", "numeric(38,10)"),
        ("decimal(10)", "numeric(10,0)", "decimal(10,0)", "numeric(10,0)"),
        ("character varying ( 5 )", "varchar(5)", "varchar(5)", "varchar(5)"),
        ("timestamp  with time zone", "timestamptz", "datetime(6)", "timestamptz"),
        ("bool", "boolean", "tinyint(1)", "boolean"),
        ("float8", "double precision", "double", "double precision"),
        ("uuid", "uuid", "char(36)", "varchar(36)"),
        ("varchar(20000)", "varchar(20000)", "longtext", "varchar(20000)"),
    ],
)
def test_a_type_in_each_engines_words(declared, postgres, mysql, redshift):
    kind = Type.parse(declared)
    assert [kind.sql(engine) for engine in ("postgres", "mysql", "redshift")] == [postgres, mysql, redshift]


@pytest.mark.parametrize(
    "text", ["", "int; DROP TABLE x", "varchar(10", "integer(3)", "serial", "varchar(10,2)", "text)--"]
)
def test_what_is_no_known_type_never_reaches_sql(text):
    with pytest.raises(DocumentWrong):
        Type.parse(text)


@pytest.mark.parametrize(
    ("declared", "standing", "fits"),
    [
        ("varchar(10)", "varchar(10)", True),
        ("varchar(10)", "varchar(9)", False),
        ("varchar(10)", "text", True),
        ("integer", "bigint", True),
        ("bigint", "integer", False),
        ("integer", "numeric(10,0)", True),
        ("numeric(10,2)", "numeric(12,2)", True),
        ("numeric(10,2)", "numeric(10,4)", False),
        ("numeric(10,2)", "integer", False),
        ("date", "timestamp", False),
        ("char(3)", "varchar(3)", True),
    ],
)
def test_which_types_of_a_table_take_the_declared_one(declared, standing, fits):
    assert Type.parse(declared).fits(Type.parse(standing)) is fits


def test_identifiers_are_quoted():
    assert quoted('a"b') == '"a""b"'
    assert quoted("a`b", "`") == "`a``b`"
    assert Column("a", Type("text")).required is False
