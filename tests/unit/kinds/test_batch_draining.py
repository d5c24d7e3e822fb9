"""Queues and environments that go: the jobs that they wait for, and those that are ended."""

from __future__ import annotations

from typing import Any

import pytest

from scrapectl.engine.resource import Live, Removal
from scrapectl.kinds.batch_compute_environment import BatchComputeEnvironment, compute_environment_arn
from scrapectl.kinds.batch_job_queue import BatchJobQueue
from tests.held_jobs import hold_jobs

TAGS = {"scrapectl:pipeline": "shop"}
QUEUE, OLD, NEW = ("work",), ("old",), ("new",)
KILL = Removal(kill=True)


@pytest.fixture
def held(cloud):
    """The jobs that run; they end when they are told to."""
    return hold_jobs(cloud)


@pytest.fixture
def submit(aws, cloud, held):
    """Two environments of two vCPUs each, a queue over the old one, and what submits a job of one vCPU to it."""
    subnet = aws.call("ec2", "describe_subnets")["Subnets"][0]["SubnetId"]
    group = aws.call("ec2", "describe_security_groups")["SecurityGroups"][0]["GroupId"]
    for (name,) in (OLD, NEW):
        BatchComputeEnvironment(
            name=name, type="FARGATE", max_vcpus=2, subnets=(subnet,), security_groups=(group,)
        ).create(aws, TAGS)
    cloud.clock.advance(60)
    BatchJobQueue(name=QUEUE[0], compute=(arn(aws, OLD),)).create(aws, TAGS)
    container = {
        "image": "x",
        "executionRoleArn": "arn:aws:iam::123456789012:role/x",
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
    }
    aws.call(
        "batch",
        "register_job_definition",
        jobDefinitionName="job",
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties=container,
    )
    cloud.clock.advance(60)

    def job(**more: Any) -> str:
        request = {"jobName": "x", "jobQueue": QUEUE[0], "jobDefinition": "job"} | more
        return str(aws.call("batch", "submit_job", **request)["jobId"])

    return job


def arn(aws, key) -> str:
    return compute_environment_arn("aws", aws.region, aws.account, key[0])


def state(aws, job: str) -> str:
    return str(aws.call("batch", "describe_jobs", jobs=[job])["jobs"][0]["status"])


def live(aws, cloud, kind, key) -> Live | None:
    cloud.clock.advance(60)
    return kind.read_many(aws, [key]).get(key)


def delete(aws, cloud, kind, key, removal=Removal()) -> str | None:  # noqa: B008 - frozen
    """One step of its end; what it waits for."""
    return kind.delete(aws, live(aws, cloud, kind, key), removal)


def move_to_new(aws, cloud) -> None:
    aws.call(
        "batch",
        "update_job_queue",
        jobQueue=QUEUE[0],
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": arn(aws, NEW)}],
    )
    cloud.clock.advance(60)


@pytest.mark.parametrize(
    ("jobs", "states"),
    [
        ([{}], ["RUNNING"]),
        ([{}, {}, {}], ["RUNNING", "RUNNING", "RUNNABLE"]),
        ([{"arrayProperties": {"size": 2}}], ["PENDING"]),
    ],
)
def test_a_queue_waits_for_each_of_its_jobs(aws, cloud, sent, held, submit, jobs, states):
    submitted = [submit(**job) for job in jobs]
    assert [state(aws, job) for job in submitted] == states
    assert delete(aws, cloud, BatchJobQueue, QUEUE) is None
    awaited = f"it takes no more jobs, and waits for the end of the {len(jobs)} that it holds"
    assert delete(aws, cloud, BatchJobQueue, QUEUE) == awaited
    assert not sent.of("DeleteJobQueue")
    for job in held:  # grows: the queue goes on starting what it holds
        job.end(3)
    assert {state(aws, job) for job in submitted} == {"FAILED"}
    assert delete(aws, cloud, BatchJobQueue, QUEUE) is None
    assert live(aws, cloud, BatchJobQueue, QUEUE) is None


def test_a_job_that_waits_for_another_holds_its_queue(aws, cloud, held, submit):
    first = submit()
    second = submit(dependsOn=[{"jobId": first}])
    delete(aws, cloud, BatchJobQueue, QUEUE)
    assert "the 2 that it holds" in str(delete(aws, cloud, BatchJobQueue, QUEUE))
    held[0].end(0)
    assert "the 1 that it holds" in str(delete(aws, cloud, BatchJobQueue, QUEUE))
    held[1].end(0)
    assert state(aws, second) == "SUCCEEDED"
    assert delete(aws, cloud, BatchJobQueue, QUEUE) is None


