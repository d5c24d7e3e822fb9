"""An RDS instance of the embedded cloud is a server that answers, from available to deleted."""

from __future__ import annotations

import json
import socket
import time

import pytest

from scrapectl.local.cloud import Cloud
from scrapectl.local.databases.servers import ENGINES
from scrapectl.local.inprocess import connect
from scrapectl.local.services.rds.stand_in import missing_servers

NAME = {"DBInstanceIdentifier": "shop-results"}


@pytest.fixture
def cloud(tmp_path):
    made = Cloud(state_dir=tmp_path, databases=True)
    yield made
    made.close()


@pytest.fixture
def rds(cloud):
    session = connect(cloud)
    subnets = [subnet["SubnetId"] for subnet in session.client("ec2").describe_subnets()["Subnets"]]
    client = session.client("rds")
    client.create_db_subnet_group(DBSubnetGroupName="g", DBSubnetGroupDescription="d", SubnetIds=subnets)
    return client


def _create(rds, engine):
    rds.create_db_instance(
        **NAME,
        Engine=engine,
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        DBName="results",
        MasterUsername="results",
        ManageMasterUserPassword=True,
        DBSubnetGroupName="g",
    )


def _until(rds, status):
    end = time.monotonic() + 60
    while (found := rds.describe_db_instances(**NAME)["DBInstances"][0])["DBInstanceStatus"] != status:
        assert time.monotonic() < end, found["DBInstanceStatus"]
        time.sleep(0.01)
    return found


def _password(cloud, found):
    arn = found["MasterUserSecret"]["SecretArn"]
    return json.loads(cloud.secret_value(arn))["password"]


def test_a_life(cloud, rds, engine, ask, tmp_path):
    _create(rds, engine)
    found = _until(rds, "available")
    port, password = found["Endpoint"]["Port"], _password(cloud, found)
    assert found["Endpoint"]["Address"] == "127.0.0.1"
    ask(engine, port, "CREATE TABLE t (a INT); INSERT INTO t VALUES (7)", password=password)
    rds.stop_db_instance(**NAME)
    assert _until(rds, "stopped")["Endpoint"]["Port"] == port
    with pytest.raises(ConnectionError):
        ask(engine, port, "SELECT 1", password=password)
    rds.start_db_instance(**NAME)
    _until(rds, "available")
    assert ask(engine, port, "SELECT a FROM t", password=password) == "7"
    rds.modify_db_instance(**NAME, RotateMasterUserPassword=True, ApplyImmediately=True)
    rotated = _password(cloud, _until(rds, "available"))
    assert ask(engine, port, "SELECT a FROM t", password=rotated) == "7"
    rds.reboot_db_instance(**NAME)
    _until(rds, "available")
    assert ask(engine, port, "SELECT a FROM t", password=rotated) == "7"
    rds.delete_db_instance(**NAME, FinalDBSnapshotIdentifier="final")
    end = time.monotonic() + 60
    while rds.describe_db_instances()["DBInstances"]:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert not list((tmp_path / "databases").iterdir())
    assert missing_servers(cloud) == []


def test_it_can_be_deleted_while_it_is_made(rds, quick_engine, tmp_path):
    _create(rds, quick_engine)
    rds.delete_db_instance(**NAME, SkipFinalSnapshot=True)
    end = time.monotonic() + 60
    while rds.describe_db_instances()["DBInstances"]:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert not list((tmp_path / "databases").iterdir())


def test_one_that_cannot_be_made_has_failed(cloud, rds, quick_engine, monkeypatch, capsys):
    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(ENGINES[quick_engine], "make", fail)
    _create(rds, quick_engine)
    _until(rds, "failed")
    assert "no space left" in capsys.readouterr().err
    rds.delete_db_instance(**NAME, SkipFinalSnapshot=True)
    time.sleep(0.1)
    assert rds.describe_db_instances()["DBInstances"] == []


@pytest.mark.parametrize(("name", "package"), [("postgres", "PostgreSQL"), ("mysql", "MariaDB")])
def test_without_a_server_the_endpoint_refuses_and_the_status_says_why(cloud, rds, monkeypatch, name, package):
    monkeypatch.setattr(ENGINES[name], "find", lambda: None)
    _create(rds, name)
    found = _until(rds, "available")
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection((found["Endpoint"]["Address"], found["Endpoint"]["Port"]), timeout=5),
    ):
        pass
    [line] = missing_servers(cloud)
    assert package in line
    assert "apt install" in line
