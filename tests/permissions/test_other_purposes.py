"""`policy --for run|read|destroy` lets just that be done: whatever else is tried is denied by its name."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from tests.permissions.everything import POLICIES, TEXT
from tests.permissions.life import HEAD, Answer, Life, StoppedError, actions_in, told
from tests.permissions.scenes import allow

SECTIONS = TEXT.removeprefix(HEAD)
_ANY = {"name": "JOB_NAME", "values": ["*"]}
MORE_TO_RUN = actions_in(POLICIES["run"]) - actions_in(POLICIES["read"])


@pytest.fixture
def standing(life: Life) -> Life:
    """Everything stands, and nothing has been asked of the policies under test."""
    life.apply(SECTIONS)
    record = {"loader": "persons", "run": "r", "state": "refused", "sources": [], "reason": "no number"}
    key = f"records/persons/{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-r.json"
    with life.others() as client:
        bucket = f"shop-loads-{life.account.cloud.account}-us-east-1"
        client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(record).encode())
    return life


def read(life: Life) -> None:
    life.started()
    with life.others() as client:
        states = client("stepfunctions")
        machines = {each["name"]: each["stateMachineArn"] for each in states.list_state_machines()["stateMachines"]}
        states.start_execution(stateMachineArn=machines["shop-process"])
    with pytest.MonkeyPatch.context() as unset:
        unset.delenv("KEY")  # whoever may only read compares no secret's value
        look(life)
    nothing_runs(life)


def nothing_runs(life: Life) -> None:
    """What was started to be looked at is ended, and the host's group launches again."""
    with life.others() as client:
        states, batch, group = client("stepfunctions"), client("batch"), "shop-ingester"
        for machine in states.list_state_machines()["stateMachines"]:
            for run in states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]:
                states.stop_execution(executionArn=run["executionArn"])
        for queue in batch.describe_job_queues()["jobQueues"]:
            for job in batch.list_jobs(jobQueue=queue["jobQueueName"], filters=[_ANY])["jobSummaryList"]:
                batch.terminate_job(jobId=job["jobId"], reason="looked at")
        client("autoscaling").set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=0)
        client("autoscaling").resume_processes(AutoScalingGroupName=group)


def look(life: Life) -> None:
    for words in (
        "plan",
        "drift",
        "status",
        "schedule list",
        "images list",
        "logs work",
        "status work",
        "logs process",
        "load status",
    ):
        life.run("read", *words.split())
    hosts_looked_at(life)


def hosts_looked_at(life: Life) -> None:
    """One runs; then one is wanted and there is none."""
    group = {"AutoScalingGroupName": "shop-ingester"}
    with life.others() as client:
        client("autoscaling").set_desired_capacity(**group, DesiredCapacity=1)
    life.run("read", "status")
    with life.others() as client:
        scaling = client("autoscaling")
        (found,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["shop-ingester"])["AutoScalingGroups"]
        scaling.suspend_processes(**group, ScalingProcesses=["Launch"])
        for one in found["Instances"]:
            ended = {"InstanceId": one["InstanceId"], "ShouldDecrementDesiredCapacity": False}
            scaling.terminate_instance_in_auto_scaling_group(**ended)
    life.run("read", "status")


def run(life: Life) -> None:
    for words in ("schedule pause work", "schedule resume work", "run work", "status", "logs work", "stop work"):
        life.run("run", *words.split())
    for words in ("run publish", "logs publish", "run process", "logs process", "stop process"):
        life.run("run", *words.split())
    hosts(life)
    with life.others() as client:
        client("s3").put_object(Bucket=f"shop-raw-{life.account.cloud.account}-us-east-1", Key="a", Body=b"new")
        client("sesv2").create_email_identity(EmailIdentity="a@example.org")
    for words in ("share raw --email a@example.org --sender a@example.org", "share raw --email a@example.org"):
        life.run("run", *words.split())


def hosts(life: Life) -> None:
    for words in ("schedule pause ingester", "schedule resume ingester", "run ingester", "logs ingester"):
        life.run("run", *words.split())
    fails(life, "runs already", "run ingester")
    life.run("run", "stop", "ingester")
    with life.others() as client:
        client("ec2").delete_launch_template(LaunchTemplateName="shop-ingester")
    fails(life, "got no instance", "run ingester")


def fails(life: Life, why: str, words: str) -> None:
    """What it does when it cannot be done asks AWS why."""
    try:
        life.run("run", *words.split())
    except StoppedError as stopped:
        if why not in told(stopped.answer):
            raise
    else:
        pytest.fail(f"{words}: nothing was in the way")


def destroy(life: Life) -> None:
    name = f"shop-raw-{life.account.cloud.account}-us-east-1"
    with life.others() as client:
        iam = client("iam")
        other = iam.create_policy(PolicyName="other", PolicyDocument=allow("s3:GetObject", Resource="*"))["Policy"][
            "Arn"
        ]
        iam.attach_role_policy(RoleName="shop_scheduler-us-east-1", PolicyArn=other)
        client("ssm").delete_parameter(Name="/scrapectl/shop/anchor")  # a destroy that was cut short left none
        client("s3").put_object(Bucket=name, Key="a", Body=b"old")
        client("s3").delete_object(Bucket=name, Key="a")
        client("s3").create_multipart_upload(Bucket=name, Key="half")
        groups = client("ec2").describe_security_groups()["SecurityGroups"]
        jobs = next(one["GroupId"] for one in groups if one["GroupName"] == "shop_jobs")
        life.lingers(client("ec2").describe_subnets()["Subnets"][0]["SubnetId"], jobs)
        cloud = life.account.cloud
        cloud.delays = dataclasses.replace(cloud.delays, transfer_launch=3600.0)
        (task,) = client("datasync").list_tasks()["Tasks"]
        client("datasync").start_task_execution(TaskArn=task["TaskArn"])
    life.run("destroy", "destroy", "--yes", "--keep-data")
    life.run("apply", "apply", "--yes")
    life.run("destroy", "destroy", "--yes", "--delete-data")


def denied(life: Life, purpose, *words: str) -> Answer:
    with pytest.raises(StoppedError) as stopped:
        life.run(purpose, *words)
    assert stopped.value.answer.code == 1, stopped.value.answer
    return stopped.value.answer


def what_it_is_not_for_is_denied(life: Life) -> None:
    for purpose, words, action in (
        ("read", "run work", "batch:SubmitJob"),
        ("read", "schedule pause work", "ssm:PutParameter"),
        ("read", "destroy --yes", "s3:ListAllMyBuckets"),
        ("run", "destroy --yes", "ec2:DescribeVpcs"),
        ("destroy", "run work", "batch:SubmitJob"),
    ):
        assert action in told(denied(life, purpose, *words.split())), (purpose, words)


def test_each_policy_is_enough_and_all_of_it_is_needed(standing: Life):
    """What `run` may beyond `read` is missed by its name first, and then given."""
    what_it_is_not_for_is_denied(standing)
    standing.used.clear()  # what was tried in vain proves nothing
    for purpose in (read, run, destroy):
        standing.withheld = MORE_TO_RUN if purpose is run else set()
        purpose(standing)
        unused = actions_in(POLICIES[purpose.__name__]) - standing.used[purpose.__name__]
        assert unused == set(), purpose.__name__
        assert not standing.withheld, purpose.__name__
