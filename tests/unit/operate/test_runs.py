"""Runs as Batch tells them: names, states, exit codes, reasons, children; and what stop ends."""

from __future__ import annotations

import pytest

from scrapectl.errors import UsageError
from scrapectl.operate.jobs import find_jobs
from scrapectl.operate.run import is_run_id
from scrapectl.operate.runnables import find_runnables
from scrapectl.operate.runs import children, describe_runs, find_run, list_runs, with_failed
from scrapectl.operate.stop import active_runs

A, B, C = (f"{digit * 8}-aaaa-bbbb-cccc-{digit * 12}" for digit in "abc")


@pytest.fixture
def shop(aws):
    aws.define("shop-collect")
    aws.define("shop-scrape")
    aws.define("shop-eu-collect", "shop.eu")
    return aws


def last(shop, name, count=1):
    return find_runnables(shop, "shop").last(name, count)


def active(shop, name, *, every):
    return active_runs(find_runnables(shop, "shop"), name, every=every)


def test_ids_are_known_from_names():
    assert is_run_id(A)
    assert is_run_id(f"{A}:12")
    assert not is_run_id("collect")
    assert not is_run_id("aaaaaaaa-aaaa-bbbb-cccc")
    assert not is_run_id(f"{A}:x")
    assert is_run_id("20261121T183657-1a2b3c4d")
    assert is_run_id("0f" * 40)


def test_one_listing_for_each_queue_and_only_ours(shop):
    shop.add(A, "shop-collect", "SUCCEEDED", startedAt=1_000_000_000, stoppedAt=1_000_007_500)
    shop.now += 5
    shop.add(B, "shop-eu-collect", "RUNNING")
    shop.add(C, "shop-scrape", "RUNNING")
    runs = list_runs(shop, find_jobs(shop, "shop"))
    assert [(run.id, run.name) for run in runs] == [(C, "scrape"), (A, "collect")]
    assert runs[1].seconds(shop.now) == 7.5
    assert len(shop.sent("list_jobs")) == 1


def test_the_last_runs_of_a_job_or_of_all(shop):
    for run, name in ((A, "shop-collect"), (B, "shop-collect"), (C, "shop-scrape")):
        shop.now += 1
        shop.add(run, name, "SUCCEEDED")
    assert [run.id for run in last(shop, "collect", 5)] == [B, A]
    assert [run.id for run in last(shop, "collect")] == [B]
    assert [run.id for run in last(shop, None)] == [C]
    assert [run.id for run in last(shop, A)] == [A]


def test_a_neighbours_run_is_not_shown(shop):
    shop.add(B, "shop-eu-collect", "RUNNING")
    with pytest.raises(UsageError, match=f"shop has no run {B}"):
        find_runnables(shop, "shop").find(B)
    with pytest.raises(UsageError, match="has no run"):
        find_runnables(shop, "shop").find(A)


def test_a_run_of_a_job_that_is_gone_is_found_by_its_definitions_tags(shop):
    shop.add(A, "shop-scrape", "RUNNING")
    assert find_run(shop, "shop", A, {}).id == A


def test_exit_code_and_reason_come_from_the_container_or_its_last_attempt(shop):
    attempts = [
        {"container": {"exitCode": 3, "logStreamName": "s1"}},
        {"container": {"exitCode": 137, "reason": "OOM"}},
    ]
    shop.add(A, "shop-collect", "FAILED", statusReason="Essential container exited", attempts=attempts)
    shop.add(B, "shop-collect", "SUCCEEDED", statusReason="Essential container exited", container={"exitCode": 0})
    first, second = describe_runs(shop, "shop", [A, B], find_jobs(shop, "shop"))
    assert (first.exit_code, first.reason) == (137, "Essential container exited: OOM")
    assert first.streams == ("s1",)
    assert (first.code, second.code) == (137, 0)
    assert second.reason is None


def test_no_code_while_it_runs_and_none_without_a_container(shop):
    shop.add(A, "shop-collect", "RUNNING", attempts=[{"container": {"exitCode": 1}}])
    shop.add(B, "shop-collect", "FAILED", statusReason="Host EC2 terminated", container={})
    first, second = describe_runs(shop, "shop", [A, B])
    assert first.exit_code is None
    assert second.code is None


def test_a_failed_arrays_code_is_that_of_the_lowest_failed_child(shop):
    shop.add(A, "shop-scrape", "FAILED", arrayProperties={"size": 3})
    for index, (state, code) in reversed(list(enumerate([("SUCCEEDED", 0), ("FAILED", 7), ("FAILED", 9)]))):
        shop.add(f"{A}:{index}", "shop-scrape", state, container={"exitCode": code}, arrayProperties={"index": index})
    (array,) = describe_runs(shop, "shop", [A])
    kids = children(shop, "shop", array)
    assert [kid.index for kid in kids] == [0, 1, 2]
    assert kids[0].size is None
    assert array.code is None
    (told,) = with_failed(shop, [array])
    assert [kid.index for kid in told.failed] == [1, 2]
    assert told.code == 7


def test_only_arrays_that_failed_are_asked_for_their_children(shop):
    shop.add(A, "shop-scrape", "SUCCEEDED", arrayProperties={"size": 3})
    shop.add(B, "shop-collect", "FAILED")
    assert [run.failed for run in with_failed(shop, describe_runs(shop, "shop", [A, B]))] == [(), ()]
    assert shop.sent("list_jobs") == []


def test_children_are_read_by_hundreds(shop):
    shop.add(A, "shop-scrape", "RUNNING", arrayProperties={"size": 250})
    (array,) = describe_runs(shop, "shop", [A])
    children(shop, "shop", array)
    assert [len(params["jobs"]) for params in shop.sent("describe_jobs")] == [1, 100, 100, 50]


def test_stop_means_the_only_active_run(shop):
    shop.add(A, "shop-collect", "SUCCEEDED")
    shop.add(B, "shop-collect", "RUNNABLE")
    assert [run.id for run in active(shop, "collect", every=False)] == [B]
    shop.add(C, "shop-collect", "RUNNING")
    with pytest.raises(UsageError, match="2 active runs"):
        active(shop, "collect", every=False)
    assert {run.id for run in active(shop, "collect", every=True)} == {B, C}
    assert {run.id for run in active(shop, None, every=True)} == {B, C}
    assert [run.id for run in active(shop, C, every=False)] == [C]


def test_stop_wants_to_know_what(shop):
    with pytest.raises(UsageError, match="Name a job, a workflow or a run"):
        active(shop, None, every=False)
    shop.add(A, "shop-collect", "FAILED")
    with pytest.raises(UsageError, match="has ended already"):
        active(shop, A, every=False)
    assert active(shop, "collect", every=False) == []


def test_stop_cancels_and_terminates_with_the_reason(shop):
    for run, state in ((A, "RUNNABLE"), (B, "RUNNING")):
        shop.add(run, "shop-collect", state)
    shop.add(C, "shop-scrape", "PENDING", arrayProperties={"size": 2})
    done = find_runnables(shop, "shop").stop(active(shop, None, every=True), "wrong zip")
    assert {run.id: what for run, what in done} == {A: "cancel", B: "terminate", C: "terminate"}
    assert shop.sent("terminate_job") == [{"jobId": run.id, "reason": "wrong zip"} for run, _ in done]
