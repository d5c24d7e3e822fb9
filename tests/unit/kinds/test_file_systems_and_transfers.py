"""What file systems and transfers send to AWS, and what becomes of answers that are lost."""

from __future__ import annotations

import pytest

from scrapectl.engine.resource import Removal, Update
from scrapectl.errors import AwsError
from scrapectl.local.services.efs.folders import root_of
from tests.contract.bench import Bench, open_bench
from tests.contract.efs_datasync_cases import access_point, file_system, location_s3, run_it, task

OURS = {"scrapectl:pipeline": "shop"}


@pytest.fixture
def bench():
    with open_bench() as made:
        yield made


def test_a_file_system_is_always_encrypted_and_made_by_its_name(bench: Bench):
    file_system(bench, "shop").create(bench.aws, OURS)
    (sent,) = bench.sent.of("CreateFileSystem")
    assert (sent["CreationToken"], sent["Encrypted"], sent["PerformanceMode"]) == ("shop-work", True, "generalPurpose")
    assert {"Key": "Name", "Value": "shop-work"} in sent["Tags"]


def test_a_lost_answer_makes_no_second_file_system_and_no_second_access_point(bench: Bench):
    for want in (file_system(bench, "shop"), access_point(bench, "shop")):
        want.create(bench.aws, OURS)
        bench.cloud.clock.advance(30)  # type: ignore[attr-defined]
        want.create(bench.aws, OURS)
    efs = bench.aws.client("efs")
    assert len([s for s in efs.describe_file_systems()["FileSystems"] if s["CreationToken"] == "shop-work"]) == 1
    assert len(efs.describe_access_points()["AccessPoints"]) == 1


def test_one_that_only_the_cloud_has_metadata_of_is_empty_and_one_with_a_file_is_not(bench: Bench):
    live = bench.put(file_system(bench, "shop"), "shop")
    assert type(live.resource).contents(bench.aws, live) == 0
    (root_of(bench.cloud, live.outputs["id"]) / "a").write_text("x")
    assert type(live.resource).contents(bench.aws, live) == 12_288


def test_the_policy_names_the_file_system_itself(bench: Bench):
    live = bench.put(file_system(bench, "shop"), "shop")
    (sent,) = bench.sent.of("PutFileSystemPolicy")
    assert f'"Resource":"{live.outputs["arn"]}"' in sent["Policy"]


def test_a_create_whose_answer_is_lost_is_not_repeated_and_its_twin_goes(bench: Bench):
    want = location_s3(bench, "shop")
    bench.sent.lose_answer("CreateLocationS3")
    with pytest.raises(AwsError):
        want.create(bench.aws, OURS)
    assert len(bench.sent.of("CreateLocationS3")) == 1
    bench.cloud.clock.advance(5)  # type: ignore[attr-defined]
    want.create(bench.aws, OURS)  # by someone who did not see the first
    live = bench.read(want)
    assert live is not None
    assert [change.name for change in want.differ(live)] == ["twins"]
    want.update(bench.aws, Update(live, frozenset({"twins"}), OURS))
    left = bench.read(want)
    assert left is not None
    assert (left.outputs["arn"], left.detail) == (live.outputs["arn"], ())


def test_a_location_of_nobodys_is_none_of_ours(bench: Bench):
    want = location_s3(bench, "shop")
    want.create(bench.aws, {})  # it has the name, and no owner
    assert bench.read(want) is None


def test_a_task_keeps_no_owners_and_writes_no_log_without_a_group(bench: Bench):
    task(bench, "shop").create(bench.aws, OURS)
    (sent,) = bench.sent.of("CreateTask")
    assert sent["Options"] == {
        "VerifyMode": "ONLY_FILES_TRANSFERRED",
        "LogLevel": "OFF",
        "Uid": "NONE",
        "Gid": "NONE",
        "PosixPermissions": "NONE",
    }


def test_what_runs_is_waited_for_unless_it_is_killed(bench: Bench):
    want = task(bench, "shop")
    live = bench.put(want, "shop")
    run_it(bench, want)
    assert type(want).delete(bench.aws, live, Removal()) == "1 transfer of it must end first"
    assert bench.read(want) is not None
    assert type(want).delete(bench.aws, live, Removal(kill=True)) is None
    assert bench.read(want) is None
