"""How AWS carries the changes of a database out, which the plan tells: in place, with a restart, later, never."""

from __future__ import annotations

import dataclasses

import pytest

from scrapectl.engine.diff import diff
from scrapectl.kinds.rds_answer import Standing
from scrapectl.kinds.rds_changes import members
from tests.unit.kinds.rds.database import KEY, changes, put, standing


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

    @pytest.mark.parametrize("taken", [{"version": "17"}, {"storage": 40}, {"storage": 40, "max_storage": 100}])
    def test_what_is_not_made_yet_is_no_older_version_nor_smaller_storage(self, aws, cloud, want, made, sent, taken):
        before = dataclasses.replace(want, in_window=True, max_storage=taken.get("max_storage"))
        put(aws, cloud, before)
        live = put(aws, cloud, dataclasses.replace(before, **taken))
        assert not any(change.fixed for change in changes(before, live))
        (field,) = taken.keys() - {"max_storage"}
        assert before.told(live, changes(before, live)) == (
            f"{field}: the change that waits for the window is taken back",
        )
        live = put(aws, cloud, before)
        assert (live.detail.pending, live.detail.version) == ({}, made.detail.version)
        assert sent.of("ModifyDBInstance")[-1]["ApplyImmediately"] is True, "AWS takes back at once alone"

    @pytest.mark.usefixtures("made")
    def test_one_change_is_taken_back_without_making_the_others(self, aws, cloud, want):
        later = dataclasses.replace(want, in_window=True)
        put(aws, cloud, dataclasses.replace(later, instance_class="db.t4g.small", multi_az=True))
        live = put(aws, cloud, dataclasses.replace(later, multi_az=True))
        assert (live.detail.state, live.detail.pending) == ("available", {"multi_az": True})

    def test_how_long_backups_are_kept_waits_for_no_window(self, want, made):
        later = dataclasses.replace(want, in_window=True, backup_days=9)
        assert later.told(made, changes(later, made)) == ("backup_days: in place",)
        never = dataclasses.replace(later, backup_days=0)
        assert never.told(made, changes(never, made))[0].startswith("backup_days: waits for the window")


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
    def test_minor_versions_follow_the_spec_though_the_version_is_the_same(self, aws, cloud, want, made, sent):
        exact = dataclasses.replace(want, version=made.detail.version)
        assert [change.name for change in changes(exact, made)] == ["minor_versions"]
        put(aws, cloud, exact)
        assert sent.of("ModifyDBInstance")[-1]["AutoMinorVersionUpgrade"] is False
        put(aws, cloud, want)
        assert sent.of("ModifyDBInstance")[-1]["AutoMinorVersionUpgrade"] is True
        assert {"EngineVersion"} & sent.of("ModifyDBInstance")[-1].keys() == set()

    @pytest.mark.parametrize(("iops", "named"), [(3000, 12_000), (16_000, 16_000)])
    def test_large_storage_grows_with_its_iops_named(self, want, iops, named):
        standing = Standing(iops=iops)
        assert members(dataclasses.replace(want, storage=400), standing, {"storage"})["Iops"] == named
        assert "Iops" not in members(dataclasses.replace(want, storage=399), standing, {"storage"})

    @pytest.mark.usefixtures("made")
    def test_storage_grows_past_where_its_iops_are_named(self, aws, cloud, want):
        live = put(aws, cloud, dataclasses.replace(want, storage=500))
        assert (live.resource.storage, live.detail.iops) == (500, 12_000)

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


@pytest.mark.usefixtures("made")
def test_a_change_that_aws_is_slow_to_show_is_asked_for_once(aws, cloud, want, sent):
    cloud.delays = dataclasses.replace(cloud.delays, database_notice=25.0)
    put(aws, cloud, dataclasses.replace(want, instance_class="db.t4g.small"))
    assert len(sent.of("ModifyDBInstance")) == 1


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
        assert instead in other.way_out(made)

    def test_what_aws_does_has_no_other_way(self, want, made):
        assert dataclasses.replace(want, storage=22, version="17").way_out(made) == ""

    def test_another_engine_is_another_database_whatever_its_version_and_storage(self, want, made):
        other = dataclasses.replace(want, engine="mysql", version="8.4", storage=10)
        assert [change.name for change in changes(other, made) if change.fixed] == ["engine"]
        assert other.way_out(made) == (
            "A database stays with its engine: write engine: postgres. For another, make a database of another name, "
            "copy the data, and take this one out."
        )

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
