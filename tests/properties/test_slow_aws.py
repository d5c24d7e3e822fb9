"""AWS as slow as it is: states that take time, fresh roles nobody can assume, names that cool down, a late index."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrapectl.engine.plan import Phase
from scrapectl.spec.model import Spec
from tests.account import REGION, SEEDS, SPECS, assert_empty, done, example, spec_of
from tests.clouds_clock import SlowAccount
from tests.random_specs import ENV, furnished, random_spec

MADE_AGAIN = {"quickstart", "upload-workflow"}


def assert_lives(spec: Spec, rounds: int = 2) -> None:
    """Apply, plan, destroy, and apply again at once, while names that were given up cool down."""
    account = SlowAccount()
    furnished(account)
    for _ in range(rounds):
        before = account.clock.now()
        done(account.apply(spec))
        assert account.clock.now() > before + 10, "the cloud is not slow"
        account.clock.advance(60)  # the index learns of the last thing late
        assert_empty(account.plan(spec))
        done(account.destroy(spec))
    account.clock.advance(120)
    account.owned(spec.owner, spec.region or REGION)  # the index learns when it is asked
    account.clock.advance(120)
    assert account.owned(spec.owner, spec.region or REGION) == []
    account.cloud.close()


@pytest.mark.parametrize(("name", "stage"), SPECS)
def test_example_lives_through_delays(name: str, stage: str | None) -> None:
    """One of each sort is made again at once."""
    assert_lives(example(name, stage=stage), 2 if SEEDS > 25 or name in MADE_AGAIN else 1)


@pytest.mark.parametrize("seed", [4] if SEEDS <= 25 else range(SEEDS // 10))
def test_any_spec_lives_through_delays(folder: Path, seed: int) -> None:
    assert_lives(spec_of(random_spec(seed), folder, ENV))


def test_fresh_role_is_waited_for() -> None:
    """On a queue that stands already, nothing else takes as long as the scheduler's new role."""
    account = SlowAccount()
    ec2, batch = account.client("ec2"), account.client("batch")
    resources = {
        "type": "FARGATE",
        "maxvCpus": 1,
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }
    batch.create_compute_environment(computeEnvironmentName="theirs", type="MANAGED", computeResources=resources)
    account.clock.advance(60)
    order = [{"order": 1, "computeEnvironment": "theirs"}]
    batch.create_job_queue(jobQueueName="theirs", priority=1, computeEnvironmentOrder=order)
    account.clock.advance(60)
    spec = spec_of(
        "version: 1\npipeline: shop\nregion: us-east-1\njob_queues: {default: {existing: theirs}}\n"
        "jobs: {walk: {image: x, schedules: {daily: {rate: 1d}}}}\n"
    )
    account.put(spec)
    retried = {event.change.address: event.text for event in account.events if event.phase is Phase.RETRYING}
    assert list(retried) == ["schedule.shop-walk_daily"]
    assert "must allow AWS EventBridge Scheduler to assume the role" in retried["schedule.shop-walk_daily"]
    assert_empty(account.plan(spec))
