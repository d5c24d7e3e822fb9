"""A file system's whole life with its copies, on a cloud as slow as AWS: one pass, nothing to do, nothing left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scrapectl.local.standing import standing
from scrapectl.spec import check_text
from scrapectl.spec.model import Spec
from tests.clouds_clock import SlowAccount

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


@pytest.fixture
def account() -> Iterator[SlowAccount]:
    found = SlowAccount()
    yield found
    found.cloud.close()


@pytest.mark.parametrize("network", ["", "network: {cidr: 10.0.0.0/24, zones: 2, nat: none}"])
def test_made_in_one_pass_and_destroyed_without_its_spec(account: SlowAccount, network: str):
    account.changed(spec(network=network))
    account.end()
    assert standing(account.cloud) == {}


def test_edits_are_carried_out_as_far_as_aws_lets(account: SlowAccount):
    account.changed(spec())
    assert account.changed(spec(cold="30d", throughput="{provisioned: 2}")) == [
        "update efs_file_system.shop-work: throughput, provisioned_mibps, cold_after_days"
    ]
    moved = account.changed(spec(cold="30d", throughput="{provisioned: 2}", uid="1002"))
    assert {"replace efs_access_point.shop-work_data: uid", "replace datasync_task.shop-process-1: target"} <= {*moved}
    elsewhere = account.changed(spec(cold="30d", throughput="{provisioned: 2}", uid="1002", folder="other/"))
    assert "replace datasync_task.shop-process-1: source" in elsewhere
    account.end()
    assert standing(account.cloud) == {}
