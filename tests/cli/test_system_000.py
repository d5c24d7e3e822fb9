"""System 000, `examples/batch-collector`, in full: its chain writes to a real database, and failures are told once."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest

from scrapectl.local.databases.servers import advice, installed

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "batch-collector"
PSQL = shutil.which("psql") or next(iter(map(str, Path("/usr/lib/postgresql").glob("*/bin/psql"))), None)
CARS_OF_48104 = 8
SOON = 240  # seconds; the machine may be busy

pytestmark = [
    pytest.mark.usefixtures("cloud"),
    pytest.mark.skipif(not installed("postgres") or PSQL is None, reason=advice("postgres")),
]


@pytest.fixture(scope="module")
def site():
    sys.path.insert(0, str(ROOT / "examples"))
    from serve_site import serving  # noqa: PLC0415 - of the examples

    with serving(EXAMPLE / "site") as website:
        yield website.address


@pytest.fixture
def example(tmp_path, monkeypatch, site, scrapectl):
    """The example in the test's own folder, under a name of this test's own, its site on loopback."""
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", "tests", "site"))
    spec = folder / "pipeline.yaml"
    text = spec.read_text().replace("pipeline: ev-sales", "pipeline: cars").replace("https://example.com ", f"{site} ")
    spec.write_text(text)
    monkeypatch.chdir(folder)
    yield spec
    assert scrapectl("destroy", "--yes", "--delete-data").code == 0


class Sql:
    """The example's database, asked as a person would."""

    def __init__(self, scrapectl, name):
        local = scrapectl("local", "status", "--output", "json").json
        keys = {"aws_access_key_id": local["access_key"], "aws_secret_access_key": local["secret_key"]}
        where = {"endpoint_url": local["endpoint_url"], "region_name": "us-east-2", **keys}
        self.rds = boto3.client("rds", **where)
        self.name = name
        (instance,) = self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        secret = boto3.client("secretsmanager", **where).get_secret_value(
            SecretId=instance["MasterUserSecret"]["SecretArn"]
        )
        login, at = json.loads(secret["SecretString"]), instance["Endpoint"]
        self.environment = {
            "PATH": os.environ["PATH"],
            "PGHOST": at["Address"],
            "PGPORT": str(at["Port"]),
            "PGDATABASE": instance["DBName"],
            "PGUSER": login["username"],
            "PGPASSWORD": login["password"],
        }

    def __call__(self, query):
        said = subprocess.run(
            [PSQL, "-AtX", "-c", query], env=self.environment, capture_output=True, text=True, check=True
        )
        return said.stdout.strip()

    def stopped(self):
        self.rds.stop_db_instance(DBInstanceIdentifier=self.name)
        await_(lambda: self.state() == "stopped")

    def state(self):
        return self.rds.describe_db_instances(DBInstanceIdentifier=self.name)["DBInstances"][0]["DBInstanceStatus"]


def await_(met):
    end = time.monotonic() + SOON
    while not met():
        assert time.monotonic() < end
        time.sleep(0.1)


def mails(scrapectl):
    return scrapectl("local", "mail", "--output", "json").json["mails"]


def new_mail(scrapectl, before):
    """The one mail that came since; a moment longer shows that there is no second."""
    await_(lambda: len(mails(scrapectl)) > before)
    time.sleep(1)
    (mail,) = mails(scrapectl)[before:]
    return mail


def test_the_chain_writes_each_car_once_and_failures_are_told_once(example, scrapectl):
    applied = scrapectl("apply", "--yes")
    assert applied.code == 0, applied.err
    assert scrapectl("plan", "--detailed-exitcode").code == 0
    sql = Sql(scrapectl, "cars-results")

    for _ in range(2):  # the second time changes nothing in the table
        assert scrapectl("run", "init", "--wait").code == 0
        assert scrapectl("logs", "scrape", "--follow").code == 0
        assert sql("SELECT count(*), count(DISTINCT vin), min(price) FROM cars") == f"{CARS_OF_48104}|8|8900"
    (run, *_) = scrapectl("status", "scrape", "--output", "json").json["runs"]
    assert (run["state"], run["exit_code"]) == ("SUCCEEDED", 0)

    before = len(mails(scrapectl))
    assert scrapectl("run", "init", "--env", "ZIP=99999", "--wait").code == 1
    mail = new_mail(scrapectl, before)
    assert mail["subject"] == "cars: init failed (exit 1)"
    assert "404" in mail["text"].partition("Last lines:")[2]
    assert "scrapectl run init --share medium --env ZIP=99999 --pipeline cars --region us-east-2" in mail["text"]

    assert scrapectl("run", "scrape", "--array", "3", "--env", "WORK=pages/none.json", "--wait").code == 1
    mail = new_mail(scrapectl, before + 1)
    assert mail["subject"] == "cars: scrape failed (3 of 3 children)"
    assert sql.environment["PGPASSWORD"] not in json.dumps(mails(scrapectl))


def test_a_change_of_a_stopped_database_leaves_it_stopped_with_its_rows(example, scrapectl):
    assert scrapectl("apply", "--yes").code == 0
    sql = Sql(scrapectl, "cars-results")
    sql("CREATE TABLE kept AS SELECT 42 AS answer")
    sql.stopped()
    assert scrapectl("plan", "--detailed-exitcode").code == 0  # a stopped one is as the spec wants it
    example.write_text(example.read_text().replace("db.t4g.micro", "db.t4g.small"))
    planned = scrapectl("plan")
    assert "started" in planned.out
    assert "stopped again" in planned.out
    assert scrapectl("apply", "--yes").code == 0
    assert sql.state() == "stopped"
    assert scrapectl("plan", "--detailed-exitcode").code == 0
    sql.rds.start_db_instance(DBInstanceIdentifier=sql.name)
    await_(lambda: sql.state() == "available")
    assert sql("SELECT answer FROM kept") == "42"


def test_the_variant_on_ec2_does_the_same(example, scrapectl):
    with_stage = ("--stage", "ec2")
    assert scrapectl("apply", "--yes", *with_stage).code == 0
    assert scrapectl("plan", "--detailed-exitcode", *with_stage).code == 0
    assert scrapectl("run", "init", "--wait", *with_stage).code == 0
    assert scrapectl("logs", "scrape", "--follow", *with_stage).code == 0
    assert Sql(scrapectl, "cars-ec2-results")("SELECT count(*) FROM cars") == str(CARS_OF_48104)
    assert scrapectl("destroy", "--yes", "--delete-data", *with_stage).code == 0
    assert scrapectl("apply", "--yes").code == 0  # for the fixture, which ends what stands without a stage
