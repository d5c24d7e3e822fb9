"""Owners never see each other's things, and what is not ours is refused and left alone, whatever its kind."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore import xform_name

from scrapectl.errors import AccessDenied, AwsError, PlanRefused
from scrapectl.kinds import KINDS
from scrapectl.local.inprocess import Sent
from scrapectl.pipeline import Applied, Planned
from scrapectl.spec.model import Spec
from tests.account import Account, assert_empty, done, in_region, is_read, shown, spec_of
from tests.properties.strangers import STRANGERS
from tests.random_loads import THEIRS
from tests.random_specs import FOLDER, furnished
from tests.remembered import Remembered

TEXT = """
version: 1
pipeline: {pipeline}
region: us-east-1
tags: {{team: mobility}}
stages: {{eu: {{}}}}
network: {network}
images: {{scraper: {{build: ./scraper}}}}
secrets: {{key: {{generate: 20}}}}
buckets: {{raw: {{}}{theirs}}}
filesystems: {{work: {{paths: {{data: {{}}}}}}}}
message_queues: {{rows: {{}}}}
databases:
  results:
    engine: postgres
    version: "16"
    class: db.t4g.micro
    storage: 20
    power: {{start: "0 5 * * ? *", stop: "0 9 * * ? *"}}
warehouses: {{lake: {{serverless: }}, nodes: {{cluster: }}}}
topics: {{team: {{email: [team@example.org], queues: [rows]}}}}
alerts: {{to: team, queue_age: 1h}}
compute_environments: {{small: {{}}, big: {{type: ec2, instance_types: [m7i]}}}}
job_queues:
  default: {{compute: [small], shares: {{low: 1, high: 2}}}}
  large: {{compute: [big]}}
jobs:
  collect:
    image: scraper
    queue: default
    secrets: {{KEY: key, PASSWORD: "${{database.results.secret}}:password"}}
    access: {{write: [raw], send: [rows, team], connect: [results]}}
    schedules: {{daily: {{cron: "0 6 * * ? *"}}}}
functions:
  publish: {{code: ./handler, handler: app.handler, layers: [./layer], mounts: {{/mnt/files: work/data}}}}
workflows:
  process: {{steps: [{{copy: {{from: raw/in/, to: work/data/in}}}}, {{run: collect}}, {{call: publish}}]}}
triggers:
  upload: {{on: {{upload: {bucket}/in/}}, via: {via}, start: {{workflow: process}}}}
  trailed: {{on: {{upload: raw/trailed/}}, via: cloudtrail, start: {{function: publish}}}}
  told: {{on: {{message_queue: rows}}, start: {{function: publish}}}}
