"""The whole way on the embedded cloud: what changes leave alone, what is refused or allowed, and who goes first."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scrapectl import pipeline
from scrapectl.aws import anchor as anchors
from scrapectl.aws.session import Session, Where
from scrapectl.engine.plan import Result
from scrapectl.errors import PlanRefused, SpecError, UsageError
from scrapectl.local.inprocess import connect
from scrapectl.local.registry import Call, Refusal
from scrapectl.pipeline import Options
from scrapectl.spec.model import Spec
from scrapectl.units import counted
from tests.account import ACCOUNT, REGION, Account, assert_empty, done, example, shown, spec_of, writes

SHOP = """
version: 1
pipeline: shop
region: us-east-1
buckets: {raw: {}}
message_queues: {rows: {}}
compute_environments: {main: {type: fargate, max_vcpus: 4}}
job_queues: {default: {compute: [main]}}
jobs:
  collect:
    image: public.ecr.aws/x/y:1
    access: {write: [raw]}
    schedules: {daily: {cron: "0 6 * * ? *"}, weekly: {cron: "0 7 ? * MON *", environment: {A: b}}}
  clean:
    image: public.ecr.aws/x/y:1
    access: {send: [rows]}
    schedules: {nightly: {cron: "0 2 * * ? *"}}
outputs: {bucket: "${bucket.raw.name}", queue: "${message_queue.rows.url}"}
"""
BUCKET = f"shop-raw-{ACCOUNT}-{REGION}"


def shop(*edits: tuple[str, str], **more: Any) -> Spec:
    """The shop's spec with texts exchanged."""
    text = SHOP
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return spec_of(text, **more)


def without(job: str) -> Spec:
    """The shop without one of its jobs."""
    before, _, after = SHOP.partition(f"  {job}:\n")
    rest = after[after.index("  clean:") if job == "collect" else after.index("outputs:") :]
    return spec_of(before + rest)


def secret_spec(entry: str, **env: str) -> Spec:
    text = "version: 1\npipeline: shop\nregion: us-east-1\nsecrets: {key: %s}\n"
    return spec_of(text % entry, env=env)


# What a change leaves alone


def test_removed_job_takes_only_what_it_used(account: Account) -> None:
    account.put(shop())
    lines = shown(account.plan(without("clean")).plan)
    role = next(line for line in lines if line.startswith("delete iam_role.shop_job-"))
    assert lines == [
        "update iam_role.shop_scheduler: policy",
        "delete schedule.shop-clean_nightly",
        "delete batch_job_definition.shop-clean",
        role,
    ]
    account.put(without("clean"))
    assert_empty(account.plan(without("clean")))
    assert not [arn for arn in account.owned("shop") if "clean" in arn]


def test_last_schedule_takes_what_schedules_need(account: Account) -> None:
    account.put(without("collect"))
    spec = spec_of(SHOP.partition("jobs:")[0] + "jobs: {clean: {image: x, access: {send: [rows]}}}\n")
    gone = {line.partition(" ")[2] for line in shown(account.plan(spec).plan) if line.startswith("delete")}
    wanted = {"schedule_group.shop", "schedule.shop-clean_nightly", "sqs_queue.shop_dead", "iam_role.shop_scheduler"}
    assert gone == wanted
    account.put(spec)
    assert_empty(account.plan(spec))


@pytest.mark.parametrize(
    "edit",
    [
        ("access: {write: [raw]}", "access: {write: [raw]}\n    memory: 4096"),
        ("image: public.ecr.aws/x/y:1\n    access: {w", "image: public.ecr.aws/x/y:2\n    access: {w"),
        ("access: {write: [raw]}", "access: {read: [raw]}\n    environment: {A: b}\n    command: [x]\n    retries: 3"),
    ],
)
def test_change_of_a_definition_touches_no_schedule(account: Account, edit: tuple[str, str]) -> None:
    account.put(shop())
    sent = account.calls_of(lambda: account.put(shop(edit)))
    assert ("batch", "RegisterJobDefinition") in writes(sent)
    assert not [operation for service, operation in writes(sent) if service == "scheduler"]
    schedule = account.client("scheduler").get_schedule(GroupName="shop", Name="collect_daily")
    assert "job-definition/shop-collect" in schedule["Target"]["Input"]
    assert "job-definition/shop-collect:" not in schedule["Target"]["Input"]


