"""What is sent to Redshift, as text, and what its answers mean; the Data API is played, the staging is moto's S3."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from loader import document as documents
from loader.load import Loading
from loader.start import Start
from loader.targets import redshift
from loader_scene import SOURCE, STAGING

KEY = "shop.prod/persons/public.persons"
ROLE = "arn:aws:iam::123456789012:role/shop/copy"
COLUMNS = {"id": "varchar(10) not null", "email": "varchar(50)", "price": "numeric(10,2)", "data": "super"}
LINES = (
    '{"id": "1", "email": "a@x", "price": 1.50, "data": {"a": [1, 2.50]}}\n{"id": "2", "data": "it\'s; DROP TABLE x"}\n'
)


class DataApi:
    """Says that every statement worked, and lets the ledger hold what a batch claimed, unless told otherwise."""

    def __init__(self, s3):
        self.s3, self.asked, self.batches, self.tokens = s3, [], [], []
        self.ledger, self.standing, self.ends, self.answers, self.began = [], [], [], {}, None

    def client(self, clients):
        return lambda service: self if service == "redshift-data" else clients(service)

    def execute_statement(self, Sql, Parameters=(), **where):  # noqa: N803 - boto3's names
        assert where == {"WorkgroupName": "lake", "Database": "dev", "SecretArn": "arn:secret"}
        number = f"one-{len(self.asked)}"
        self.asked.append((Sql, {one["name"]: one["value"] for one in Parameters}))
        if "svv_columns" in Sql:
            self.answers[number] = self.standing
        elif Sql.startswith("SELECT"):
            self.answers[number] = self.ledger
        return {"Id": number}

    def batch_execute_statement(self, Sqls, ClientToken, **where):  # noqa: N803
        assert where["WorkgroupName"] == "lake"
        assert 1 <= len(Sqls) <= 40
        assert all(len(sql) < 100_000 for sql in Sqls)
        assert len(ClientToken) <= 64
        self.batches.append(Sqls)
        self.tokens.append(ClientToken)
        if not self.ends or self.ends[0][0] != "FAILED":
            for claim in self.staged(Sqls[2]):
                names = ("source", "version", "etag", "run", "rows", "refused", "source_time")
                self.ledger.append([claim[name] for name in names])
        return {"Id": f"batch-{len(self.batches)}"}

    def describe_statement(self, Id):  # noqa: N803
        status, error = self.ends.pop(0) if self.ends and Id.startswith("batch") else ("FINISHED", None)
        told = {"Status": status, "HasResultSet": Id in self.answers, "CreatedAt": self.began or datetime.now(UTC)}
        return told | ({"Error": error} if error else {})

    def get_paginator(self, name):
        assert name == "get_statement_result"
        return self

    def paginate(self, Id):  # noqa: N803
        field = {str: "stringValue", int: "longValue"}
        rows = [
            [{"isNull": True} if value is None else {field[type(value)]: value} for value in row]
            for row in self.answers[Id]
        ]
        return [{"Records": rows[:1]}, {"Records": rows[1:]}]

    def staged(self, copy):
        """Read what a COPY of JSON lines would."""
        bucket, _, key = copy.split("'")[1].removeprefix("s3://").partition("/")
        body = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return [json.loads(line) for line in gzip.decompress(body).splitlines()]


@pytest.fixture
def data(scene, monkeypatch):
    monkeypatch.setattr(redshift.time, "sleep", lambda _: None)
    scene.put("out/a.jsonl", LINES)
    return DataApi(scene.s3)


def load(scene, data, run="run-1", **more):
    target = {"engine": "redshift", "workgroup": "lake", "database": "dev", "secret": "arn:secret", "schema": "public",
              "table": "persons", "copy_role": ROLE}  # fmt: skip
    told = {"target": target, "format": {"type": "json"}, "columns": COLUMNS, "mode": "merge"} | more
    document = documents.read(scene.text(**told))
    return Loading(document, Start(run, SOURCE, "out/a.jsonl"), data.client(scene.client)).run()


def test_the_transaction_of_a_merge(scene, data):
    assert load(scene, data).rows == 2
    place = data.batches[0][2].split("'")[1].rpartition("/")[0]
    assert place.startswith(f"s3://{STAGING}/persons/run-1/")
    ledger = '"loader", "source", "version", "etag", "rows", "refused", "run", "loaded_at", "source_time"'
    assert data.batches == [
        [
            one_line(statement)
            for statement in f"""
