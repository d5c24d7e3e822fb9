"""System 003, `examples/upload-workflow`: an upload comes out as a report, by way of a file system and a real job."""

import json

import pytest

from tests.cli.uploads import ROOT, Account, await_, copy_example, mails

SAMPLE = (ROOT / "examples" / "upload-workflow" / "sample" / "tank-7.csv").read_bytes()
REGION = "eu-west-2"

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def example(tmp_path, monkeypatch, scrapectl):
    spec = copy_example("upload-workflow", tmp_path / "example", "arc-batch", "arc")
    monkeypatch.chdir(spec.parent)
    yield spec
    assert scrapectl("destroy", "--yes", "--delete-data").code == 0
    assert "arc" not in scrapectl("pipelines").out.split()


@pytest.fixture
def applied(example, scrapectl):
    answer = scrapectl("apply", "--yes", "--output", "json")
    assert answer.code == 0, answer.err
    assert scrapectl("plan", "--detailed-exitcode").code == 0
    return answer.json["outputs"]


@pytest.fixture
def account(applied, scrapectl):
    return Account(scrapectl, REGION)


def test_a_file_comes_out_as_a_report(applied, account, scrapectl):
    account.s3.put_object(Bucket=applied["uploads"], Key="elsewhere/tank-7.csv", Body=SAMPLE)
    account.s3.put_object(Bucket=applied["uploads"], Key="chronostics/site 1/tank-7.csv", Body=SAMPLE)
    (run,) = account.ended("arc-process", 1)
    assert run["status"] == "SUCCEEDED", account.history(run)[-1]

    report = account.document(applied["reports"], f"outputs/{run['name']}/report.json")
    version = account.s3.head_object(Bucket=applied["uploads"], Key="chronostics/site 1/tank-7.csv")["VersionId"]
    key = f"s3://{applied['uploads']}/chronostics/site 1/tank-7.csv"
    assert report["of"] == {"object": key, "version": version, "run": run["name"]}
    assert report["rows"] == 200
    assert account.keys(applied["reports"]) == [f"outputs/{run['name']}/report.{end}" for end in ("json", "md")]

    jobs = scrapectl("status", "analyse", "--output", "json").json["runs"]
    assert [(job["name"], job["state"], job["exit_code"]) for job in jobs] == [("analyse", "SUCCEEDED", 0)]
    assert "analyse" in " ".join(account.steps(run))
    status = scrapectl("status", "process", "--output", "json").json
    assert [(told["name"], told["state"]) for told in status["runs"]] == [("process", "SUCCEEDED")]
    assert "200 rows, 3 columns" in scrapectl("logs", "process", "--follow").out


def test_each_failure_is_told_and_fails_the_run(applied, account, scrapectl):
    before = len(mails(scrapectl))
    account.s3.put_object(Bucket=applied["uploads"], Key="chronostics/none.csv", Body=b"no series at all\n")
    (run,) = account.ended("arc-process", 1)
    assert run["status"] == "FAILED"
    # By the job, with its last lines, and not by the run again.
    (told,) = await_(lambda: [mail for mail in mails(scrapectl)[before:] if mail["subject"].startswith("arc: ")])
    assert told["subject"].startswith("arc: analyse failed")
    assert f"--env RUN={run['name']}" in told["text"]
    assert "Last lines:" in told["text"]
    assert "tell" not in account.steps(run)
    assert not account.keys(applied["reports"])


def test_twenty_uploads_at_once_are_twenty_runs_that_do_not_mix(applied, account):
    for number in range(20):
        body = f"time,x\n2026-01-01,{number}\n".encode()
        account.s3.put_object(Bucket=applied["uploads"], Key=f"chronostics/{number}.csv", Body=body)
    runs = account.ended("arc-process", 20)
    assert {run["status"] for run in runs} == {"SUCCEEDED"}
    found = {}
    for run in runs:
        report = account.document(applied["reports"], f"outputs/{run['name']}/report.json")
        assert report["of"]["run"] == run["name"]
        found[report["of"]["object"].rpartition("/")[2]] = report["columns"][0]["mean"]
    assert found == {f"{number}.csv": number for number in range(20)}


def test_an_object_that_is_gone_and_a_copy_that_may_not_write_each_fail_the_run_and_are_told(
    applied, account, scrapectl
):
    before = len(mails(scrapectl))
    states = account.client("stepfunctions")
    (machine,) = [m for m in states.list_state_machines()["stateMachines"] if m["name"] == "arc-process"]
    gone = {"bucket": applied["uploads"], "key": "chronostics/gone.csv", "version": "", "copies": {}}
    gone["copies"] = {"chronostics/": "/gone.csv"}
    states.start_execution(stateMachineArn=machine["stateMachineArn"], name="gone", input=json.dumps(gone))
    (run,) = account.ended("arc-process", 1)
    assert run["status"] == "FAILED"
    assert account.failure(run)["error"] == "S3.NoSuchKey"

    iam = account.client("iam")
    for role in iam.list_roles(PathPrefix=f"/scrapectl/{REGION}/arc/")["Roles"]:
        if "_transfer-" in role["RoleName"]:
            (name,) = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
            iam.delete_role_policy(RoleName=role["RoleName"], PolicyName=name)
    account.s3.put_object(Bucket=applied["uploads"], Key="chronostics/tank-7.csv", Body=SAMPLE)
    copied = next(run for run in account.ended("arc-process", 2) if run["name"] != "gone")
    assert copied["status"] == "FAILED"
    assert "copy uploads/chronostics/ to work/data/in" in " ".join(account.steps(copied))
    told = await_(lambda: len(found := mails(scrapectl)[before:]) == 2 and found)
    assert ["workflow process failed" in mail["subject"] for mail in told] == [True, True]
    assert scrapectl("apply", "--yes").code == 0  # which gives the roles what they had