def test_queue_is_never_without_an_environment(account: Account) -> None:
    """A new type is a new environment: it stands before the queue takes it, and the old one goes when no queue does."""
    account.put(shop())
    other = shop(("type: fargate,", "type: fargate-spot,"))
    orders: list[list[str]] = []

    def look(_call: Call) -> None:
        queues = account.cloud.call("batch", "DescribeJobQueues", {})["jobQueues"]
        orders.extend([place["computeEnvironment"] for place in q["computeEnvironmentOrder"]] for q in queues)

    account.cloud.hooks.append(look)
    sent = account.calls_of(lambda: account.put(other))
    account.cloud.hooks.remove(look)
    names = [operation for _, operation in writes(sent) if operation not in {"PutParameter", "TagResource"}]
    assert names == [
        "CreateComputeEnvironment",
        "UpdateJobQueue",
        "UpdateComputeEnvironment",
        "DeleteComputeEnvironment",
    ]
    assert orders
    assert all(len(order) == 1 for order in orders)
    assert len({order[0] for order in orders}) == 2
    assert_empty(account.plan(other))


# Whose a name is


def test_second_checkout_with_another_spec_is_refused(account: Account) -> None:
    account.put(shop())
    stranger = spec_of(
        "version: 1\npipeline: shop\nregion: us-east-1\nbuckets: {other: {}}\njobs: {walk: {image: x}}\n"
    )
    before = account.owned("shop")
    with pytest.raises(PlanRefused, match="another spec stands under the name shop") as refused:
        account.apply(stranger)
    assert refused.value.exit_code == 3
    assert "--takeover" in str(refused.value.problems[0])
    assert account.owned("shop") == before
    account.put(stranger, takeover=True)
    assert_empty(account.plan(stranger))


def test_former_name_refuses_a_twin(account: Account) -> None:
    account.put(shop())
    renamed = shop(("pipeline: shop", "pipeline: store\nformerly: shop"))
    with pytest.raises(PlanRefused, match="shop, the former name, still stands"):
        account.apply(renamed)
    done(account.destroy(shop()))
    account.put(renamed)
    assert_empty(account.plan(renamed))


# Data


def fill(account: Account, bucket: str = BUCKET) -> None:
    """Two objects, one of them deleted again in a versioned bucket: three versions and a delete marker at most."""
    s3 = account.client("s3")
    for key, text in (("a", b"1"), ("b", b"2"), ("b", b"3")):
        s3.put_object(Bucket=bucket, Key=key, Body=text)
    s3.delete_object(Bucket=bucket, Key="b")


@pytest.mark.parametrize(("entry", "count"), [("{}", 1), ("{versioned: true}", 4)])
def test_bucket_with_objects_is_refused(account: Account, entry: str, count: int) -> None:
    """The refusal counts objects, with their versions and delete markers; with leave to, all of them go."""
    spec = shop(("{raw: {}}", f"{{raw: {entry}}}"))
    account.put(spec)
    fill(account)
    account.sent.calls.clear()
    for plan in (account.plan_destroy(spec), account.plan_destroy(spec, by_name=True)):
        (problem,) = plan.plan.refusals
        assert problem.message.startswith(f"s3_bucket.shop-raw ({BUCKET}) holds {counted(count, 'object')} ")
        with pytest.raises(PlanRefused, match="--delete-data"):
            account.carry_out(plan, account.session())
    without_bucket = shop(("buckets: {raw: {}}", ""), ("access: {write: [raw]}\n    ", ""), ("${bucket.raw.name}", "x"))
    with pytest.raises(PlanRefused, match=f"holds {counted(count, 'object')} "):
        account.apply(without_bucket)
    assert not [sent for sent in account.sent.calls if sent.operation.startswith("Delete")]
    done(account.destroy(spec, delete_data=True))
    assert account.owned("shop") == []


