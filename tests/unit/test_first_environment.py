"""The first environment of an account: Batch makes its own role with it, and may not be able to assume it yet."""

from __future__ import annotations

import pytest

from scrapectl.local.services.batch import environments
from scrapectl.spec import load_spec
from tests.unit.test_slow_cloud import EXAMPLES, Slow

NOT_YET = "CLIENT_ERROR - … is not authorized to perform: sts:AssumeRole on resource: …/AWSServiceRoleForBatch"


@pytest.fixture
def slow():
    found = Slow()
    yield found
    found.cloud.close()


def fail_for(slow: Slow, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every environment end INVALID until so many seconds have passed."""
    until, illness = slow.clock.now() + seconds, environments.illness
    monkeypatch.setattr(
        environments,
        "illness",
        lambda call, document: NOT_YET if slow.clock.now() < until else illness(call, document),
    )


def test_it_is_sent_again_until_it_is_valid(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = load_spec(EXAMPLES / "quickstart" / "pipeline.yaml", region="us-east-1", env={})
    fail_for(slow, 60, monkeypatch)
    applied = slow.apply(slow.plan(spec))
    assert [(o.change.address, o.error) for o in applied.outcomes if o.error] == []


def test_one_that_stays_broken_is_told_with_the_reason(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = load_spec(EXAMPLES / "quickstart" / "pipeline.yaml", region="us-east-1", env={})
    fail_for(slow, 1e9, monkeypatch)
    began = slow.clock.now()
    applied = slow.apply(slow.plan(spec))
    (why,) = [o.error for o in applied.outcomes if o.change.kind == "batch_compute_environment"]
    assert NOT_YET in why
    assert slow.clock.now() - began < 300