def test_a_queue_of_a_pipeline_that_ends_waits_for_none(aws, cloud, sent, submit):
    job = submit()
    for _ in range(2):
        assert delete(aws, cloud, BatchJobQueue, QUEUE, Removal(drains=False)) is None
    assert sent.of("DeleteJobQueue")
    assert not sent.of("TerminateJob")
    assert live(aws, cloud, BatchJobQueue, QUEUE) is None
    assert state(aws, job) == "FAILED"


def test_kill_ends_what_a_queue_holds(aws, cloud, sent, held, submit):
    submit()
    held[0].end(0)
    going = [submit(), submit(), submit()]
    delete(aws, cloud, BatchJobQueue, QUEUE, KILL)
    assert not sent.of("TerminateJob")  # a queue that still takes jobs is not emptied
    assert "the 3 that it holds" in str(delete(aws, cloud, BatchJobQueue, QUEUE, KILL))
    ended = {(request["jobId"], request["reason"]) for request in sent.of("TerminateJob")}
    assert ended == {(job, "its queue is replaced or removed") for job in going}
    assert {state(aws, job) for job in going} == {"FAILED"}
    assert delete(aws, cloud, BatchJobQueue, QUEUE, KILL) is None


def test_an_environment_waits_for_what_runs_in_it_while_jobs_start_elsewhere(aws, cloud, sent, held, submit):
    old = submit()
    move_to_new(aws, cloud)
    new = submit()
    assert delete(aws, cloud, BatchComputeEnvironment, OLD) is None
    awaited = "it starts no more jobs, and waits for the end of the 1 that run in it"
    assert delete(aws, cloud, BatchComputeEnvironment, OLD) == awaited
    assert not sent.of("DeleteComputeEnvironment")
    held[0].end(0)
    assert (state(aws, old), state(aws, new)) == ("SUCCEEDED", "RUNNING")
    assert delete(aws, cloud, BatchComputeEnvironment, OLD) is None
    assert live(aws, cloud, BatchComputeEnvironment, OLD) is None


@pytest.mark.parametrize("array", [{}, {"arrayProperties": {"size": 2}}])
def test_kill_ends_what_runs_in_an_environment_and_nothing_beside_it(aws, cloud, sent, held, submit, array):
    old = submit(**array)
    move_to_new(aws, cloud)
    new = submit()
    delete(aws, cloud, BatchComputeEnvironment, OLD, KILL)
    assert "that run in it" in str(delete(aws, cloud, BatchComputeEnvironment, OLD, KILL))
    ended = {request["jobId"] for request in sent.of("TerminateJob")}
    assert ended == ({f"{old}:0", f"{old}:1"} if array else {old})
    assert (state(aws, old), state(aws, new)) == ("FAILED", "RUNNING")
    assert delete(aws, cloud, BatchComputeEnvironment, OLD, KILL) is None
    assert live(aws, cloud, BatchComputeEnvironment, OLD) is None


def test_an_environment_without_a_cluster_has_no_tasks(aws, cloud, sent, submit, monkeypatch):
    delete(aws, cloud, BatchComputeEnvironment, NEW)
    going = live(aws, cloud, BatchComputeEnvironment, NEW)
    monkeypatch.setitem(vars(going), "detail", None)  # one that was INVALID from the beginning
    assert BatchComputeEnvironment.delete(aws, going, Removal()) is None
    assert not sent.of("ListTasks")
    assert live(aws, cloud, BatchComputeEnvironment, NEW) is None


def test_a_try_that_fails_while_its_environment_drains_is_made_again_in_the_new_one(aws, cloud, held, submit):
    job = submit(retryStrategy={"attempts": 2})
    move_to_new(aws, cloud)
    delete(aws, cloud, BatchComputeEnvironment, OLD)
    held[0].end(1)
    assert state(aws, job) == "RUNNING"
    assert held[1].job.environment["computeEnvironmentArn"] == arn(aws, NEW)
    assert delete(aws, cloud, BatchComputeEnvironment, OLD) is None
    assert live(aws, cloud, BatchComputeEnvironment, OLD) is None