desktops: {{review: {{image: review, access: {{read: [raw]}}}}}}
hosts: {{ingester: {{script: [echo hi], schedules: {{weekly: {{cron: "0 5 ? * TUE *"}}}}}}}}
"""
_MADE = "{cidr: 10.0.0.0/24, nat: single, endpoints: [s3]}"
USUAL = {"pipeline": "shop", "network": _MADE, "theirs": "", "bucket": "raw", "via": "eventbridge"}
# What a spec says otherwise, to have some kinds where others can have them before.
MORE = {
    "ec2_vpc_peering": {"network": "{cidr: 10.0.0.0/24, peer: [%s]}"},
    "security_group": {"network": "default"},
    "s3_bucket_notification": {
        "theirs": f", theirs: {{existing: {THEIRS}}}",
        "bucket": "theirs",
        "via": "notification",
    },
}
# AWS knows these by ids that it chose, and a name alone makes nobody the owner: one that no pipeline tagged is left.
BY_TAG = {name for name, kind in KINDS.items() if kind.named_by_tag and name != "efs_file_system"} | {"datasync_task"}


@pytest.fixture
def shop(account: Account, folder: Any) -> Callable[..., Spec]:
    return lambda pipeline="shop", **options: spec_of(text_for(account, pipeline), folder, **options)


def text_for(account: Account, pipeline: str = "shop", kind: str = "") -> str:
    """The spec that has every kind, or that one of them in the way in which others can have it before."""
    peer = account.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    return TEXT.format_map({**USUAL, "pipeline": pipeline, **MORE.get(kind, {})}).replace("%s", peer)


def standing(account: Account, specs: list[Spec]) -> dict[str, list[str]]:
    return {f"{s.owner} {s.region}": account.owned(s.owner, str(s.region)) for s in specs}


def test_neighbours_never_see_each_other(account: Account, shop: Callable[..., Spec]) -> None:
    """`shop`, `shop-eu`, `shop` in stage `eu`, and `shop` in another region."""
    specs = [shop(), shop("shop-eu"), shop(stage="eu"), in_region(shop(), "eu-west-1")]
    together: list[Spec] = []
    for spec in specs:
        if spec.stage:  # `shop.eu` and `shop-eu` have the same physical names: one of the two is refused, at each name
            with pytest.raises(PlanRefused):
                account.apply(spec)
            continue
        account.put(spec)
        together.append(spec)
    for spec in together:
        assert_empty(account.plan(spec))
        text = " ".join(account.owned(spec.owner, str(spec.region)))
        others = {other.owner for other in specs if other.owner != spec.owner}
        assert not [other for other in others if f"/{other}/" in text or f"role/{other}_" in text]
    before = standing(account, together)
    for spec in together:
        done(account.destroy(spec))
        before[f"{spec.owner} {spec.region}"] = []
        assert standing(account, together) == before
    with pytest.raises(PlanRefused, match="'shop-eu-key' exists already and belongs to pipeline shop-eu"):
        account.apply(shop(stage="eu"))  # the recovery window keeps a secret's name for its owner
    account.client("secretsmanager").delete_secret(SecretId="shop-eu-key", ForceDeleteWithoutRecovery=True)
    account.put(shop(stage="eu"))
    assert_empty(account.plan(shop(stage="eu")))
    assert shown(account.plan_destroy(shop()).plan) == []
    assert shown(account.plan_destroy(shop("shop-eu")).plan) == []


def test_same_names_of_a_stage_are_refused_in_plan_and_destroy(account: Account, shop: Callable[..., Spec]) -> None:
    """`shop-eu` and `shop` in stage `eu` have the same physical names."""
    account.put(shop("shop-eu"))
    before = account.owned("shop-eu")
    planned = account.plan(shop(stage="eu"))
    assert all("belongs to pipeline shop-eu" in problem.message for problem in planned.plan.refusals)
    assert len(planned.plan.refusals) >= 10
    ended = account.destroy(shop(stage="eu"))
    assert ended.outcomes == ()
    assert account.owned("shop-eu") == before
    assert_empty(account.plan(shop("shop-eu")))


@dataclass(frozen=True)
class Crossed:
    """An account in which others have what a spec wants, and what came of the spec in it.

    Attributes:
        addresses: What bears the name of theirs, by kind.
        code: The exit code of its apply.
        ended: What its destroy came to.
        written: The changing calls of all that.
    """

    addresses: dict[str, str]
    planned: Planned
    code: int
    ended: Applied
    written: list[Sent]


UNTAGGED = ("schedule", "s3_bucket_notification")  # nothing on them can say whose they are
WHOSE = {"untagged": {}, "another owner's": {"scrapectl:pipeline": "other", "scrapectl:address": "x.y"}}
TAGGED = [name for name, kind in KINDS.items() if kind.carries_tags]


@functools.cache
def crossed(alone: str, whose: str) -> Crossed:
    """Make one thing of each kind as somebody else would, or of the `alone` kind; then plan, apply and destroy."""
    account = furnished(Account())
    spec = spec_of(text_for(account, kind=alone), FOLDER)
    first = {change.kind: change for change in reversed(account.plan(spec).plan.changes)}
    addresses = {}
    for kind in [alone] if alone else [kind for kind in TAGGED if kind not in MORE]:
        desired = first[kind].desired
        assert desired is not None
        STRANGERS[kind](account, desired.resource, dict(WHOSE[whose]))
        addresses[kind] = first[kind].address
    before = len(account.sent.calls)
    planned = account.plan(spec)
    code = 0
    try:
        account.apply(spec)
    except PlanRefused as refused:
        code = refused.exit_code
    ended = account.destroy(spec)
    written = [sent for sent in account.sent.calls[before:] if not is_read(sent)]
    account.cloud.close()
    return Crossed(addresses, planned, code, ended, written)


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("kind", TAGGED)
def test_what_is_not_ours_is_refused_and_untouched(kind: str, whose: str) -> None:
    alone = kind if kind in MORE else ""
    of = crossed(alone, whose)
    address, plan = of.addresses[kind], of.planned.plan
    mine = [problem for problem in plan.refusals if problem.message.startswith(f"{kind} ")]
    if kind in BY_TAG and not WHOSE[whose]:
        assert not mine
        assert [line for line in shown(plan) if f"{line}:".startswith(f"create {address}:")]
        return
    # What their event source calls is a function under a name that is wanted, too.
    assert len(mine) == (2 if kind == "lambda_function" else 1), plan.refusals
    assert ("belongs to pipeline other" if WHOSE[whose] and kind not in UNTAGGED else "not tagged") in mine[0].message
    assert address not in {change.address for change in plan.changes}
    assert of.code == 3
    # A layer's name holds what is in it, and a destroy packs nothing.
    told = [note for note in of.ended.plan.notes if note.startswith(address)]
    assert told or kind == "lambda_layer", of.ended.plan.notes
    assert of.written == []


def refused_to_plan(known: Remembered, spec: Spec) -> bool:
    try:
        return bool(known.plan(spec).plan.refusals)
    except AwsError as error:
        return isinstance(error, AccessDenied) or "access denied" in str(error)


def test_read_that_is_denied_is_no_absence(account: Account, shop: Callable[..., Spec]) -> None:
    """What cannot be read must not be made: the plan fails, and names the action that is missing."""
    spec = shop()
    account.put(spec)
    reads = {sent.operation for sent in account.calls_of(lambda: account.plan(spec)) if is_read(sent)}
    known = Remembered(account)
    assert_empty(known.plan(spec))
    for operation in sorted(reads - {"GetResources"}):
        account.sent.faults.clear()
        account.sent.deny(operation)
        known.unkept = {xform_name(operation)}
        assert refused_to_plan(known, spec), operation
