"""The Data API runs Redshift's SQL: a batch is a transaction, tokens hold 8 hours, COPY is by a role that is asked."""

from __future__ import annotations

import gzip
import json
import time

import pytest

BUCKET = "staging-bucket"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}
COPY = "COPY persons FROM 's3://staging-bucket/%s' IAM_ROLE '{role}' %s"
TABLE = "CREATE TABLE persons (id varchar(4) NOT NULL, price numeric(6,2), seen timestamptz, data super)"


@pytest.fixture
def role(aws):
    """A role that may read what is staged."""
    made = aws("iam").create_role(RoleName="copies", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    allowed = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/in/*"},
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": f"arn:aws:s3:::{BUCKET}",
            "Condition": {"StringLike": {"s3:prefix": ["in/*"]}},
        },
    ]
    aws("iam").put_role_policy(
        RoleName="copies", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allowed})
    )
    return made["Arn"]


@pytest.fixture
def where(aws, cloud, role):
    """A workgroup that answers, with the role in sync, asked with its managed password."""
    serverless = aws("redshift-serverless")
    made = serverless.create_namespace(
        namespaceName="lake", manageAdminPassword=True, adminUsername="keeper", iamRoles=[role]
    )
    serverless.create_workgroup(workgroupName="lake", namespaceName="lake", baseCapacity=8)
    cloud.clock.advance(300)
    aws("s3").create_bucket(Bucket=BUCKET)
    return {"WorkgroupName": "lake", "Database": "dev", "SecretArn": made["namespace"]["adminPasswordSecretArn"]}


@pytest.fixture
def data(aws):
    return aws("redshift-data")


@pytest.fixture
def run(data, where, role):
    """Run statements to their end; one answers its rows, several whether they stand."""

    def go(*sqls, **more):
        sqls = [sql.replace("{role}", role) for sql in sqls]
        if len(sqls) == 1:
            number = data.execute_statement(Sql=sqls[0], **where, **more)["Id"]
        else:
            number = data.batch_execute_statement(Sqls=sqls, **where, **more)["Id"]
        told = ended(data, number)
        if told["Status"] != "FINISHED":
            return told["Error"]
        if not told.get("HasResultSet"):
            return told["ResultRows"]
        records = data.get_statement_result(Id=number)["Records"]
        return [[None if "isNull" in field else next(iter(field.values())) for field in row] for row in records]

    return go


def ended(data, number):
    for _ in range(200):
        told = data.describe_statement(Id=number)
        if told["Status"] in ("FINISHED", "FAILED", "ABORTED"):
            return told
        time.sleep(0.02)
    raise AssertionError(told)


@pytest.fixture
def put(aws):
    return lambda key, body: aws("s3").put_object(Bucket=BUCKET, Key=key, Body=body)


def test_values_are_bound_and_never_read_as_sql(run):
    run("CREATE TABLE t (a varchar(40), b bigint)")
    assert (
        run(
            "INSERT INTO t VALUES (:a, :b)",
            Parameters=[{"name": "a", "value": "x'); DROP TABLE t; --"}, {"name": "b", "value": "7"}],
        )
        == 1
    )
    assert run("SELECT a, b, a IS NULL FROM t") == [["x'); DROP TABLE t; --", 7, False]]
    assert run("SELECT count(*) FROM t WHERE a = :a", Parameters=[{"name": "a", "value": "' OR '1'='1"}]) == [[0]]


def test_a_batch_is_one_transaction_and_tells_which_part_failed(run, data, where):
    run("CREATE TABLE t (a int)")
    number = data.batch_execute_statement(Sqls=["INSERT INTO t VALUES (1)", "SELECT nope FROM t", "SELECT 1"], **where)[
        "Id"
    ]
    told = ended(data, number)
    assert (told["Status"], told["Error"]) == ("FAILED", 'ERROR: column "nope" does not exist')
    assert [part["Status"] for part in told["SubStatements"]] == ["ABORTED", "FAILED", "ABORTED"]
    assert run("SELECT count(*) FROM t") == [[0]]
    number = data.batch_execute_statement(Sqls=["INSERT INTO t VALUES (1)", "SELECT a FROM t"], **where)["Id"]
    assert ended(data, number)["Status"] == "FINISHED"
    assert data.get_statement_result(Id=f"{number}:2")["Records"] == [[{"longValue": 1}]]


def test_the_same_token_is_the_same_statement_for_eight_hours(run, data, where, cloud):
    run("CREATE TABLE t (a int)")
    first = data.execute_statement(Sql="INSERT INTO t VALUES (1)", ClientToken="x" * 64, **where)["Id"]
    assert data.execute_statement(Sql="INSERT INTO t VALUES (1)", ClientToken="x" * 64, **where)["Id"] == first
    ended(data, first)
    assert run("SELECT count(*) FROM t") == [[1]]
    cloud.clock.advance(8 * 3600 + 1)
    again = data.execute_statement(Sql="INSERT INTO t VALUES (1)", ClientToken="x" * 64, **where)["Id"]
    assert again != first


def test_copy_reads_json_lines_of_a_manifest(run, put):
    run(TABLE)
    rows = [{"id": "a", "price": "1.239", "seen": "2026-01-02 03:04:05.5+02:00", "data": {"x": [1, 2.50]}}, {"id": "b"}]
    put("in/part-0.json.gz", gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    manifest = {"entries": [{"url": f"s3://{BUCKET}/in/part-0.json.gz", "mandatory": True}]}
    put("in/manifest", json.dumps(manifest).encode())
    assert run(COPY % ("in/manifest", "MANIFEST FORMAT AS JSON 'auto' GZIP TIMEFORMAT 'auto'")) == 2
    assert run("SELECT id, price, seen, data FROM persons ORDER BY id") == [
        ["a", "1.24", "2026-01-02 01:04:05.5+00", '{"x":[1,2.5]}'],
        ["b", None, None, None],
    ]


def test_copy_reads_every_csv_below_a_prefix(run, put):
    run(TABLE)
    put("in/1.csv", b'id,price,seen,data\na,1,2026-01-02,"{""x"": 1}"\n')
    put("in/2.csv", "id,price,seen,data\nü,,,\n".encode())
    assert run(COPY % ("in/", "CSV IGNOREHEADER 1")) == 2
    assert run("SELECT id, price FROM persons ORDER BY id") == [["a", "1.00"], ["ü", None]]


@pytest.mark.parametrize(
    ("body", "line", "column", "reason"),
    [
        (b"a,1,,\nb,x,,\n", 2, "price", "Invalid digit"),
        (b"long1,1,,\n", 1, "id", "String length exceeds DDL length"),
        (b"a,12345.1,,\n", 1, "price", "Numeric data overflow"),
        (b"a,1,soon,\n", 1, "seen", "Invalid timestamp format"),
        (b"a,1,,\nb,1\n", 2, "", "Delimiter not found"),
        (b"a,1,,,\n", 1, "", "Extra column(s) found"),
        (b"a,1,,{oops\n", 1, "data", "Invalid JSON format"),
    ],
)
def test_a_row_that_does_not_fit_fails_all_and_is_told(run, put, body, line, column, reason):
    run(TABLE)
    put("in/a.csv", b"ok,1,,\n")
    put("in/b.csv", body)
    assert "Check 'sys_load_error_detail' system table" in run(COPY % ("in/", "CSV"))
    assert run("SELECT count(*) FROM persons") == [[0]]
    told = run("SELECT file_name, line_number, column_name, error_message FROM sys_load_error_detail")
    assert told[0][:3] == [f"s3://{BUCKET}/in/b.csv", line, column]
    assert told[0][3].startswith(reason)


@pytest.mark.parametrize(
    ("key", "options", "words"),
    [
        ("in/none", "CSV", "The specified S3 prefix 'in/none' does not exist"),
        ("in/none", "MANIFEST CSV", "The specified key does not exist"),
        ("out/", "CSV", "Access Denied"),
        ("in/a.csv", "CSV REGION 'eu-west-1'", "in a different region"),
        ("in/a.csv", "CSV GZIP", "unexpected end of file"),
        ("in/a.csv", "FIXEDWIDTH 'a:1'", 'syntax error at or near "fixedwidth"'),
    ],
)
def test_what_copy_cannot_read(run, put, key, options, words):
    run(TABLE)
    put("in/a.csv", b"a,1,,\n")
    put("out/a.csv", b"a,1,,\n")
    assert words in run(COPY % (key, options))


def test_copy_by_a_role_that_is_not_attached_or_not_in_sync_fails(run, put, aws, cloud, role):
    run(TABLE)
    put("in/a.csv", b"a,1,,\n")
    other = role.replace("copies", "others")
    aws("iam").create_role(RoleName="others", AssumeRolePolicyDocument=json.dumps(TRUST))
    copy = f"COPY persons FROM 's3://{BUCKET}/in/' IAM_ROLE '{other}' CSV"
    assert "is not authorized to assume IAM Role" in run(copy)
    aws("redshift-serverless").update_namespace(namespaceName="lake", iamRoles=[role, other])
    assert "is not authorized to assume IAM Role" in run(copy)
    cloud.clock.advance(60)
    assert "Access Denied" in run(copy)
    assert run(COPY % ("in/", "CSV")) == 1


def test_merge_lock_and_ctas(run):
    run("CREATE TABLE t (id int, v varchar(3))")
    run("INSERT INTO t VALUES (1, 'old'), (2, 'two')")
    assert run(
        'LOCK "public"."t"',
        "CREATE TEMP TABLE s AS SELECT 1 AS id, 'new' AS v UNION ALL SELECT 3, 'add'",
        'MERGE INTO "public"."t" USING s ON "t".id = s.id WHEN MATCHED THEN UPDATE SET v = s.v '
        "WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)",
    ) in (-1, 2)
    assert run("SELECT id, v FROM t ORDER BY id") == [[1, "new"], [2, "two"], [3, "add"]]
    assert run("SELECT 1 FROM s") == 'ERROR: relation "s" does not exist'
    assert run("INSERT INTO t VALUES (4, 'long')") == "ERROR: Value too long for type character varying(3)"
    assert run("LOCK nothing") == 'ERROR: relation "nothing" does not exist'


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
        "INSTALL httpfs",
        "ATTACH 'x.db'",
        "COPY t TO 'x.csv'",
        "PRAGMA version",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT 'abc",
    ],
)
def test_what_is_not_redshifts_fails(run, sql):
    run("CREATE TABLE t (a int)")
    assert run(sql).startswith("ERROR: ")


def test_columns_are_told_in_redshifts_words(run, data, where):
    run(
        "CREATE TABLE t (i bigint IDENTITY(1, 1), a char(3), b double precision ENCODE zstd, c super) "
        "DISTSTYLE KEY DISTKEY (i) SORTKEY (i, a)"
    )
    run("ALTER TABLE t ADD COLUMN d timestamp")
    found = run(
        "SELECT column_name, data_type, character_maximum_length, is_nullable FROM svv_columns "
        "WHERE table_name = 't' ORDER BY ordinal_position"
    )
    assert found == [
        ["i", "bigint", None, "NO"],
        ["a", "character", 3, "YES"],
        ["b", "double precision", None, "YES"],
        ["c", "super", None, "YES"],
        ["d", "timestamp without time zone", None, "YES"],
    ]
    run("INSERT INTO t (a, c) VALUES ('x', json_parse('{\"k\": 1}'))")
    assert run("SELECT i, c, t.c.k FROM t") == [[1, '{"k": 1}', "1"]]
    assert [table["name"] for table in data.list_tables(**where)["Tables"]] == ["t"]
    told = data.describe_table(Table="t", Schema="public", **where)["ColumnList"]
    assert [column["name"] for column in told] == ["i", "a", "b", "c", "d"]


def test_who_has_not_the_password_sees_nothing(data, where, aws, refused):
    wrong = aws("secretsmanager").create_secret(
        Name="wrong", SecretString='{"username": "keeper", "password": "guessed"}'
    )
    number = data.execute_statement(Sql="SELECT 1", **where | {"SecretArn": wrong["ARN"]})["Id"]
    assert ended(data, number)["Error"] == 'FATAL: password authentication failed for user "keeper"'
    number = data.execute_statement(Sql="SELECT 1", WorkgroupName="lake", Database="dev")["Id"]
    assert "permission denied" in ended(data, number)["Error"]
    with refused("ValidationException", "doesn't exist"):
        data.execute_statement(Sql="SELECT 1", **where | {"WorkgroupName": "other"})


def test_statements_are_listed_and_kept_a_day(data, where, cloud, refused, run):
    number = data.execute_statement(Sql="SELECT 1 AS one", StatementName="look", **where)["Id"]
    ended(data, number)
    assert [one["Id"] for one in data.list_statements(StatementName="look")["Statements"]] == [number]
    with refused("ValidationException", "already in FINISHED"):
        data.cancel_statement(Id=number)
    cloud.clock.advance(24 * 3600 + 1)
    with refused("ResourceNotFoundException"):
        data.describe_statement(Id=number)
    with refused("ValidationException", "larger than 100kB"):
        data.execute_statement(Sql="SELECT '" + "x" * 102400 + "'", **where)


def test_data_go_with_their_namespace(run, aws, cloud, where):
    run("CREATE TABLE t (a int)")
    serverless = aws("redshift-serverless")
    serverless.delete_workgroup(workgroupName="lake")
    cloud.clock.advance(300)
    serverless.delete_namespace(namespaceName="lake", finalSnapshotName="lake-final-1")
    cloud.clock.advance(300)
    assert serverless.list_namespaces()["namespaces"] == []
    assert [one["snapshotName"] for one in serverless.list_snapshots()["snapshots"]] == ["lake-final-1"]
    assert [s["Name"] for s in aws("secretsmanager").list_secrets()["SecretList"]] == []
