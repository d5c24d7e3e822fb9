"""System 004, `examples/upload-loader`: an upload starts a job that checks and stages it, heard of in either way."""

import pytest

from tests.cli.uploads import ROOT, Account, await_, copy_example, mails

SAMPLE = (ROOT / "examples" / "upload-loader" / "sample" / "persons.csv").read_bytes()
REGION = "us-east-1"
PART = 5 * 2**20  # the smallest that S3 takes

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture(params=["", "cloudtrail"], ids=["eventbridge", "cloudtrail"])
def stage(request):
    return ["--stage", request.param] if request.param else []


@pytest.fixture
def persons(stage, tmp_path, monkeypatch, scrapectl):
    """The example, applied: its outputs."""
    spec = copy_example("upload-loader", tmp_path / "example", "persons", "people")
    monkeypatch.chdir(spec.parent)
    applied = scrapectl("apply", "--yes", "--output", "json", *stage)
    assert applied.code == 0, applied.err
    assert scrapectl("plan", "--detailed-exitcode", *stage).code == 0
    yield applied.json["outputs"]
    assert scrapectl("destroy", "--yes", "--delete-data", *stage).code == 0


def test_each_way_of_uploading_starts_one_run(persons, stage, scrapectl):
    account = Account(scrapectl, REGION)
    bucket, machine = persons["bucket"], "people-cloudtrail-upload_start" if stage else "people-upload_start"
    account.s3.put_object(Bucket=bucket, Key="in/put.csv", Body=SAMPLE)
    account.s3.copy_object(Bucket=bucket, Key="in/copied.csv", CopySource={"Bucket": bucket, "Key": "in/put.csv"})
    upload_in_parts(account.s3, bucket, "in/parts.csv")
    account.s3.put_object(Bucket=bucket, Key="in/put.txt", Body=SAMPLE)
    account.s3.put_object(Bucket=bucket, Key="other/put.csv", Body=SAMPLE)
    runs = account.ended(machine, 3)
    assert {run["status"] for run in runs} == {"SUCCEEDED"}
    assert account.keys(bucket, "staged/") == sorted(f"staged/{run['name']}/persons.csv" for run in runs)

    account.s3.put_object(Bucket=bucket, Key="in/put.csv", Body=SAMPLE + b"p9999,not an address,MI,48104,1 Main\n")
    before = len(mails(scrapectl))
    failed = next(run for run in account.ended(machine, 4) if run["status"] == "FAILED")
    assert account.keys(bucket, "rejected/") == [f"rejected/{failed['name']}/reasons.jsonl"]
    mail = await_(lambda: mails(scrapectl)[before:])[0]
    assert "check failed (exit 1)" in mail["subject"]
    assert "in/put.csv:51: email 'not an address' is no address" in mail["text"]


def upload_in_parts(s3, bucket, key):
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    lines = SAMPLE.splitlines(keepends=True)
    filler = b"".join(b"q%06d,a@example.org,MI,48104,%s\n" % (number, b"x" * 240) for number in range(PART // 270 + 1))
    parts = []
    for number, body in enumerate((filler, b"".join(lines)), 1):
        tag = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body)["ETag"]
        parts.append({"PartNumber": number, "ETag": tag})
    s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})
