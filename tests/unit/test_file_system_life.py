"""A file system's whole life with its copies, on a cloud as slow as AWS: one pass, nothing to do, nothing left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scrapectl import pipeline
from scrapectl.local.standing import standing
from scrapectl.spec import check_text
from scrapectl.spec.model import Spec
from tests.account import shown
from tests.unit.test_slow_cloud import Slow

SHOP = pipeline.Instance("shop")
FRESH = ("assume", "access test", "managed-rule")
"""What AWS says while it does not know a role, or what it may do, everywhere: nothing else may come too early."""
SPEC = """
version: 1
pipeline: shop
region: us-east-1
tags: {{team: mobility}}
{network}
buckets: {{raw: {{}}, reports: {{}}}}
filesystems:
  work: {{throughput: {throughput}, cold_after: {cold}, paths: {{data: {{uid: {uid}}}}}, on_destroy: delete}}
jobs: {{analyse: {{image: busybox, mounts: {{/mnt/files: work/data}}}}}}
workflows:
  process:
    steps:
      - copy: {{from: raw/{folder}, to: work/data/in}}
      - run: analyse
      - copy: {{from: work/data/out, to: reports/outputs/, only: "${{run}}"}}
"""
USUAL = {"network": "", "throughput": "elastic", "cold": "7d", "uid": "1001", "folder": "in/"}


def spec(**values: str) -> Spec:
    return check_text(SPEC.format(**{**USUAL, **values}), folder=Path(), env={})


class Account(Slow):
    """Applies specs in one pass each, and destroys what stands."""

    def put(self, wanted: Spec) -> list[str]:
        planned = self.plan(wanted)
        self._carry_out(planned)
        assert shown(self.plan(wanted).plan) == []
        return shown(planned.plan)

    def end(self) -> None:
        self._carry_out(pipeline.plan_destroy(SHOP, self.aws, self.options))

    def _carry_out(self, planned: pipeline.Planned) -> None:
        assert planned.plan.refusals == ()
        applied = self.apply(planned)
        assert [(o.change.address, o.error) for o in applied.outcomes if o.error] == []
        assert [text for text in self.retried if not any(word in text for word in FRESH)] == []


@pytest.fixture
def account() -> Iterator[Account]:
    found = Account()
    yield found
    found.cloud.close()


@pytest.mark.parametrize("network", ["", "network: {cidr: 10.0.0.0/24, zones: 2, nat: none}"])
def test_made_in_one_pass_and_destroyed_without_its_spec(account: Account, network: str):
    account.put(spec(network=network))
    account.end()
    assert standing(account.cloud) == {}


def test_edits_are_carried_out_as_far_as_aws_lets(account: Account):
    account.put(spec())
    assert account.put(spec(cold="30d", throughput="{provisioned: 2}")) == [
        "update efs_file_system.shop-work: throughput, provisioned_mibps, cold_after_days"
    ]
    moved = account.put(spec(cold="30d", throughput="{provisioned: 2}", uid="1002"))
    assert {"replace efs_access_point.shop-work_data: uid", "replace datasync_task.shop-process-1: target"} <= {*moved}
    elsewhere = account.put(spec(cold="30d", throughput="{provisioned: 2}", uid="1002", folder="other/"))
    assert "replace datasync_task.shop-process-1: source" in elsewhere
    account.end()
    assert standing(account.cloud) == {}
