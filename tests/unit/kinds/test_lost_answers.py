"""A create whose answer is lost is repeated safely, or told as lost: the engine then looks before it goes on."""

from __future__ import annotations

import pytest

from scrapectl.errors import AwsError
from tests.contract.batch_cases import BATCH_CASES
from tests.contract.bench import Bench, open_bench
from tests.contract.cases import CASES

CREATES = {
    "iam_role": "CreateRole",
    "log_group": "CreateLogGroup",
    "s3_bucket": "CreateBucket",
    "sqs_queue": "CreateQueue",
    "secret": "CreateSecret",
    "ecr_repository": "CreateRepository",
    "security_group": "CreateSecurityGroup",
    "batch_scheduling_policy": "CreateSchedulingPolicy",
    "batch_compute_environment": "CreateComputeEnvironment",
    "batch_job_queue": "CreateJobQueue",
    "batch_job_definition": "RegisterJobDefinition",
    "schedule_group": "CreateScheduleGroup",
    "schedule": "CreateSchedule",
}
TAGS = {"scrapectl:pipeline": "shop"}


def lose_a_create(bench: Bench, name: str) -> None:
    want = (CASES | BATCH_CASES)[name].make(bench, "shop")
    bench.sent.lose_answer(CREATES[name])
    told: AwsError | None = None
    try:
        want.create(bench.aws, TAGS)
    except AwsError as error:
        told = error
    assert told is None or told.lost
    bench.put(want, "shop")
    assert bench.difference(want) == set()


@pytest.mark.parametrize("name", CREATES)
def test_it_stands_once(name):
    with open_bench() as bench:
        lose_a_create(bench, name)


def test_no_second_revision_is_registered():
    with open_bench() as bench:
        lose_a_create(bench, "batch_job_definition")
        assert bench.sent.count()["batch", "RegisterJobDefinition"] == 1
