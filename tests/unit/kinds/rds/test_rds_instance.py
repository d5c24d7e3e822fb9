"""Databases as they stand: how they are made, what their states mean, and how they end."""

from __future__ import annotations

import dataclasses

import pytest

from scrapectl.engine.ownership import ON_DESTROY
from scrapectl.engine.plan import Action, Change
from scrapectl.engine.resource import Removal, Status
from scrapectl.engine.step import EndStep
from scrapectl.errors import AwsError, ScrapectlError
from scrapectl.kinds.rds_answer import Standing, status_of
from scrapectl.kinds.rds_instance import RdsInstance, db_instance_arn
from scrapectl.kinds.rds_subnet_group import subnet_group_arn
from tests.unit.kinds.rds.database import KEY, TAGS, changes, operations, settled


class TestMade:
    def test_it_is_private_encrypted_and_aws_keeps_its_password(self, aws, want, sent):
        want.create(aws, TAGS)
        (request,) = sent.of("CreateDBInstance")
        assert request["ManageMasterUserPassword"] is True
        assert "MasterUserPassword" not in request
        assert request["StorageEncrypted"] is True
        assert request["PubliclyAccessible"] is False
        assert request["StorageType"] == "gp3"
        assert {tag["Key"] for tag in request["Tags"]} == set(TAGS)

    def test_what_others_may_refer_to(self, aws, made):
        assert made.outputs.keys() == {"arn", "name", "endpoint", "port", "database", "secret", "username"}
        assert made.outputs["arn"] == db_instance_arn("aws", "us-east-1", aws.account, KEY[0])
        assert made.outputs["secret"].startswith("arn:aws:secretsmanager:")
        assert made.outputs["database"] == "results"

    def test_while_it_is_being_made_what_is_not_known_is_left_out(self, aws, want):
        want.create(aws, TAGS)
        live = RdsInstance.read(aws, KEY)
        assert live.status is Status.BUSY
        assert live.reason == "it is creating"
        assert "" not in live.outputs.values()

    def test_its_subnet_group_ends_after_it(self, aws, made):
        assert RdsInstance.stands_in(made) == (subnet_group_arn("aws", "us-east-1", aws.account, "shop-databases"),)

    def test_a_minor_version_of_aws_choice_is_as_wanted(self, want, made):
        assert made.resource.version.startswith("16.")
        assert changes(want, made) == ()

    @pytest.mark.parametrize(("version", "goes_on"), [("16", True), ("16.8", False)])
    def test_aws_goes_on_to_minor_versions_unless_one_is_named(self, aws, want, sent, version, goes_on):
        dataclasses.replace(want, version=version).create(aws, TAGS)
        assert sent.of("CreateDBInstance")[0]["AutoMinorVersionUpgrade"] is goes_on


class TestStates:
    @pytest.mark.parametrize("word", ["available", "stopped", "storage-optimization"])
    def test_ready(self, word):
        assert status_of(word) is Status.READY

    @pytest.mark.parametrize(
        "word", ["creating", "modifying", "starting", "stopping", "backing-up", "configuring-log-exports", "upgrading"]
    )
    def test_busy(self, word):
        assert status_of(word) is Status.BUSY

    @pytest.mark.parametrize("word", ["failed", "incompatible-network", "storage-full", "restore-error"])
    def test_broken(self, word):
        assert status_of(word) is Status.BROKEN


class TestEnd:
    def snapshots(self, aws) -> list[str]:
        return [one["DBSnapshotIdentifier"] for one in aws.call("rds", "describe_db_snapshots")["DBSnapshots"]]

    def test_its_last_state_stays_under_the_name_that_was_told(self, aws, cloud, made):
        RdsInstance.delete(aws, made, Removal(delete_data=True))
        cloud.clock.advance(600)
        assert settled(aws, cloud) is None
        (name,) = self.snapshots(aws)
        assert name == f"shop-results-final-{made.detail.read_at}"
        assert name in RdsInstance.remains_of(made)

    def test_its_name_stays_though_the_database_is_backed_up_first(self, aws, made, sent):
        busy = Standing("backing-up", read_at="20261121-030000")
        planned = dataclasses.replace(made, status=Status.BUSY, reason="it is backing-up", detail=busy)
        change = Change("rds_instance.shop-results", RdsInstance.kind, Action.DELETE, KEY, None, planned)
        ending = EndStep(RdsInstance, KEY, change, Removal())
        assert ending.write(aws) is None
        ending.wrote(None, 0.0)
        assert operations(sent) == [], "AWS would refuse it"
        ending.saw(made, 60.0)
        ending.write(aws)
        (request,) = sent.of("DeleteDBInstance")
        assert request["FinalDBSnapshotIdentifier"] == "shop-results-final-20261121-030000"
        assert request["FinalDBSnapshotIdentifier"] in RdsInstance.remains_of(planned)

    def test_a_stopped_one_ends_as_it_is(self, aws, cloud, stopped, sent):
        RdsInstance.delete(aws, stopped, Removal())
        assert settled(aws, cloud) is None
        assert len(self.snapshots(aws)) == 1
        assert "StartDBInstance" not in operations(sent)

    def test_where_nothing_says_so_the_data_stays(self, aws, made):
        untold = dataclasses.replace(made, tags={"scrapectl:pipeline": "shop"})
        RdsInstance.delete(aws, untold, Removal())
        assert len(self.snapshots(aws)) == 1

    def test_with_delete_nothing_stays(self, aws, cloud, made, sent):
        gone = dataclasses.replace(made, tags={**made.tags, ON_DESTROY: "delete"})
        RdsInstance.delete(aws, gone, Removal())
        assert settled(aws, cloud) is None
        assert self.snapshots(aws) == []
        assert sent.of("DeleteDBInstance")[0]["DeleteAutomatedBackups"] is True
        assert RdsInstance.remains_of(gone) == ""

    def test_one_of_which_aws_makes_no_snapshot_is_not_lost_silently(self, aws, made):
        failed = dataclasses.replace(made, detail=Standing("failed"))
        with pytest.raises(ScrapectlError, match="AWS makes no final snapshot of it"):
            RdsInstance.delete(aws, failed, Removal(delete_data=True))

    def test_a_repeat_while_it_goes_is_no_error(self, aws, made):
        RdsInstance.delete(aws, made, Removal())
        RdsInstance.delete(aws, made, Removal())
        going = RdsInstance.read(aws, KEY)
        RdsInstance.delete(aws, going, Removal())
        assert "if there is one" in RdsInstance.remains_of(going)

    def test_while_it_goes_its_name_is_taken_and_the_plan_knows(self, aws, want, made):
        RdsInstance.delete(aws, made, Removal())
        going = RdsInstance.read(aws, KEY)
        assert [change.name for change in changes(want, going)] == ["status"]
        assert want.told(going, ()) == ("it is being deleted; a new one is made when it is gone",)
        with pytest.raises(AwsError, match="DBInstanceAlreadyExists"):
            want.create(aws, TAGS)

    def test_it_holds_one_database(self, aws, made):
        assert RdsInstance.contents(aws, made) == 1