def test_empty_bucket_goes(account: Account) -> None:
    account.put(shop())
    done(account.destroy(shop()))
    assert account.owned("shop") == []


def test_bucket_that_is_kept_is_taken_up_again(account: Account) -> None:
    spec = shop(("{raw: {}}", "{raw: {on_destroy: keep}}"))
    account.put(spec)
    fill(account)
    ended = done(account.destroy(spec, delete_data=True))  # --delete-data outranks refuse, not keep
    assert "s3_bucket.shop-raw: kept, tagged scrapectl:kept" in ended.plan.remains
    tags = {t["Key"]: t["Value"] for t in account.client("s3").get_bucket_tagging(Bucket=BUCKET)["TagSet"]}
    assert tags["scrapectl:kept"] == "true"
    assert account.owned("shop") == []
    again = account.plan(spec)
    assert "update s3_bucket.shop-raw: tags" in shown(again.plan)
    done(account.carry_out(again, account.session()))
    assert account.client("s3").get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"1"
    assert_empty(account.plan(spec))


def test_keep_data_leaves_what_holds_data(account: Account) -> None:
    account.put(shop())
    fill(account)
    done(account.destroy(shop(), keep_data=True))
    assert account.client("s3").get_object(Bucket=BUCKET, Key="a")
    assert account.owned("shop") == []
    account.put(shop())
    assert_empty(account.plan(shop()))


def test_bucket_told_to_go_goes_with_its_objects(account: Account) -> None:
    spec = shop(("{raw: {}}", "{raw: {on_destroy: delete, versioned: true}}"))
    account.put(spec)
    fill(account)
    done(account.destroy(spec, by_name=True))  # the tag says so, whoever asks
    assert account.owned("shop") == []


# Secrets


def value_of(account: Account) -> str:
    return str(account.client("secretsmanager").get_secret_value(SecretId="shop-key")["SecretString"])


