"""Loads into a real MariaDB, which stands in for MySQL; skipped where it is not installed."""

import json
from datetime import datetime
from decimal import Decimal

import pymysql
import pytest
from loader import document as documents
from loader.load import Loading
from loader.start import Start
from loader.targets.mysql import MySql
from loader_scene import ACCOUNT, SOURCE, declared

COLUMNS = {
    "id": "varchar(10) not null", "price": "numeric(10,2)", "ok": "boolean", "seen": "timestamptz", "data": "json",
    "note": "text",
}  # fmt: skip
ONE = '{"id": "1", "price": 1.5, "ok": true, "seen": "2026-01-02T03:04:05+01:00", "data": {"a": [1]}}\n'
TWO = '{"id": "2", "ok": false, "note": "it\'s `quoted` \\\\"}\n'


class Scene:
    """The scene of PostgreSQL's tests, with another target."""

    def __init__(self, scene, port):
        self.scene, self.port = scene, port
        self.database = pymysql.connect(
            host="127.0.0.1",
            port=port,
            user=ACCOUNT.username,
            password=ACCOUNT.password,
            database="results",
            autocommit=True,
        )

    def document(self, columns=None, table="persons", **more):
        target = {"engine": "mysql", "host": "127.0.0.1", "port": self.port, "database": "results", "schema": "public",
                  "table": table, "secret": self.scene.secret}  # fmt: skip
        told = json.loads(self.scene.text(**{"format": {"type": "json"}, "target": target, "key": ["id"]} | more))
        return documents.read(json.dumps(told | {"columns": declared(columns or COLUMNS)}))

    def load(self, run="run-1", **more):
        return Loading(self.document(**more), Start(run), self.scene.client).run()

    def ask(self, text):
        with self.database.cursor() as cursor:
            cursor.execute(text)
            return sorted(cursor.fetchall(), key=repr)

    def rows(self, what="*"):
        return self.ask(f"SELECT {what} FROM persons")  # noqa: S608 - a test asks


@pytest.fixture
def mysql_scene(mysql, scene):
    made = Scene(scene, mysql)
    yield made
    made.ask("DROP TABLE IF EXISTS persons, persons_dev, scrapectl_ledger")
    made.database.close()


def test_rows_are_loaded_once(mysql_scene):
    mysql_scene.scene.put("out/a.jsonl", ONE + TWO)
    assert mysql_scene.load().rows == 2
    assert mysql_scene.rows() == [
        ("1", Decimal("1.50"), 1, datetime(2026, 1, 2, 2, 4, 5), '{"a": [1]}', None),  # noqa: DTZ001 - UTC in MySQL
        ("2", None, 0, None, None, "it's `quoted` \\"),
    ]
    assert mysql_scene.load("run-2").reason == "nothing new"
    start = Start("run-3", SOURCE, "out/a.jsonl")
    assert Loading(mysql_scene.document(), start, mysql_scene.scene.client).run().reason == "loaded before"
    assert mysql_scene.ask("SELECT source, `rows`, run FROM scrapectl_ledger") == [
        (f"s3://{SOURCE}/out/a.jsonl", 2, "run-1")
    ]


def test_merge_and_replace(mysql_scene):
    mysql_scene.scene.put("out/a.jsonl", ONE + TWO)
    mysql_scene.load(mode="merge")
    mysql_scene.scene.put("out/b.jsonl", '{"id": "2", "note": "x"}\n{"id": "3"}\n{"id": "2", "note": "last"}\n')
    assert mysql_scene.load("run-2", mode="merge").rows == 3
    assert mysql_scene.rows("id, note") == [("1", None), ("2", "last"), ("3", None)]
    mysql_scene.scene.s3.delete_object(Bucket=SOURCE, Key="out/a.jsonl")
    mysql_scene.scene.s3.delete_object(Bucket=SOURCE, Key="out/b.jsonl")
    mysql_scene.scene.put("out/c.jsonl", '{"id": "9"}')
    mysql_scene.load("run-3", mode="replace")
    assert mysql_scene.rows("id") == [("9",)]


