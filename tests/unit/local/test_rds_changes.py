"""DB instances are changed, stopped and started as AWS does it: at once, in the window, or not at all."""

from __future__ import annotations

import datetime as dt
import json

import pytest

NAME = {"DBInstanceIdentifier": "shop-results"}


@pytest.fixture
def rds(aws, cloud, network):
    """The service with one available PostgreSQL 16.9 on 20 GiB; the clock stands on a Monday at 9:10."""
    client = aws("rds")
    client.create_db_subnet_group(DBSubnetGroupName="g", DBSubnetGroupDescription="d", SubnetIds=network["subnets"])
    client.create_db_instance(
        **NAME,
        Engine="postgres",
        EngineVersion="16.9",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="results",
        ManageMasterUserPassword=True,
        DBSubnetGroupName="g",
        PreferredMaintenanceWindow="sat:05:00-sat:05:30",
    )
    cloud.clock.advance(600)
    return client


@pytest.fixture
def one(rds):
    return lambda: rds.describe_db_instances(**NAME)["DBInstances"][0]


@pytest.fixture
def modify(rds):
    return lambda **changes: rds.modify_db_instance(**NAME, **changes)["DBInstance"]


def test_a_change_at_once_is_seen_a_moment_later(modify, one, cloud):
    told = modify(DBInstanceClass="db.t4g.small", ApplyImmediately=True)
    assert (told["DBInstanceStatus"], told["DBInstanceClass"]) == ("available", "db.t4g.micro")
    assert told["PendingModifiedValues"] == {"DBInstanceClass": "db.t4g.small"}
    cloud.clock.advance(6)
    assert one()["DBInstanceStatus"] == "modifying"
    cloud.clock.advance(200)
    found = one()
    assert (found["DBInstanceStatus"], found["DBInstanceClass"]) == ("available", "db.t4g.small")
    assert found["PendingModifiedValues"] == {}


def test_a_change_in_the_window_waits_for_it(modify, one, cloud):
    modify(DBInstanceClass="db.t4g.small", BackupRetentionPeriod=3)
    cloud.clock.advance(3 * 86_400)
    found = one()
    assert (found["DBInstanceStatus"], found["DBInstanceClass"]) == ("available", "db.t4g.micro")
    assert found["PendingModifiedValues"] == {"DBInstanceClass": "db.t4g.small", "BackupRetentionPeriod": 3}
    saturday = dt.datetime(2026, 3, 7, 5, 0, 10, tzinfo=dt.UTC).timestamp()
    cloud.clock.advance(saturday - cloud.clock.now())
    one()
    cloud.clock.advance(6)
    assert one()["DBInstanceStatus"] == "modifying"
    cloud.clock.advance(200)
    found = one()
    assert (found["DBInstanceClass"], found["BackupRetentionPeriod"]) == ("db.t4g.small", 3)
    assert found["PendingModifiedValues"] == {}


def test_a_pending_change_can_be_taken_back_and_is_made_with_the_next_immediate_one(modify, one, cloud):
    modify(DBInstanceClass="db.t4g.small")
    assert modify(DBInstanceClass="db.t4g.micro")["PendingModifiedValues"] == {}
    modify(DBInstanceClass="db.t4g.small")
    modify(BackupRetentionPeriod=3, ApplyImmediately=True)
    cloud.clock.advance(6)
    one()
    cloud.clock.advance(200)
    assert (one()["DBInstanceClass"], one()["BackupRetentionPeriod"]) == ("db.t4g.small", 3)


def test_some_changes_never_wait(modify, one):
    modify(DeletionProtection=True, MaxAllocatedStorage=100, PreferredMaintenanceWindow="Sun:03:00-Sun:04:00")
    found = one()
    assert (found["DBInstanceStatus"], found["PendingModifiedValues"]) == ("available", {})
    assert (found["DeletionProtection"], found["MaxAllocatedStorage"]) == (True, 100)
    assert found["PreferredMaintenanceWindow"] == "sun:03:00-sun:04:00"


def test_storage_only_grows_by_a_tenth_at_least_and_then_rests(modify, one, cloud, refused):
    with refused("InvalidParameterCombination", "can only grow"):
        modify(AllocatedStorage=19, ApplyImmediately=True)
    assert modify(AllocatedStorage=21, ApplyImmediately=True)["PendingModifiedValues"] == {"AllocatedStorage": 22}
    cloud.clock.advance(6)
    one()
    cloud.clock.advance(200)
    assert (one()["DBInstanceStatus"], one()["AllocatedStorage"]) == ("storage-optimization", 22)
    with refused("InvalidParameterCombination", "being optimized"):
        modify(AllocatedStorage=40, ApplyImmediately=True)
    modify(BackupRetentionPeriod=2)
    cloud.clock.advance(6 * 3600)
    assert one()["DBInstanceStatus"] == "available"
    modify(AllocatedStorage=40, ApplyImmediately=True)


def test_storage_that_may_grow_by_itself_can_be_fixed_again(modify, one):
    assert modify(MaxAllocatedStorage=100)["MaxAllocatedStorage"] == 100
    assert "MaxAllocatedStorage" not in modify(MaxAllocatedStorage=20)