def test_deleted_secret_is_restored(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.put(secret_spec("{generate: 24}"))
    first = value_of(account)
    assert len(first) == 24
    ended = done(account.destroy(secret_spec("{generate: 24}")))
    assert ended.plan.remains == ("secret.shop-key: recoverable for 7 days; the next apply restores it",)
    account.put(secret_spec("{generate: 24}"))
    assert value_of(account) == first
    done(account.destroy(secret_spec("{generate: 24}")))
    monkeypatch.setenv("KEY", "mine")
    account.put(secret_spec("{from_env: KEY}"))
    assert value_of(account) == "mine"


def test_secret_needs_its_variable_only_once(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = secret_spec("{from_env: KEY}")
    monkeypatch.delenv("KEY", raising=False)
    with pytest.raises(SpecError, match="no value and none stands") as wrong:
        account.plan(spec)
    assert wrong.value.exit_code == 4
    assert wrong.value.problems[0].place is not None
    monkeypatch.setenv("KEY", "first")
    account.put(spec)
    monkeypatch.delenv("KEY")
    assert_empty(account.plan(spec))
    monkeypatch.setenv("KEY", "second")
    plan = account.plan(spec).plan
    assert [(f.name, f.hidden) for change in plan.changes for f in change.fields] == [("value", True)]
    account.put(spec)
    assert value_of(account) == "second"
    monkeypatch.delenv("KEY")
    done(account.destroy(spec))
    account.put(spec)  # restored: it still holds its value
    assert value_of(account) == "second"


# Options


def test_only_brings_what_it_needs_and_deletes_nothing(account: Account) -> None:
    account.put(without("clean"), only=("jobs.collect.schedules.daily",))
    names = {arn.rpartition("/")[2] for arn in account.owned("shop") if ":scheduler:" in arn}
    assert names == {"shop", "collect_daily"}
    assert not [arn for arn in account.owned("shop") if "rows" in arn]
    account.put(shop())
    planned = account.plan(without("clean"), only=("jobs.collect",))
    assert not [line for line in shown(planned.plan) if line.startswith("delete")]
    with pytest.raises(UsageError, match=r"--only jobs\.nobody"):
        account.plan(shop(), only=("jobs.nobody",))


def test_outputs_are_told_also_when_nothing_changes(account: Account) -> None:
    for _ in range(2):
        outputs = account.put(shop()).outputs
        assert outputs["bucket"] == BUCKET
        assert outputs["queue"].endswith("/shop-rows")


def test_no_build_refuses_what_is_not_pushed(account: Account) -> None:
    spec = example("quickstart")
    with pytest.raises(PlanRefused, match=r"ecr_image\.quickstart-scraper is not pushed"):
        account.plan(spec, build=False)
    account.put(spec)
    assert_empty(account.plan(spec, build=False))


def test_missing_build_folder_is_an_error_with_its_place(account: Account, tmp_path: Path) -> None:
    spec = spec_of("version: 1\npipeline: shop\nregion: us-east-1\nimages: {a: {build: ./no}}\n", tmp_path)
    with pytest.raises(SpecError, match=r"pipeline.yaml:4:\d+: images.a.build: there is no folder ./no"):
        account.plan(spec)


# Two at once


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "POLL_EVERY", 0.02)


def elsewhere(account: Account) -> Session:
    """The session of another person."""
    return Session(connect(account.cloud), Where(local=True, region=REGION), ACCOUNT, REGION, "aws")


def side_by_side(*tasks: Callable[[], Any]) -> list[Any]:
    found: list[Any] = [None] * len(tasks)

    def run(number: int) -> None:
        try:
            found[number] = tasks[number]()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


@pytest.mark.usefixtures("impatient")
def test_two_applies_at_once_make_one_of_each(account: Account) -> None:
    """Both planned an empty account; the second waits, plans again and finds nothing left to do."""
    told: list[str] = []
    again: list[Any] = []

    def apply(aws: Session, name: str) -> Any:
        options = Options(command=name)
        planned = pipeline.plan_spec(shop(), aws, options, told.append)
        ready.wait(10)
        return pipeline.apply_plan(planned, aws, options, replanned=again.append)

    ready = threading.Barrier(2)
    first, second = account.session(), elsewhere(account)
    results = side_by_side(lambda: apply(first, "apply"), lambda: apply(second, "apply of another"))
    outcomes = [done(result).outcomes for result in results]
    assert sorted(len(found) > 0 for found in outcomes) == [False, True]
    assert [plan.empty for plan in again] == [True]
    assert any("is at work on shop; waiting for it." in line for line in told)
    created = [sent.params for sent in account.sent.calls if sent.operation == "RegisterJobDefinition"]
    assert len(created) == 2
    assert_empty(account.plan(shop()))


@pytest.mark.usefixtures("impatient")
def test_plan_that_another_apply_outran_is_made_again(account: Account) -> None:
    old = account.plan(shop())
    account.put(without("clean"))
    applied = account.carry_out(old, account.session())
    assert {o.change.address for o in done(applied).outcomes} >= {"batch_job_definition.shop-clean"}
    assert not [o for o in applied.outcomes if o.change.address == "batch_job_definition.shop-collect"]
    assert_empty(account.plan(shop()))


@pytest.mark.usefixtures("impatient")
def test_destroy_of_nothing_takes_no_lease_away(account: Account) -> None:
    """Somebody's first apply has the lease and has made nothing yet: its anchor is not ours to delete."""
    busy = anchors.Anchor(elsewhere(account), "shop", "apply of another")
    busy.take(None)
    planned = account.plan_destroy(shop())
    assert planned.plan.empty
    ending = threading.Thread(target=account.carry_out, args=(planned, account.session()))
    ending.start()
    time.sleep(0.2)
    assert busy.read() is not None
    busy.release(changed=False)
    ending.join(10)
    assert account.owned("shop") == []


def test_apply_that_lost_its_lease_starts_nothing_more(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "LEASE", 0.2)
    slow = threading.Event()

    def sleep(call: Call) -> None:
        if call.operation == "CreateComputeEnvironment" and not slow.is_set():
            slow.set()
            time.sleep(0.3)

    account.cloud.hooks.append(sleep)
    applied = account.apply(shop())
    account.cloud.hooks.remove(sleep)
    assert applied.failed
    made = {sent.operation for sent in account.sent.calls}
    assert "CreateComputeEnvironment" in made
    assert "CreateJobQueue" not in made
    monkeypatch.setattr(anchors, "LEASE", 60.0)
    account.put(shop())
    assert_empty(account.plan(shop()))


# Bad weather


def test_many_throttled_calls_end_well(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrapectl.aws.retry._LONGEST", 0.05)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    rng = random.Random(7)

    def storm(call: Call) -> None:
        chance = rng.random()
        if chance < 0.1 and call.service != "s3":  # S3 throttles with 503, for a HEAD has no body to say more
            raise Refusal("ThrottlingException", "Rate exceeded", 400)
        if chance < 0.2:
            raise Refusal("InternalFailure", "try later", 500)

    account.cloud.hooks.append(storm)
    account.put(shop())
    assert_empty(account.plan(shop()))
    done(account.destroy(shop()))
    account.cloud.hooks.remove(storm)
    assert account.owned("shop") == []


def test_denied_call_names_the_missing_action(account: Account) -> None:
    account.sent.deny("CreateJobQueue")
    applied = account.apply(shop())
    failed = {o.change.address: o.error for o in applied.outcomes if o.result is Result.FAILED}
    skipped = {o.change.address: o.error for o in applied.outcomes if o.result is Result.SKIPPED}
    assert set(failed) == {"batch_job_queue.shop-default"}
    assert "batch:CreateJobQueue is missing" in failed["batch_job_queue.shop-default"]
    assert set(skipped) == {
        "schedule.shop-collect_daily",
        "schedule.shop-collect_weekly",
        "schedule.shop-clean_nightly",
    }
    assert set(skipped.values()) == {"skipped, for batch_job_queue.shop-default failed"}


# What the spec says now outranks what was last applied


@pytest.mark.parametrize(("applied", "now"), [("refuse", "delete"), ("delete", "keep"), ("keep", "refuse")])
def test_destroy_heeds_the_spec_as_it_is(account: Account, applied: str, now: str) -> None:
    said = {word: shop(("{raw: {}}", f"{{raw: {{on_destroy: {word}}}}}")) for word in (applied, now)}
    account.put(said[applied])
    fill(account)
    if now == "refuse":
        with pytest.raises(PlanRefused, match="holds 1 object that"):
            account.destroy(said[now])
        return
    done(account.destroy(said[now]))
    standing = [bucket["Name"] for bucket in account.client("s3").list_buckets()["Buckets"]]
    assert standing == ([BUCKET] if now == "keep" else [])
    kept = account.plan_destroy(said[now], by_name=True).plan
    assert kept.empty
    assert kept.remains == (("s3_bucket.shop-raw: kept, tagged scrapectl:kept",) if now == "keep" else ())


def test_secret_that_is_told_to_refuse_stays(account: Account) -> None:
    spec = secret_spec("{generate: 24, on_destroy: refuse}")
    account.put(spec)
    with pytest.raises(PlanRefused, match="holds 1 value that would be lost"):
        account.destroy(spec)
    done(account.destroy(spec, delete_data=True))


@pytest.mark.parametrize("by_name", [True, False])
def test_repository_that_is_told_to_refuse_stays(account: Account, by_name: bool, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "Dockerfile").write_text("FROM x\n", encoding="utf-8")
    text = "version: 1\npipeline: shop\nregion: us-east-1\nimages: {x: {build: ./x, on_destroy: refuse}}\n"
    spec = spec_of(text, tmp_path)
    account.put(spec)
    with pytest.raises(PlanRefused, match="holds 1 image that"):
        account.destroy(spec, by_name=by_name)
    done(account.destroy(spec, by_name=by_name, delete_data=True))
    assert account.owned("shop") == []