def test_another_instance_and_another_table_are_other_loads(mysql_scene):
    mysql_scene.scene.put("out/a.jsonl", ONE)
    for run, other in enumerate(({"pipeline": "shop.dev"}, {"table": "persons_dev"}, {})):
        assert mysql_scene.load(f"run-{run}", mode="replace", **other).rows == 1
        mysql_scene.ask("UPDATE scrapectl_ledger SET source_time = source_time + INTERVAL 5 SECOND")
    assert mysql_scene.ask("SELECT loader FROM scrapectl_ledger ORDER BY loader") == [
        ("shop.dev/persons/public.persons",), ("shop.prod/persons/public.persons",),
        ("shop.prod/persons/public.persons_dev",),
    ]  # fmt: skip


def test_what_does_not_fit_leaves_the_table_as_it_was(mysql_scene):
    mysql_scene.scene.put("out/a.jsonl", ONE + ONE)
    reason = mysql_scene.load().reason
    assert reason == f"s3://{SOURCE}/out/a.jsonl, line 2, column id: '1': Duplicate entry '1' for key 'PRIMARY'"
    mysql_scene.scene.put("out/a.jsonl", ONE + '{"id": "12345678901"}')
    assert "line 2, column id: '12345678901': has 11 characters, 10 fit" in mysql_scene.load("run-2").reason
    assert mysql_scene.load("run-3", most=1).reason.startswith("nothing new; 1 refused")
    assert mysql_scene.rows() == []
    assert mysql_scene.ask("SELECT * FROM scrapectl_ledger") == []


def test_what_only_the_table_refuses_is_found_among_a_thousand(mysql_scene):
    mysql_scene.ask("CREATE TABLE persons (id varchar(10) PRIMARY KEY, price decimal(10,2), note longtext,"
                    " UNIQUE KEY note_once (price, note(20)), CHECK (price <> 13))")  # fmt: skip
    told = {"columns": {"id": "varchar(10) not null", "price": "numeric(10,2)", "note": "text"}}
    many = [f'{{"id": "{number}"}}\n' for number in range(1200)]
    twice = '{"id": "x", "price": 5, "note": "n"}\n{"id": "y", "price": 5, "note": "n"}\n'
    for run, (row, end) in enumerate([
        (twice, ", line 1102, column price, note: '5.00, n': Duplicate entry '5.00-n' for key 'note_once'"),
        ('{"id": "y", "price": 13}\n', ", line 1101: CONSTRAINT `CONSTRAINT_1` failed for `results`.`persons`"),
    ]):  # fmt: skip
        mysql_scene.scene.put("out/a.jsonl", "".join([*many[:1100], row, *many[1100:]]))
        assert mysql_scene.load(f"run-{run}", **told).reason == f"s3://{SOURCE}/out/a.jsonl{end}"
        assert mysql_scene.rows() == []


def test_an_existing_table_must_fit_and_evolves(mysql_scene):
    mysql_scene.ask("CREATE TABLE persons (id varchar(10) PRIMARY KEY, price decimal(10,2), ok tinyint(1), note int)")
    mysql_scene.scene.put("out/a.jsonl", ONE)
    reason = mysql_scene.load().reason
    assert "column note is integer, declared is longtext" in reason
    assert "it has no column seen, data" in reason
    mysql_scene.ask("ALTER TABLE persons MODIFY note longtext")
    assert mysql_scene.load("run-2", schema="evolve").rows == 1


def test_a_connection_that_ends_before_or_after_the_commit(mysql_scene, monkeypatch):
    monkeypatch.setattr("loader.load.PAUSE", 0)
    mysql_scene.scene.put("out/a.jsonl", ONE + TWO)
    real, times = pymysql.connections.Connection.commit, []

    def lost(connection):
        times.append(1)
        if len(times) == 2:
            real(connection)
        if len(times) <= 2:
            raise pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query")
        real(connection)

    monkeypatch.setattr(pymysql.connections.Connection, "commit", lost)
    record = mysql_scene.load()
    assert (record.state, record.rows, len(times)) == ("loaded", 2, 2)
    assert len(mysql_scene.rows()) == 2


def test_what_may_be_tried_again(mysql_scene):
    target = MySql(mysql_scene.document(), mysql_scene.scene.client)
    told = [(1213, "Deadlock"), (2006, "gone away"), (1146, "no such table")]
    assert [target.passing(pymysql.err.OperationalError(*one)) for one in told] == [True, True, False]
    assert target.passing(pymysql.err.InterfaceError(0, ""))
