"""What was just made is not known to all of AWS at once: reads and writes say "not found" for some seconds."""

from __future__ import annotations

import pytest

from scrapectl.local.registry import Call, Refusal
from tests.account import assert_empty, done, example
from tests.clouds_clock import SlowAccount

SECONDS = 6.0
NO_ROLE = Refusal("NoSuchEntity", "The role with name x cannot be found.", 404)
NO_BUCKET = Refusal("NoSuchBucket", "The specified bucket does not exist", 404)
NO_QUEUE = Refusal("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.", 400)
NO_TARGET = Refusal("InvalidParameterValue", "Value … is invalid. Reason: Dead letter target does not exist.", 400)
NO_REPOSITORY = Refusal("RepositoryNotFoundException", "The repository does not exist", 400)
NO_GROUP = Refusal("ResourceNotFoundException", "Schedule group x does not exist.", 404)
NO_LOGS = Refusal("ResourceNotFoundException", "The specified log group does not exist.", 400)
LATE = {
    "CreateRole": {"GetRole": NO_ROLE, "PutRolePolicy": NO_ROLE},
    "CreateBucket": {"HeadBucket": Refusal("404", "Not Found", 404), "PutPublicAccessBlock": NO_BUCKET},
    "CreateQueue": {"GetQueueUrl": NO_QUEUE, "CreateQueue": NO_TARGET},
    "CreateRepository": {"DescribeRepositories": NO_REPOSITORY, "PutLifecyclePolicy": NO_REPOSITORY},
    "CreateScheduleGroup": {"CreateSchedule": NO_GROUP},
    "CreateLogGroup": {"PutRetentionPolicy": NO_LOGS},
}


class Late:
    """Hides what a create made; with `lost`, the first answer of each create does not arrive either."""

    def __init__(self, slow: SlowAccount, *, lost: bool) -> None:
        self.clock = slow.clock
        self.lost = lost
        self.until: dict[str, float] = {}
        self.hidden = 0

    def __call__(self, call: Call) -> None:
        for create, refusals in LATE.items():
            if self.clock.now() < self.until.get(create, 0) and call.operation in refusals:
                self.hidden += 1
                refusal = refusals[call.operation]
                raise Refusal(refusal.code, refusal.message, refusal.status)
        if call.operation in LATE and call.operation not in self.until:
            self.until[call.operation] = self.clock.now() + SECONDS
            call.lose_answer = self.lost and call.operation != "CreateQueue"


@pytest.fixture
def slow():
    found = SlowAccount()
    yield found
    found.cloud.close()


@pytest.mark.parametrize("lost", [False, True])
def test_apply_ends_in_one_pass(slow: SlowAccount, lost: bool) -> None:
    spec = example("batch-collector", region="us-east-1")
    planned = slow.plan(spec)
    late = Late(slow, lost=lost)
    slow.cloud.hooks.append(late)
    applied = slow.carry_out(planned, slow.session())
    slow.cloud.hooks.remove(late)
    assert set(late.until) == set(LATE)
    assert late.hidden >= len(LATE)
    done(applied)
    slow.clock.advance(300)
    assert_empty(slow.plan(spec))
