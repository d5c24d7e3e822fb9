"""System 004, `examples/upload-loader`: one upload fills a table of PostgreSQL and of Redshift, or neither changes."""

import shutil

import pytest

from tests.cli.sql import in_postgres, in_redshift
from tests.cli.uploads import ROOT, Account, await_, copy_example, mails

SAMPLE = (ROOT / "examples" / "upload-loader" / "sample" / "persons.csv").read_bytes()
REGION = "us-east-1"
COUNT = "SELECT count(*), count(DISTINCT id), min(email) FROM public.persons"
LOADS = ("persons", "persons-lake")

pytestmark = [
    pytest.mark.usefixtures("cloud"),
    pytest.mark.skipif(shutil.which("psql") is None, reason="rows are read back from a real PostgreSQL"),
]


class People(Account):
    """The example, applied, as another client of AWS and of both databases sees it."""

    def __init__(self, scrapectl, outputs, stage):
        super().__init__(scrapectl, REGION)
        self.scrapectl, self.outputs, self.stage = scrapectl, outputs, stage
        self.bucket = outputs["bucket"]

    def put(self, key, body):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def ended(self, count):
        """The runs of both loads, when each has had so many, the newest first."""
        base = "people-cloudtrail" if self.stage else "people"
        return [Account.ended(self, f"{base}-{trigger}_start", count) for trigger in ("upload", "upload-lake")]

    def in_postgres(self, sql):
        where = {"host": self.outputs["database"], "port": self.outputs["port"], "dbname": "people"}
        (row,) = in_postgres(self, where, self.outputs["login"], sql)
        return row

    def in_redshift(self, sql):
        where = {"WorkgroupName": self.outputs["warehouse"], "Database": "people"}
        (row,) = in_redshift(self, where, self.outputs["warehouse_login"], sql)
        return row

    def tables(self):
        return [self.in_postgres(COUNT), self.in_redshift(COUNT)]

    def loads(self, name):
        return self.scrapectl("load", "status", name, "--output", "json", *self.stage).json["loads"]


@pytest.fixture
def people(request, tmp_path, monkeypatch, scrapectl):
    stage = getattr(request, "param", [])
    spec = copy_example("upload-loader", tmp_path / "example", "persons", "people")
    monkeypatch.chdir(spec.parent)
    applied = scrapectl("apply", "--yes", "--output", "json", *stage)
    assert applied.code == 0, applied.err
    assert scrapectl("plan", "--detailed-exitcode", *stage).code == 0
    yield People(scrapectl, applied.json["outputs"], stage)
    destroyed = scrapectl("destroy", "--yes", "--delete-data", *stage)
    assert destroyed.code == 0, destroyed.err


def test_one_upload_fills_both_tables_and_a_broken_one_neither(people, scrapectl):
    people.put("in/put.csv", SAMPLE)
    people.s3.copy_object(
        Bucket=people.bucket, Key="in/copied.csv", CopySource={"Bucket": people.bucket, "Key": "in/put.csv"}
    )
    people.put("in/put.txt", SAMPLE)
    people.put("other/put.csv", SAMPLE)
    assert {run["status"] for runs in people.ended(2) for run in runs} == {"SUCCEEDED"}
    fifty = [(50, 50, first_email())] * 2
    assert people.tables() == fifty

    people.put("in/put.csv", SAMPLE)  # fed again: another version, the same rows
    assert {run["status"] for runs in people.ended(3) for run in runs} == {"SUCCEEDED"}
    assert people.tables() == fifty

    people.put("in/put.csv", SAMPLE + b"p9999,a@example.org,MI,no number,1 Main\n")
    before = len(mails(scrapectl))
    failed = [next(run["name"] for run in runs if run["status"] == "FAILED") for runs in people.ended(4)]
    assert people.tables() == fifty
    assert people.keys(people.bucket, "rejected/") == sorted(f"rejected/{name}.jsonl" for name in failed)
    for name in LOADS:
        newest = people.loads(name)[0]
        assert (newest["state"], newest["rows"]) == ("refused", 0)
        for word in ("in/put.csv", "line 51", "postal", "no number"):
            assert word in newest["reason"]
    told = await_(lambda: len(found := mails(scrapectl)[before:]) > 1 and found)
    assert sorted(mail["subject"] for mail in told) == [
        "people: persons failed (exit 1)",
        "people: the trigger upload-lake failed",
    ]
    assert all("in/put.csv, line 51, column postal: 'no number'" in mail["text"] for mail in told)
    assert scrapectl("load", "retry", "persons", "--wait").code == 1, "what is wrong stays wrong"
    assert people.tables() == fifty


@pytest.mark.parametrize("people", [["--stage", "cloudtrail"]], indirect=True, ids=["cloudtrail"])
def test_an_upload_in_parts_is_heard_of_by_a_trail(people):
    upload_in_parts(people.s3, people.bucket, "in/parts.csv")
    assert {run["status"] for runs in people.ended(1) for run in runs} == {"SUCCEEDED"}
    assert people.tables() == [(50, 50, first_email())] * 2


def first_email():
    return min(line.split(",")[1] for line in SAMPLE.decode().splitlines())


def upload_in_parts(s3, bucket, key):
    """Upload the sample as the only part of an upload in parts, as clients do with what might be large."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    tag = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=SAMPLE)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload=parts)
