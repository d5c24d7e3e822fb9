"""The first environment of an account: Batch makes its own role with it, and may not be able to assume it yet."""

from __future__ import annotations

import pytest

from scrapectl.local.services.batch import environments
from tests.account import done, example
from tests.clouds_clock import SlowAccount

NOT_YET = "CLIENT_ERROR - … is not authorized to perform: sts:AssumeRole on resource: …/AWSServiceRoleForBatch"


@pytest.fixture
def slow():
    found = SlowAccount()
    yield found
    found.cloud.close()


def fail_for(slow: SlowAccount, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every environment end INVALID until so many seconds have passed."""
    until, illness = slow.clock.now() + seconds, environments.illness
    monkeypatch.setattr(
        environments,
        "illness",
        lambda call, document: NOT_YET if slow.clock.now() < until else illness(call, document),
    )


def test_it_is_sent_again_until_it_is_valid(slow: SlowAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = example("quickstart", region="us-east-1")
    fail_for(slow, 60, monkeypatch)
    done(slow.apply(spec))


def test_one_that_stays_broken_is_told_with_the_reason(slow: SlowAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = example("quickstart", region="us-east-1")
    fail_for(slow, 1e9, monkeypatch)
    began = slow.clock.now()
    applied = slow.apply(spec)
    (why,) = [o.error for o in applied.outcomes if o.change.kind == "batch_compute_environment"]
    assert NOT_YET in why
    assert slow.clock.now() - began < 300