def test_versions_go_up_and_over_a_major_one_only_when_told(modify, refused):
    with refused("InvalidParameterCombination", "Cannot upgrade"):
        modify(EngineVersion="15")
    with refused("InvalidParameterCombination", "AllowMajorVersionUpgrade"):
        modify(EngineVersion="17")
    with refused("InvalidParameterCombination", "Cannot find version"):
        modify(EngineVersion="16.99")
    told = modify(EngineVersion="17", AllowMajorVersionUpgrade=True)
    assert told["PendingModifiedValues"]["EngineVersion"].startswith("17.")
    assert modify(EngineVersion="16.9")["PendingModifiedValues"] == {}


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"DBInstanceClass": "db.x"}, "InvalidParameterValue", "Invalid DB Instance class"),
        ({"BackupRetentionPeriod": 40}, "InvalidParameterValue", "between 0 and 35"),
        ({"MaxAllocatedStorage": 21}, "InvalidParameterCombination", "at least 10%"),
        ({"PreferredMaintenanceWindow": "sat"}, "InvalidParameterValue", "maintenance window format"),
        ({"PreferredBackupWindow": "04:45-05:15"}, "InvalidParameterCombination", "must not overlap"),
        ({"MasterUserPassword": "long-enough"}, "InvalidParameterCombination", "ManageMasterUserPassword"),
        ({"ManageMasterUserPassword": False}, "InvalidParameterCombination", "MasterUserPassword is required"),
        ({"RotateMasterUserPassword": True}, "InvalidParameterCombination", "ApplyImmediately"),
        ({"VpcSecurityGroupIds": ["sg-00000000"]}, "InvalidParameterValue", "sg-00000000"),
        ({"NewDBInstanceIdentifier": "other"}, "NotImplemented", "NewDBInstanceIdentifier"),
    ],
)
def test_what_modify_refuses(modify, one, refused, changes, code, words):
    before = one()
    with refused(code, words):
        modify(**changes)
    assert one() == before


def test_who_keeps_the_password_can_be_changed(modify, one, aws, cloud, refused):
    first = one()["MasterUserSecret"]["SecretArn"]
    assert "MasterUserSecret" not in modify(ManageMasterUserPassword=False, MasterUserPassword="my-own-pass")
    assert one()["DBInstanceStatus"] == "resetting-master-credentials"
    with refused("ResourceNotFoundException"):
        aws("secretsmanager").get_secret_value(SecretId=first)
    cloud.clock.advance(10)
    second = modify(ManageMasterUserPassword=True)["MasterUserSecret"]["SecretArn"]
    read = lambda: json.loads(aws("secretsmanager").get_secret_value(SecretId=second)["SecretString"])  # noqa: E731
    before = read()
    cloud.clock.advance(10)
    modify(RotateMasterUserPassword=True, ApplyImmediately=True)
    assert read()["password"] not in {before["password"], "my-own-pass"}


def test_stopping_and_starting_take_minutes_and_nothing_is_done_meanwhile(rds, modify, one, cloud, refused):
    rds.stop_db_instance(**NAME)
    for status in ("stopping", "stopped"):
        assert one()["DBInstanceStatus"] == status
        with refused("InvalidDBInstanceState", "not in available state"):
            rds.stop_db_instance(**NAME)
        with refused("InvalidDBInstanceState", "not in available state"):
            modify(BackupRetentionPeriod=3)
        with refused("InvalidDBInstanceState"):
            rds.reboot_db_instance(**NAME)
        cloud.clock.advance(130)
    assert one()["Endpoint"]["Address"] == "127.0.0.1"
    rds.start_db_instance(**NAME)
    assert one()["DBInstanceStatus"] == "starting"
    with refused("InvalidDBInstanceState", "cannot be started"):
        rds.start_db_instance(**NAME)
    cloud.clock.advance(130)
    assert one()["DBInstanceStatus"] == "available"


def test_a_stopped_one_is_started_after_a_week(rds, one, cloud):
    rds.stop_db_instance(**NAME, DBSnapshotIdentifier="before")
    cloud.clock.advance(130)
    again = one()["AutomaticRestartTime"].timestamp()
    assert again - cloud.clock.now() == pytest.approx(7 * 86_400, abs=20)
    cloud.clock.advance(7 * 86_400)
    assert one()["DBInstanceStatus"] == "starting"
    assert rds.describe_db_snapshots()["DBSnapshots"][0]["DBSnapshotIdentifier"] == "before"


def test_a_window_that_passes_while_it_is_stopped_is_not_used(rds, modify, one, cloud):
    modify(DBInstanceClass="db.t4g.small")
    cloud.clock.advance(3 * 86_400)
    rds.stop_db_instance(**NAME)
    cloud.clock.advance(3 * 86_400)
    found = one()
    assert (found["DBInstanceStatus"], found["DBInstanceClass"]) == ("stopped", "db.t4g.micro")
    rds.start_db_instance(**NAME)
    cloud.clock.advance(130)
    assert one()["PendingModifiedValues"] == {"DBInstanceClass": "db.t4g.small"}
    cloud.clock.advance(7 * 86_400)
    one()
    cloud.clock.advance(6)
    one()
    cloud.clock.advance(200)
    assert one()["DBInstanceClass"] == "db.t4g.small"


def test_a_stopped_one_can_be_deleted_with_a_snapshot(rds, one, cloud):
    rds.stop_db_instance(**NAME)
    cloud.clock.advance(130)
    one()
    rds.delete_db_instance(**NAME, FinalDBSnapshotIdentifier="final")
    cloud.clock.advance(200)
    assert rds.describe_db_instances()["DBInstances"] == []


def test_a_reboot_ends_where_it_began(rds, one, cloud, refused):
    with refused("InvalidParameterCombination", "non-MultiAZ"):
        rds.reboot_db_instance(**NAME, ForceFailover=True)
    rds.reboot_db_instance(**NAME)
    assert one()["DBInstanceStatus"] == "rebooting"
    cloud.clock.advance(130)
    assert one()["DBInstanceStatus"] == "available"