LOCK "public"."scrapectl_ledger";
CREATE TEMP TABLE "scrapectl_claim" ("loader" varchar(512), "source" varchar(2048), "version" varchar(1024),
 "etag" varchar(256), "rows" bigint, "refused" bigint, "run" varchar(256), "loaded_at" timestamptz,
 "source_time" timestamptz, "as_of" timestamptz);
COPY "scrapectl_claim" ({ledger}, "as_of") FROM '{place}/claim.json.gz' IAM_ROLE '{ROLE}'
 FORMAT AS JSON 'auto' GZIP TIMEFORMAT 'auto';
CREATE TEMP TABLE "scrapectl_void" AS SELECT "known"."source" FROM "public"."scrapectl_ledger" AS "known"
 JOIN "scrapectl_claim" AS "claim" ON "known"."loader" = "claim"."loader"
 WHERE "known"."source" = "claim"."source" AND "known"."version" = "claim"."version";
CREATE TEMP TABLE "scrapectl_rows" ("id" varchar(10) NOT NULL, "email" varchar(50), "price" numeric(10,2),
 "data" super, "scrapectl_row" bigint);
COPY "scrapectl_rows" ("id", "email", "price", "data", "scrapectl_row") FROM '{place}/manifest'
 IAM_ROLE '{ROLE}' MANIFEST FORMAT AS JSON 'auto' GZIP DATEFORMAT 'auto' TIMEFORMAT 'auto';
CREATE TEMP TABLE "scrapectl_last" AS SELECT "id", "email", "price", "data" FROM (SELECT "id", "email",
 "price", "data", ROW_NUMBER() OVER (PARTITION BY "id" ORDER BY "scrapectl_row" DESC) AS "scrapectl_rank"
 FROM "scrapectl_rows") AS "ranked" WHERE "scrapectl_rank" = 1 AND
 NOT EXISTS (SELECT 1 FROM "scrapectl_void");
MERGE INTO "public"."persons" USING "scrapectl_last" ON "persons"."id" = "scrapectl_last"."id"
 WHEN MATCHED THEN UPDATE SET "email" = "scrapectl_last"."email", "price" = "scrapectl_last"."price",
 "data" = "scrapectl_last"."data" WHEN NOT MATCHED THEN INSERT ("id", "email", "price", "data") VALUES
 ("scrapectl_last"."id", "scrapectl_last"."email", "scrapectl_last"."price", "scrapectl_last"."data");
INSERT INTO "public"."scrapectl_ledger" ({ledger}) SELECT {ledger} FROM "scrapectl_claim"
 WHERE NOT EXISTS (SELECT 1 FROM "scrapectl_void")
