"""The statements for Redshift, run in translation by the embedded cloud: each mode, each type, interruptions."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ReadTimeoutError
from loader import document as documents
from loader.batch import Batch
from loader.load import Loading
from loader.sources.messages import message
from loader.start import Start
from loader.targets import redshift
from loader_scene import declared

from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import connect

TRUST = {"Effect": "Allow", "Principal": {"Service": "redshift-serverless.amazonaws.com"}, "Action": "sts:AssumeRole"}
READ = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::loads-bucket*"]}
COLUMNS = {
    "id": "varchar(10) not null", "price": "numeric(10,2)", "many": "bigint", "ok": "boolean", "seen": "timestamptz",
    "at": "timestamp", "day": "date", "ratio": "double precision", "data": "super", "note": "text",
}  # fmt: skip
WHOLE = {
    "id": "1", "price": 1.5, "many": 7, "ok": True, "seen": "2026-01-02T03:04:05.5+01:00", "at": "2026-01-02 03:04",
    "day": "2026-01-02", "ratio": 0.5, "data": {"a": [1, 2.5]}, "note": "it's \"quoted\"\n",
}  # fmt: skip


class Lake:
    """A workgroup with a role for COPY, a bucket to load from, and starts of a loader."""

    def __init__(self, cloud):
        session, self._clients = connect(cloud), {}
        self.client = lambda name: self._clients.setdefault(name, session.client(name))
        for bucket in ("raw-bucket", "loads-bucket"):
            self.client("s3").create_bucket(Bucket=bucket)
        policy = [json.dumps({"Version": "2012-10-17", "Statement": [one]}) for one in (TRUST, READ)]
        role = self.client("iam").create_role(RoleName="copy", AssumeRolePolicyDocument=policy[0])["Role"]["Arn"]
        self.client("iam").put_role_policy(RoleName="copy", PolicyName="p", PolicyDocument=policy[1])
        serverless = self.client("redshift-serverless")
        made = serverless.create_namespace(
            namespaceName="lake", manageAdminPassword=True, adminUsername="keeper", iamRoles=[role]
        )
        serverless.create_workgroup(workgroupName="lake", namespaceName="lake", baseCapacity=8)
        cloud.clock.advance(300)
        self.role, self.secret = role, made["namespace"]["adminPasswordSecretArn"]
        self.where = {"WorkgroupName": "lake", "Database": "dev", "SecretArn": self.secret}

    def document(self, columns=None, into="public.items", **more):
        schema, _, table = into.partition(".")
        target = {"engine": "redshift", "workgroup": "lake", "database": "dev", "schema": schema, "table": table,
                  "secret": self.secret, "copy_role": self.role}  # fmt: skip
        told = {"version": 1, "pipeline": "p", "loader": "items", "source": {"bucket": "raw-bucket", "prefix": "in/"},
                "staging": {"bucket": "loads-bucket", "prefix": "staged/items/"}, "target": target,
                "format": {"type": "json"}, "columns": declared(columns or COLUMNS), "key": ["id"],
                "mode": "merge"}  # fmt: skip
        return documents.read(json.dumps(told | more))

    def put(self, key, *rows):
        self.client("s3").put_object(Bucket="raw-bucket", Key=key, Body="\n".join(map(json.dumps, rows)).encode())

    def load(self, run="run-1", key="", **more):
        start = Start(run, "raw-bucket" if key else "", key)
        return Loading(self.document(**more), start, self.client).run()

    def ask(self, text):
        number = self.client("redshift-data").execute_statement(Sql=text, **self.where)["Id"]
        while (told := self.client("redshift-data").describe_statement(Id=number))["Status"] != "FINISHED":
            assert told["Status"] != "FAILED", told["Error"]
        records = self.client("redshift-data").get_statement_result(Id=number)["Records"]
        return sorted(
            (tuple(None if "isNull" in field else next(iter(field.values())) for field in row) for row in records),
            key=repr,
        )


@pytest.fixture(scope="module")
def lake():
    cloud = Cloud(VirtualClock(), strict=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redshift, "FIRST_LOOK", 0.005)
        yield Lake(cloud)
    cloud.close()


@pytest.fixture(autouse=True)
def empty(lake):
    """Each test begins without tables and objects."""
    yield
    for table in ("items", "items_dev", "scrapectl_ledger"):
        lake.client("redshift-data").execute_statement(Sql=f"DROP TABLE IF EXISTS {table}", **lake.where)
    for one in lake.client("s3").list_objects_v2(Bucket="raw-bucket").get("Contents", ()):
        lake.client("s3").delete_object(Bucket="raw-bucket", Key=one["Key"])


def test_every_type_arrives(lake):
    lake.put("in/a.jsonl", WHOLE, {"id": "2"})
    record = lake.load()
    assert (record.state, record.reason, record.rows) == ("loaded", None, 2)
    one, two = lake.ask('SELECT "id", "price", "many", "ok", "seen", "at", "day", "ratio", "note" FROM items')
    assert (one[0], float(one[1]), one[2], one[3], one[7]) == ("1", 1.5, 7, True, 0.5)
    assert one[4].startswith("2026-01-02 02:04:05.5")
    assert (one[5], one[6], one[8]) == ("2026-01-02 03:04:00", "2026-01-02", WHOLE["note"])
    assert two == ("2", *[None] * 8)
    assert lake.ask("SELECT data.a[1] FROM items WHERE id = '1'") == [("2.5",)]
    assert lake.load("run-2").reason == "nothing new"
    assert lake.load("run-3", key="in/a.jsonl").reason == "loaded before"


def test_append_merge_and_replace(lake):
    small = {"id": "varchar(10)", "note": "varchar(20)"}
    lake.put("in/a.jsonl", {"id": "1", "note": "old"}, {"id": "2", "note": "old"})
    assert lake.load(columns=small).rows == 2
    lake.put("in/b.jsonl", {"id": "2", "note": "new"}, {"id": "3"}, {"id": "2", "note": "last"})
    assert lake.load("run-2", columns=small).rows == 3
    assert lake.ask("SELECT id, note FROM items") == [("1", "old"), ("2", "last"), ("3", None)]
    lake.put("in/c.jsonl", {"id": "1", "note": "twice"})
    assert lake.load("run-3", columns=small, mode="append").rows == 1
    assert len(lake.ask("SELECT id FROM items")) == 4
    lake.put("in/d.jsonl", {"id": "9"})
    assert lake.load("run-4", key="in/d.jsonl", columns=small, mode="replace").rows == 1
    assert lake.ask("SELECT id FROM items") == [("9",)]


def test_an_object_older_than_the_table_is_skipped_by_replace(lake):
    small = {"id": "varchar(10)"}
    lake.put("in/a.jsonl", {"id": "1"})
    assert lake.load(columns=small, key="in/a.jsonl", mode="replace").rows == 1
    later = "UPDATE scrapectl_ledger SET source_time = source_time + INTERVAL '1 hour'"
    lake.client("redshift-data").execute_statement(Sql=later, **lake.where)
    lake.put("in/b.jsonl", {"id": "2"})
    record = lake.load("run-2", columns=small, key="in/b.jsonl", mode="replace")
    assert (record.state, record.reason) == ("skipped", "the table holds newer objects already")
    assert lake.ask("SELECT id FROM items") == [("1",)]


def test_another_instance_and_another_table_are_other_loads(lake):
    small = {"columns": {"id": "varchar(10)"}, "mode": "replace"}
    lake.put("in/a.jsonl", {"id": "1"})
    for run, other in enumerate(({"pipeline": "p.dev"}, {"into": "public.items_dev"}, {})):
        assert lake.load(f"run-{run}", **small, **other).rows == 1
        later = "UPDATE scrapectl_ledger SET source_time = source_time + INTERVAL '1 hour'"
        lake.client("redshift-data").execute_statement(Sql=later, **lake.where)
    loaders = [("p.dev/items/public.items",), ("p/items/public.items",), ("p/items/public.items_dev",)]
    assert lake.ask("SELECT loader FROM scrapectl_ledger") == loaders
    assert lake.ask("SELECT id FROM items") == lake.ask("SELECT id FROM items_dev") == [("1",)]


def test_a_schema_that_does_not_exist_is_told(lake):
    lake.put("in/a.jsonl", {"id": "1"})
    record = lake.load(columns={"id": "varchar(10)"}, into="staging.items")
    told = 'schema "staging" does not exist in database dev: create it, or write into.table without a schema'
    assert (record.state, record.reason) == ("failed", told)


def test_a_table_that_stands_is_compared_and_evolves(lake):
    lake.put("in/a.jsonl", {"id": "1"})
    lake.load(columns={"id": "varchar(10)"})
    lake.put("in/b.jsonl", {"id": "2", "note": "x"})
    more = {"id": "varchar(10)", "note": "text"}
    assert "it has no column note" in lake.load("run-2", columns=more).reason
    assert "column id is varchar(10), declared is bigint" in lake.load("run-3", columns={"id": "bigint"}).reason
    assert lake.load("run-4", columns=more, schema="evolve").rows == 1
    assert lake.ask("SELECT id, note FROM items") == [("1", None), ("2", "x")]


def test_messages(lake):
    queue = {"source": {"queue": "https://sqs/1/rows"}, "columns": {"id": "varchar(10)"}, "key": [], "mode": "append"}
    sent = [message("rows", f"m-{n}", json.dumps({"id": str(n)}), None) for n in range(5)]

    def load(run, *some):
        return Batch(lake.document(**queue), run, some, lake.client).run()

    assert load("run-1", *sent[:3]).rows == 3
    assert load("run-2", *sent[1:]).rows == 2
    assert load("run-3", *sent).reason == "loaded before"
    assert lake.ask("SELECT id FROM items") == [(str(n),) for n in range(5)]
    assert lake.ask("SELECT count(*), sum(rows) FROM scrapectl_ledger")[0][0] == 5


class Failing:
    """A Data API of which one call of a batch fails, before or after it was taken."""

    def __init__(self, client, number, *, done):
        self._client, self._left, self._done = client, number, done

    def __getattr__(self, name):
        return lambda **told: self._call(name, told) if name != "get_paginator" else None

    def get_paginator(self, name):
        return self._client.get_paginator(name)

    def _call(self, name, told):
        self._left -= 1
        if self._left == 0 and not self._done:
            raise ReadTimeoutError(endpoint_url="https://redshift-data")
        answer = getattr(self._client, name)(**told)
        if self._left == 0:
            raise ReadTimeoutError(endpoint_url="https://redshift-data")
        return answer


def test_interruptions(lake, monkeypatch):
    """Calls that fail before or after they were taken, the same object again, and two at once."""
    monkeypatch.setattr("loader.load.PAUSE", 0)
    chance = random.Random(4)  # noqa: S311 - to be drawn again
    small = {"id": "varchar(20)"}
    names = {f"in/{n}.jsonl": [f"{n}-{m}" for m in range(chance.randint(1, 9))] for n in range(5)}
    for key, ids in names.items():
        lake.put(key, *({"id": one} for one in ids))
    document = lake.document(columns=small, key=[], mode="append")

    def load(run, key, data=None):
        monkeypatch.setattr("loader.load.TRIES", chance.choice([1, 4]))
        played = {"redshift-data": data} if data else {}
        return Loading(
            document, Start(run, "raw-bucket", key), lambda name: played.get(name) or lake.client(name)
        ).run()

    for number in range(8):
        key = chance.choice(list(names))
        data = Failing(lake.client("redshift-data"), chance.randint(1, 9), done=chance.random() < 0.7)
        load(f"run-{number}", key, data)
    with ThreadPoolExecutor(4) as pool:
        twins = list(pool.map(lambda n: load(f"twin-{n}", "in/0.jsonl"), range(4)))
    assert all(one.good for one in twins), [one.reason for one in twins]
    for key in names:
        assert load(f"last-{key[3]}", key).good
    assert lake.ask("SELECT id FROM items") == sorted((one,) for ids in names.values() for one in ids)
    assert sorted(one[0] for one in lake.ask("SELECT rows FROM scrapectl_ledger")) == sorted(map(len, names.values()))
    kept = [one["Key"] for one in lake.client("s3").list_objects_v2(Bucket="loads-bucket")["Contents"]]
    assert all(key.startswith(("staged/items/", "records/items/")) for key in kept), "what no rule throws away"
