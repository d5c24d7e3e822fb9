"""`apply` of what must be replaced while a job runs in it: told, interrupted, and ended by --kill."""

from __future__ import annotations

import signal

import pytest

from tests.cli.conftest import PATIENCE, started
from tests.cli.uploads import await_

SPEC = """
    version: 1
    pipeline: {name}
    region: us-east-1
    images: {{scraper: {{build: ./scraper}}}}
    compute_environments: {{main: {{type: {type}}}}}
    job_queues: {{default: {{}}}}
    jobs: {{walk: {{image: scraper, retries: 0}}}}
"""


@pytest.mark.usefixtures("cloud")
def test_an_interrupted_drain_is_ended_by_kill(spec, scrapectl):
    spec(SPEC.format(name="drains", type="fargate"), "import time; time.sleep(60)")
    assert scrapectl("apply", "--yes").code == 0
    run = scrapectl("run", "walk", "--output", "json").json["run"]
    await_(lambda: one(scrapectl, run)["state"] == "RUNNING")
    spec(SPEC.format(name="drains", type="fargate-spot"), "import time; time.sleep(60)")
    with started("apply", "--yes") as apply:
        assert apply.stderr is not None
        said = next(line for line in apply.stderr if "waits for the end of the 1 that run in it" in line)
        apply.send_signal(signal.SIGINT)
        left, _ = apply.communicate(timeout=PATIENCE)
    assert said.strip().startswith("waiting replace batch_compute_environment.drains-main: ")
    assert said.strip().endswith("; Ctrl-C is safe, --kill ends them")
    assert apply.returncode == 130
    assert "the next apply goes on waiting" in left
    assert one(scrapectl, run)["state"] == "RUNNING"
    assert scrapectl("apply", "--yes", "--kill").code == 0
    ended = one(scrapectl, run)
    assert (ended["state"], ended["reason"]) == ("FAILED", "its compute environment is replaced or removed")
    assert scrapectl("plan", "--detailed-exitcode").code == 0


def one(scrapectl, run):
    """A run as `status` tells it."""
    return next(each for each in scrapectl("status", "--output", "json").json["runs"] if each["run"] == run)
