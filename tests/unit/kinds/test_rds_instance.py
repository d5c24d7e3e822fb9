"""Databases: what the contract cannot show — stopped ones, what waits for the window, what is refused, how they end."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from scrapectl.engine.diff import diff, fill_defaults
from scrapectl.engine.ownership import ON_DESTROY
from scrapectl.engine.resource import FieldChange, Live, Removal, Status, Update
from scrapectl.errors import AwsError, ScrapectlError
from scrapectl.kinds.rds_answer import Standing, status_of
from scrapectl.kinds.rds_instance import STOP_AGAIN, RdsInstance, db_instance_arn
from scrapectl.kinds.rds_subnet_group import RdsSubnetGroup, subnet_group_arn

TAGS = {"scrapectl:pipeline": "shop", ON_DESTROY: "snapshot"}
KEY = ("shop-results",)
WAIT = 30.0


@pytest.fixture
def want(aws) -> RdsInstance:
    subnets = aws.call("ec2", "describe_subnets")["Subnets"]
    groups = aws.call("ec2", "describe_security_groups")["SecurityGroups"]
    group = RdsSubnetGroup("shop-databases", "x", tuple(subnet["SubnetId"] for subnet in subnets))
    group.create(aws, TAGS)
    return RdsInstance(
        name=KEY[0],
        engine="postgres",
        version="16",
        instance_class="db.t4g.micro",
        storage=20,
        database="results",
        username="scrapectl",
        subnet_group=group.name,
        security_groups=(groups[0]["GroupId"],),
        backup_days=7,
        maintenance_window="sat:05:00-sat:06:00",
    )


def settled(aws, cloud) -> Live | None:
    for _ in range(60):
        live = RdsInstance.read(aws, KEY)
        if live is None or live.status is not Status.BUSY:
            return live
        cloud.clock.advance(WAIT)
    raise AssertionError("it stays busy")


def standing(aws, cloud) -> Live:
    live = settled(aws, cloud)
    assert live is not None
    return live


def state(live: Live) -> str:
    assert isinstance(live.detail, Standing)
    return live.detail.state


def changes(want: RdsInstance, live: Live) -> tuple[FieldChange, ...]:
    return diff(want.given(live), live)


def step(aws, want: RdsInstance, live: Live) -> None:
    names = frozenset(change.name for change in changes(want, live))
    fill_defaults(want.given(live), live.resource).update(aws, Update(live, names, TAGS))


def put(aws, cloud, want: RdsInstance) -> Live:
    """As the engine does: write, wait, look, until nothing differs."""
    for _ in range(20):
        live = standing(aws, cloud)
        if not changes(want, live):
            return live
        step(aws, want, live)
        cloud.clock.advance(want.pace.first)
    raise AssertionError(f"it does not come to rest: {changes(want, live)}")


@pytest.fixture
def made(aws, cloud, want) -> Live:
    want.create(aws, TAGS)
    return standing(aws, cloud)


@pytest.fixture
def stopped(aws, cloud, made) -> Live:
    aws.call("rds", "stop_db_instance", DBInstanceIdentifier=KEY[0])
    return standing(aws, cloud)


def operations(sent) -> list[str]:
    return [c.operation for c in sent.calls if c.service == "rds" and not c.operation.startswith(("Describe", "List"))]


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


class TestStopped:
    def test_it_is_as_it_should_be(self, want, stopped):
        assert stopped.status is Status.READY
        assert changes(want, stopped) == ()
        assert want.told(stopped, ()) == ()

    def test_a_change_starts_it_and_stops_it_again(self, aws, cloud, want, stopped, sent):
        before = len(operations(sent))
        bigger = dataclasses.replace(want, instance_class="db.t4g.small")
        assert "it is stopped: it is started for this change, and stopped again" in bigger.told(
            stopped, changes(bigger, stopped)
        )
        live = put(aws, cloud, bigger)
        assert state(live) == "stopped"
        assert live.resource.instance_class == "db.t4g.small"
        assert STOP_AGAIN not in live.tags
        done = [name for name, _ in itertools.groupby(operations(sent)[before:])]
        assert done == [
            "AddTagsToResource",
            "StartDBInstance",
            "ModifyDBInstance",
            "StopDBInstance",
            "RemoveTagsFromResource",
        ]

    @pytest.mark.usefixtures("made")
    def test_one_that_runs_is_never_stopped(self, aws, cloud, want, sent):
        live = put(aws, cloud, dataclasses.replace(want, instance_class="db.t4g.small"))
        assert state(live) == "available"
        assert "StopDBInstance" not in operations(sent)

    def test_tags_are_changed_without_starting_it(self, aws, cloud, stopped):
        RdsInstance.retag(aws, stopped, {"team": "a"}, ())
        live = standing(aws, cloud)
        assert live.tags["team"] == "a"
        assert state(live) == "stopped"

    def test_what_was_left_started_is_a_difference(self, aws, cloud, want, stopped):
        bigger = dataclasses.replace(want, instance_class="db.t4g.small")
        step(aws, bigger, stopped)  # and then the program was killed, and the spec taken back
        live = standing(aws, cloud)
        assert [change.name for change in changes(want, live)] == ["power"]
        live = put(aws, cloud, want)
        assert state(live) == "stopped"
        assert changes(want, live) == ()

    def test_a_mark_without_a_start_is_taken_off(self, aws, cloud, want, stopped, sent):
        aws.tag(stopped.outputs["arn"], {STOP_AGAIN: "true"}, ())
        live = put(aws, cloud, want)
        assert STOP_AGAIN not in live.tags
        assert "StartDBInstance" not in operations(sent)

    @pytest.mark.usefixtures("stopped")
    def test_while_storage_is_optimized_it_cannot_be_stopped_and_says_so(self, aws, cloud, want):
        with pytest.raises(ScrapectlError, match="optimizes, for some hours"):
            put(aws, cloud, dataclasses.replace(want, storage=40))
        cloud.clock.advance(12 * 3600)
        assert state(put(aws, cloud, dataclasses.replace(want, storage=40))) == "stopped"


def killed_after(aws, calls: int) -> Iterator[None]:
    """The program ends after so many changing calls, which were carried out."""
    call = aws.call
    left = [calls]

    def then_die(service: str, operation: str, /, **more: Any) -> Any:
        answer = call(service, operation, **more)
        if not operation.startswith(("describe_", "list_")):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
        return answer

    aws.call = then_die
    yield
    aws.call = call


@pytest.mark.parametrize("calls", range(1, 6))
def test_a_kill_anywhere_in_the_change_of_a_stopped_one_is_mended(aws, cloud, want, stopped, calls):
    bigger = dataclasses.replace(want, instance_class="db.t4g.small")
    kill = killed_after(aws, calls)
    next(kill)
    with pytest.raises(KeyboardInterrupt):
        put(aws, cloud, bigger)
    next(kill, None)
    live = put(aws, cloud, bigger)
    assert (state(live), live.resource.instance_class) == ("stopped", "db.t4g.small")
    assert STOP_AGAIN not in live.tags


class TestWindow:
    def test_what_waits_counts_as_taken_and_is_told(self, aws, cloud, want, made, sent):
        later = dataclasses.replace(want, instance_class="db.t4g.small", in_window=True)
        assert later.told(made, changes(later, made)) == (
            "instance_class: waits for the window sat:05:00, then restarts, away for some minutes",
        )
        live = put(aws, cloud, later)
        assert sent.of("ModifyDBInstance")[-1]["ApplyImmediately"] is False
        assert live.detail.pending == {"instance_class": "db.t4g.small"}
        assert later.told(live, ()) == ("instance_class db.t4g.small: waits for the window sat:05:00",)

    @pytest.mark.usefixtures("made")
    def test_what_waits_is_made_at_once_when_it_shall_wait_no_longer(self, aws, cloud, want):
        later = dataclasses.replace(want, instance_class="db.t4g.small", in_window=True)
        put(aws, cloud, later)
        now = dataclasses.replace(later, in_window=False)
        assert [change.name for change in changes(now, standing(aws, cloud))] == ["pending"]
        live = put(aws, cloud, now)
        assert live.detail.pending == {}
        assert live.resource.instance_class == "db.t4g.small"

    @pytest.mark.usefixtures("made")
    def test_what_waits_is_taken_back(self, aws, cloud, want):
        put(aws, cloud, dataclasses.replace(want, instance_class="db.t4g.small", in_window=True))
        live = put(aws, cloud, dataclasses.replace(want, in_window=True))
        assert live.detail.pending == {}


class TestHowAChangeComesAbout:
    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"instance_class": "db.t4g.small"}, "instance_class: restarts, away for some minutes"),
            ({"version": "17"}, "version: a new major version, away for ten minutes or more, and no way back"),
            ({"public": True}, "public: in place"),
            ({"backup_days": 0}, "backup_days: away for a moment"),
            ({"backup_days": 9}, "backup_days: in place"),
            ({"storage": 40}, "storage: grows in place; AWS then takes no other change of it for some hours"),
            ({"multi_az": True}, "multi_az: in place, slower while AWS copies it"),
        ],
    )
    def test_it_is_told(self, want, made, change, told):
        other = dataclasses.replace(want, **change)
        assert other.told(made, changes(other, made)) == (told,)

    @pytest.mark.usefixtures("made")
    def test_with_a_second_zone_it_fails_over(self, aws, cloud, want):
        both = put(aws, cloud, dataclasses.replace(want, multi_az=True))
        other = dataclasses.replace(want, multi_az=True, instance_class="db.t4g.small")
        assert other.told(both, changes(other, both)) == ("instance_class: fails over, away for a minute or two",)

    @pytest.mark.usefixtures("made")
    def test_a_major_version_is_allowed_and_a_minor_one_needs_no_leave(self, aws, cloud, want, sent):
        put(aws, cloud, dataclasses.replace(want, version="17"))
        assert sent.of("ModifyDBInstance")[0]["AllowMajorVersionUpgrade"] is True

    @pytest.mark.usefixtures("made")
    def test_a_password_that_others_keep_goes_back_to_aws(self, aws, cloud, want):
        by_hand = {"ManageMasterUserPassword": False, "MasterUserPassword": "chosen-by-hand"}
        aws.client("rds").modify_db_instance(DBInstanceIdentifier=KEY[0], ApplyImmediately=True, **by_hand)
        live = standing(aws, cloud)
        (change,) = changes(want, live)
        assert (change.name, change.after) == ("managed_password", True)
        assert want.told(live, (change,)) == (
            "managed_password: in place; AWS makes a new password, and the old one ends at once",
        )
        assert "secret" in put(aws, cloud, want).outputs


class TestRefused:
    @pytest.mark.parametrize(
        ("field", "value", "instead"),
        [
            ("storage", 19, "write storage: 20"),
            ("storage", 21, "write storage: 22 or more"),
            ("version", "15", 'write version: "16.'),
            ("version", "16.1", 'write version: "16.'),
        ],
    )
    def test_what_aws_does_not_do_is_fixed_with_a_way_out(self, want, made, field, value, instead):
        other = dataclasses.replace(want, **{field: value})
        (change,) = changes(other, made)
        assert (change.name, change.fixed) == (field, True)
        assert instead in other.way_out(made.resource)

    def test_what_aws_does_has_no_other_way(self, want, made):
        assert dataclasses.replace(want, storage=22, version="17").way_out(made.resource) == ""

    @pytest.mark.parametrize("field", ["engine", "database", "username", "encrypted", "subnet_group"])
    def test_what_a_database_is_made_with_stays(self, want, made, field):
        other = dataclasses.replace(want, **{field: False if field == "encrypted" else "mysql"})
        assert next(change for change in changes(other, made) if change.name == field).fixed


class TestGrownByAws:
    @pytest.mark.usefixtures("made")
    def test_what_aws_has_grown_is_as_wanted_and_told(self, aws, cloud, want):
        growing = dataclasses.replace(want, max_storage=100)
        put(aws, cloud, growing)
        live = put(aws, cloud, dataclasses.replace(growing, storage=50))
        given = growing.given(live)
        assert diff(given, live) == ()
        assert given.told(live, ()) == ("AWS has grown its storage to 50 GiB, and never takes it back",)

    @pytest.mark.usefixtures("made")
    def test_without_a_bound_it_is_someone_elses_growth(self, aws, cloud, want):
        live = put(aws, cloud, dataclasses.replace(want, storage=50))
        assert changes(want, live)[0].fixed

    @pytest.mark.usefixtures("made")
    def test_at_its_bound_it_grows_no_more(self, aws, cloud, want):
        live = put(aws, cloud, dataclasses.replace(want, storage=50))
        assert changes(dataclasses.replace(want, max_storage=50), live) == ()


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
