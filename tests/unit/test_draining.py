"""A queue or environment that is replaced ends after the jobs in it; one that is destroyed ends with them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from scrapectl.engine.plan import Phase
from scrapectl.operate.jobs import find_jobs
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.submit import submission, submit
from scrapectl.spec import check_text
from scrapectl.spec.model import Spec
from tests.account import Account, assert_empty, done

SHOP = """
version: 1
pipeline: shop
region: us-east-1
images: {{scraper: {{build: .}}}}
compute_environments: {{main: {{type: {type}}}}}
job_queues: {{default: {{{shares}}}}}
jobs: {{work: {{image: scraper}}}}
"""


def shop(folder: Path, kind: str = "fargate", shares: str = "") -> Spec:
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return check_text(SHOP.format(type=kind, shares=shares), folder=folder, env={})


def start(account: Account, seconds: float) -> str:
    """Start the job, and wait until it runs."""
    aws = account.session()
    overrides = Overrides(command=("sleep", str(seconds)))
    run = submit(aws, submission(find_jobs(aws, "shop")["work"], overrides))
    end = time.monotonic() + 10
    while state(account, run)["status"] != "RUNNING":
        assert time.monotonic() < end
        time.sleep(0.02)
    return run


def state(account: Account, run: str) -> Any:
    return account.client("batch").describe_jobs(jobs=[run])["jobs"][0]


def waited(account: Account, kind: str) -> list[str]:
    """What was told while things of a kind drained."""
    events = [event for event in account.events if event.phase is Phase.WAITING and event.change.kind == kind]
    return [event.text for event in events if "waits for the end of the 1 that" in event.text]


@pytest.mark.parametrize(
    ("change", "drains"),
    [
        ({"kind": "fargate-spot"}, "batch_compute_environment"),
        ({"shares": "shares: {low: 1, high: 2}"}, "batch_job_queue"),
    ],
)
def test_what_is_replaced_ends_after_its_jobs(account: Account, tmp_path: Path, change: Any, drains: str) -> None:
    account.put(shop(tmp_path))
    run = start(account, 1)
    account.put(shop(tmp_path, **change))
    assert state(account, run)["status"] == "SUCCEEDED"
    assert waited(account, drains)
    assert_empty(account.plan(shop(tmp_path, **change)))


def test_a_destroy_ends_the_jobs_at_once(account: Account, tmp_path: Path) -> None:
    account.put(shop(tmp_path))
    run = start(account, 60)
    began = time.monotonic()
    done(account.destroy(shop(tmp_path)))
    assert time.monotonic() - began < 30
    assert state(account, run)["status"] == "FAILED"
    assert not waited(account, "batch_job_queue")
