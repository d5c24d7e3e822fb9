"""A queue or environment that is replaced ends after the jobs in it; one that is destroyed ends with them."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from scrapectl import pipeline
from scrapectl.engine.plan import Action, Event, Phase
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
jobs: {{work: {{image: scraper, retries: 0}}}}
"""


def shop(folder: Path, kind: str = "fargate", shares: str = "") -> Spec:
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return check_text(SHOP.format(type=kind, shares=shares), folder=folder, env={})


def start(account: Account, seconds: float, exit_code: int = 0) -> str:
    """Start the job, and wait until it runs."""
    aws = account.session()
    overrides = Overrides(command=("sh", "-c", f"sleep {seconds}; exit {exit_code}"))
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


CHANGES = pytest.mark.parametrize(
    ("change", "drains"),
    [
        ({"kind": "fargate-spot"}, "batch_compute_environment"),
        ({"shares": "shares: {low: 1, high: 2}"}, "batch_job_queue"),
    ],
)


@CHANGES
def test_what_is_replaced_ends_after_its_jobs(account: Account, tmp_path: Path, change: Any, drains: str) -> None:
    account.put(shop(tmp_path))
    run = start(account, 1, exit_code=7)
    account.put(shop(tmp_path, **change))
    assert state(account, run)["container"]["exitCode"] == 7
    (told,) = waited(account, drains)
    assert told.endswith("; Ctrl-C is safe, --kill ends them")
    assert_empty(account.plan(shop(tmp_path, **change)))


@CHANGES
def test_what_is_killed_ends_at_once(account: Account, tmp_path: Path, change: Any, drains: str) -> None:
    account.put(shop(tmp_path))
    run = start(account, 60)
    began = time.monotonic()
    account.put(shop(tmp_path, **change), kill=True)
    assert time.monotonic() - began < 30
    ended = state(account, run)
    assert (ended["status"], ended["isTerminated"]) == ("FAILED", True)
    assert ended["statusReason"].endswith("is replaced or removed")
    assert all("--kill" not in text for text in waited(account, drains))
    assert_empty(account.plan(shop(tmp_path, **change)))


@CHANGES
def test_what_is_new_works_while_the_old_drains_and_an_interrupt_is_safe(
    account: Account, tmp_path: Path, change: Any, drains: str
) -> None:
    """A job runs in the new one; Ctrl-C leaves the old job running, and the next apply goes on waiting for it."""
    account.put(shop(tmp_path))
    old = start(account, 3, exit_code=7)
    new: list[str] = []

    def look(event: Event) -> None:
        if event.phase is Phase.WAITING and event.change.kind == drains and "waits for the end" in event.text:
            new.append(start(account, 0.1))
            signal.raise_signal(signal.SIGINT)

    aws, changed = account.session(), shop(tmp_path, **change)
    stopped = pipeline.apply_plan(account.plan(changed), aws, None, look)
    assert stopped.interrupted
    (unfinished,) = [outcome for outcome in stopped.outcomes if outcome.error]
    assert unfinished.change.kind == drains
    assert unfinished.error.startswith("it was interrupted; it ")
    assert unfinished.error.endswith("; the next apply goes on waiting")
    assert state(account, old)["status"] == "RUNNING"
    again = account.plan(changed)
    assert [(c.action, c.kind) for c in again.plan.changes] == [(Action.DELETE, drains)]
    done(account.carry_out(again, aws))
    assert state(account, old)["container"]["exitCode"] == 7
    places = [state(account, run)["container"]["taskArn"].split("/")[1] for run in (old, *new)]
    queues = [state(account, run)["jobQueue"] for run in (old, *new)]
    assert len(set(places if drains == "batch_compute_environment" else queues)) == 2
    assert_empty(account.plan(changed))


def test_a_destroy_ends_the_jobs_at_once(account: Account, tmp_path: Path) -> None:
    account.put(shop(tmp_path))
    run = start(account, 60)
    began = time.monotonic()
    done(account.destroy(shop(tmp_path)))
    assert time.monotonic() - began < 30
    assert state(account, run)["status"] == "FAILED"
    assert not waited(account, "batch_job_queue")
