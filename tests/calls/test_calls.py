"""How many calls plan, apply and destroy send, that no read is sent twice for nothing, and that they fly together."""

from __future__ import annotations

import functools
import os
import threading
import time
from dataclasses import dataclass
from typing import Any

import pytest

from scrapectl.aws.session import READS_AT_ONCE
from scrapectl.local.inprocess import Sent
from scrapectl.pipeline import Planned
from scrapectl.pipeline.terms import PARALLEL
from scrapectl.spec.model import Spec
from tests.account import ROOT, SEEDS, SPECS, Account, assert_empty, done, example, is_read, spec_of, writes

TABLE = ROOT / "docs" / "calls.md"
HEAD = """# Calls

How many AWS calls each command sends after its one GetCallerIdentity, counted on the embedded cloud: `apply` with
the plan that it makes first. A test keeps this table true (`SCRAPECTL_WRITE_CALLS=1 make test` writes
it anew). For N scheduled jobs with equal access and nothing else, a plan with nothing changed sends at most
45 + 1.1 N calls, an apply from empty at most 80 + 2.2 N; neither reads anything twice without a write between.

Every plan looks for what the tagging API does not tell by name, by a call for each: instance profiles, launch
templates, Auto Scaling groups, event source mappings, security groups, layers, notifications of others' buckets, file
systems, access points, locations and tasks of transfers, and by one call for all parts of networks. Of other kinds that
a spec does not use it reads nothing.

How often a destroy looks whether something is gone depends on how long AWS takes: its changing calls are counted.

| spec | first plan | apply | plan, nothing changed | destroy, changing calls |
|---|---|---|---|---|
"""


def scheduled_jobs(count: int, image: str = "public.ecr.aws/x/y:1") -> Spec:
    jobs = [
        f"  job-{n}: {{image: '{image}', schedules: {{daily: {{cron: '{n % 60} 6 * * ? *'}}}}}}" for n in range(count)
    ]
    return spec_of("\n".join(["version: 1", "pipeline: many", "region: us-east-1", "jobs:", *jobs]))


@dataclass(frozen=True)
class Life:
    """What each command of one life sends: two ways to plan the end stand before the destroy."""

    first: list[Sent]
    apply: list[Sent]
    unchanged: list[Sent]
    ends: tuple[list[Sent], list[Sent]]
    destroy: list[Sent]


@functools.cache
def life(name: str, stage: str | None = None) -> Life:
    """An example's life in an account of its own, or that of so many scheduled jobs."""
    account = Account()
    spec = scheduled_jobs(int(name)) if name.isdecimal() else example(name, stage=stage)
    first = account.calls_of(lambda: account.plan(spec))
    apply = account.calls_of(lambda: done(account.apply(spec)))
    unchanged = account.calls_of(lambda: assert_empty(account.plan(spec)))
    by_spec = account.calls_of(lambda: account.plan_destroy(spec))
    by_name = account.calls_of(lambda: account.plan_destroy(spec, by_name=True))
    destroy = account.calls_of(lambda: done(account.destroy(spec)))
    account.cloud.close()
    return Life(first, apply, unchanged, (by_spec, by_name), destroy)


def twice(calls: list[Sent]) -> list[str]:
    """Reads that were sent again though no write to their service came between.

    A listing of everything is what shows each new thing of some kinds: things that are made side by side ask for it
    one after the other. Each look at a file system asks which key is AWS's own, for that one alone stands for none.
    """
    seen: set[tuple[str, str]] = set()
    found = []
    for sent in calls:
        if not is_read(sent):
            seen = {(service, text) for service, text in seen if service != sent.service}
            continue
        text = f"{sent.operation} {sorted(sent.params.items())}"
        again = (sent.service, text) in seen and sent.operation != "DescribeKey"
        if again and (sent.params or not writes(calls)):
            found.append(text)
        seen.add((sent.service, text))
    return found


@pytest.mark.parametrize("count", [1, 10, 100] if SEEDS <= 25 else [1, 10, 100, 300])
def test_calls_for_many_scheduled_jobs(count: int) -> None:
    of = life(str(count))
    assert len(of.unchanged) <= 45 + 1.1 * count
    assert len(of.apply) <= 80 + 2.2 * count
    assert twice(of.unchanged) == []
    assert twice(of.apply) == []


def row(name: str, of: Life) -> str:
    return f"| {name} | {len(of.first)} | {len(of.apply)} | {len(of.unchanged)} | {len(writes(of.destroy))} |\n"


def test_table_of_calls_is_true() -> None:
    rows = [row(f"`examples/{name}`{f', stage {stage}' if stage else ''}", life(name, stage)) for name, stage in SPECS]
    rows += [row(f"{n} scheduled job{'s' * (n > 1)}", life(str(n))) for n in (1, 10, 100)]
    table = HEAD + "".join(rows)
    if os.environ.get("SCRAPECTL_WRITE_CALLS"):
        TABLE.write_text(table, encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == table


@pytest.mark.parametrize(("name", "stage"), SPECS)
def test_nothing_is_read_twice(name: str, stage: str | None) -> None:
    of = life(name, stage)
    for calls in (of.first, of.apply, of.unchanged, *of.ends):
        assert twice(calls) == []


class Flights:
    """Makes every answer take 30 ms, and counts how many are awaited at once."""

    def __init__(self, account: Account) -> None:
        self.handle = account.cloud.handle
        self.now = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, *request: Any) -> Any:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.03)
        try:
            return self.handle(*request)
        finally:
            with self.lock:
                self.now -= 1


def test_independent_calls_are_in_flight_together(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = scheduled_jobs(30)
    most = {}
    monkeypatch.setattr(account.session(), "reads_at_once", READS_AT_ONCE)
    for name, task in (("apply", account.put), ("plan", account.plan), ("destroy", account.destroy)):
        flights = Flights(account)
        with monkeypatch.context() as patch:
            patch.setattr(account.cloud, "handle", flights)
            task(spec, parallel=PARALLEL)
        most[name] = flights.most
    assert min(most.values()) >= 8, most


def test_a_changed_spec_is_planned_with_as_many_calls(account: Account) -> None:
    account.put(scheduled_jobs(10))
    unchanged = account.calls_of(lambda: account.plan(scheduled_jobs(10)))
    plans: list[Planned] = []
    changed = account.calls_of(lambda: plans.append(account.plan(scheduled_jobs(10, image="public.ecr.aws/x/y:2"))))
    assert plans[0].plan.summary()["update"] == 10
    assert len(changed) == len(unchanged)
