"""How many calls plan, apply and destroy send, that no read is sent twice for nothing, and that they fly together."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import pytest

from scrapectl.local.inprocess import Sent
from scrapectl.pipeline import Planned
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


def life(account: Account, spec: Spec) -> tuple[list[Sent], list[Sent], list[Sent], list[Sent]]:
    """What a first plan, its apply, the next plan and a destroy send."""
    first = account.calls_of(lambda: account.plan(spec))
    apply = account.calls_of(lambda: done(account.apply(spec)))
    unchanged = account.calls_of(lambda: assert_empty(account.plan(spec)))
    destroy = account.calls_of(lambda: done(account.destroy(spec)))
    return first, apply, unchanged, destroy


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
def test_calls_for_many_scheduled_jobs(account: Account, count: int) -> None:
    _, apply, unchanged, _ = life(account, scheduled_jobs(count))
    assert len(unchanged) <= 45 + 1.1 * count
    assert len(apply) <= 80 + 2.2 * count
    assert twice(unchanged) == []
    assert twice(apply) == []


def row(name: str, counts: tuple[list[Sent], ...]) -> str:
    first, apply, unchanged, destroy = counts
    return f"| {name} | {len(first)} | {len(apply)} | {len(unchanged)} | {len(writes(destroy))} |\n"


def test_table_of_calls_is_true(account: Account) -> None:
    rows = [
        row(f"`examples/{name}`{f', stage {stage}' if stage else ''}", life(account, example(name, stage=stage)))
        for name, stage in SPECS
    ]
    rows += [row(f"{n} scheduled job{'s' * (n > 1)}", life(account, scheduled_jobs(n))) for n in (1, 10, 100)]
    table = HEAD + "".join(rows)
    if os.environ.get("SCRAPECTL_WRITE_CALLS"):
        TABLE.write_text(table, encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == table


@pytest.mark.parametrize(("name", "stage"), SPECS)
def test_nothing_is_read_twice(account: Account, name: str, stage: str | None) -> None:
    spec = example(name, stage=stage)
    for calls in life(account, spec)[:3]:
        assert twice(calls) == []
    account.put(spec)
    for by_name in (False, True):
        ending = account.calls_of(lambda by_name=by_name: account.plan_destroy(spec, by_name=by_name))
        assert twice(ending) == []


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
    for name, task in (("apply", account.put), ("plan", account.plan), ("destroy", account.destroy)):
        flights = Flights(account)
        with monkeypatch.context() as patch:
            patch.setattr(account.cloud, "handle", flights)
            task(spec)
        most[name] = flights.most
    assert min(most.values()) >= 8, most


def test_a_changed_spec_is_planned_with_as_many_calls(account: Account) -> None:
    account.put(scheduled_jobs(10))
    unchanged = account.calls_of(lambda: account.plan(scheduled_jobs(10)))
    plans: list[Planned] = []
    changed = account.calls_of(lambda: plans.append(account.plan(scheduled_jobs(10, image="public.ecr.aws/x/y:2"))))
    assert plans[0].plan.summary()["update"] == 10
    assert len(changed) == len(unchanged)