""".split(";")  # noqa: S608 - what it is compared with
        ]
    ]


def one_line(statement):
    return " ".join(statement.split())


def test_append_and_replace(scene, data):
    load(scene, data, mode="append")
    insert = (
        'INSERT INTO "public"."persons" ("id", "email", "price", "data") SELECT "id", "email", "price", "data"'
        ' FROM "scrapectl_rows" WHERE NOT EXISTS (SELECT 1 FROM "scrapectl_void")'
    )
    assert data.batches[0][6:-1] == [insert]
    data.ledger.clear()
    load(scene, data, mode="replace")
    delete = 'DELETE FROM "public"."persons" WHERE NOT EXISTS (SELECT 1 FROM "scrapectl_void")'
    assert data.batches[1][6:-1] == [delete, insert]
    assert data.batches[1][3].endswith(' OR "known"."source_time" > "claim"."as_of"')


def test_what_is_staged_is_all_that_holds_values(scene, data):
    load(scene, data)
    bucket, _, key = data.batches[0][5].split("'")[1].removeprefix("s3://").partition("/")
    manifest = json.loads(scene.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    place = key.removesuffix("manifest")
    assert manifest == {"entries": [{"url": f"s3://{STAGING}/{place}part-0.json.gz", "mandatory": True}]}
    assert data.staged(f"'s3://{STAGING}/{place}part-0.json.gz'") == [
        {"id": "1", "email": "a@x", "price": "1.50", "data": {"a": [1, 2.5]}, "scrapectl_row": 0},
        {"id": "2", "data": "it's; DROP TABLE x", "scrapectl_row": 1},
    ]
    (claim,) = data.staged(data.batches[0][2])
    assert (claim["loader"], claim["run"], claim["rows"], claim["refused"]) == (KEY, "run-1", 2, 0)
    assert not any("DROP TABLE" in sql or "out/a.jsonl" in sql for sql in data.batches[0])


def test_single_statements_bind_their_values(scene, data):
    load(scene, data)
    make_ledger, columns, make_table, known, after = data.asked
    assert make_ledger[0].startswith('CREATE TABLE IF NOT EXISTS "public"."scrapectl_ledger" ("loader" varchar(512)')
    assert columns[1] == {"schema": "public", "table": "persons"}
    assert make_table[0] == (
        'CREATE TABLE IF NOT EXISTS "public"."persons" ("id" varchar(10) NOT NULL, "email" varchar(50),'
        ' "price" numeric(10,2), "data" super)'
    )
    assert after == (known[0] + ' AND STRPOS(:versions, "version") > 0', known[1] | {"versions": after[1]["versions"]})
    assert known[0].endswith('FROM "public"."scrapectl_ledger" WHERE "loader" = :loader AND "source" = :source')
    assert known[1] == {"loader": KEY, "source": f"s3://{SOURCE}/out/a.jsonl"}


def test_an_existing_table_is_compared_and_evolves(scene, data):
    data.standing = [
        ["id", "character varying", 10, None, None, "NO"],
        ["email", "character varying", 20, None, None, "YES"],
        ["price", "numeric", None, 10, 2, "YES"],
    ]
    reason = load(scene, data).reason
    assert "column email is varchar(20), declared is varchar(50); it has no column data" in reason
    data.standing[1][2] = 50
    assert load(scene, data, "run-2", schema="evolve").state == "loaded"
    assert ('ALTER TABLE "public"."persons" ADD COLUMN "data" super', {}) in data.asked


def test_a_second_delivery_sends_no_batch(scene, data):
    load(scene, data)
    assert load(scene, data, "run-2").reason == "loaded before"
    assert len(data.batches) == 1


def test_a_load_that_lost_to_another_finds_that_out(scene, data, monkeypatch):
    whole = data.batch_execute_statement

    def another_was_first(**told):
        answer = whole(**told)
        data.ledger[-1][3] = "another"
        return answer

    monkeypatch.setattr(data, "batch_execute_statement", another_was_first)
    record = load(scene, data)
    assert (record.state, record.reason) == ("skipped", "loaded before")


def test_a_transaction_in_the_way_is_waited_out_under_another_token(scene, data):
    data.ends = [("FAILED", "ERROR: 1023 Serializable isolation violation on table in Redshift"), ("STARTED", None)]
    assert load(scene, data).state == "loaded"
    assert len(set(data.tokens)) == len(data.tokens) == 2
    assert data.batches[0] == data.batches[1]


def test_the_token_is_the_same_for_the_same_statements(scene, data, monkeypatch):
    monkeypatch.setattr("loader.targets.staging.uuid.uuid4", lambda: type("Id", (), {"hex": "a" * 32}))
    load(scene, data)
    data.ledger.clear()
    monkeypatch.setattr("loader.targets.staging.uuid.uuid4", lambda: type("Id", (), {"hex": "a" * 32}))
    load(scene, data)
    assert data.tokens[0] == data.tokens[1]


def test_a_failure_is_told_in_redshifts_words_and_not_tried_again(scene, data):
    data.ends = [("FAILED", "Load into table 'scrapectl_rows' failed.")]
    record = load(scene, data)
    assert (record.state, record.reason) == ("failed", "Redshift: Load into table 'scrapectl_rows' failed.")
    assert len(data.batches) == 1


def test_a_failure_of_a_try_before_this_one_is_not_the_last_word(scene, data):
    data.ends = [("FAILED", "disk full"), ("FINISHED", None)]
    data.began = datetime.now(UTC) - timedelta(hours=1)
    assert load(scene, data).state == "loaded"
    assert len(data.batches) == 2


def test_characters_of_redshift_are_bytes(scene, data):
    scene.put("out/a.jsonl", json.dumps({"id": "é" * 6}))
    assert "has 12 bytes, 10 fit" in load(scene, data).reason
    assert data.batches == []


def test_an_object_without_rows_has_no_manifest(scene, data):
    scene.put("out/a.jsonl", "[]")
    assert load(scene, data).state == "loaded"
    assert not any("MANIFEST" in sql for sql in data.batches[0])
