"""The cases of Batch and Scheduler."""

from __future__ import annotations

import json
from typing import Any

from scrapectl.engine.resource import Resource
from scrapectl.kinds.batch_compute_environment import BatchComputeEnvironment, compute_environment_arn
from scrapectl.kinds.batch_container import BatchMount
from scrapectl.kinds.batch_job_definition import BatchJobDefinition
from scrapectl.kinds.batch_job_queue import BatchJobQueue
from scrapectl.kinds.batch_scheduling_policy import BatchSchedulingPolicy
from scrapectl.kinds.schedule import Schedule
from scrapectl.kinds.schedule_group import ScheduleGroup
from tests.contract.bench import Bench
from tests.contract.cases import Case, Together
from tests.held_jobs import hold_jobs

ROLES = "arn:aws:iam::123456789012:role/scrapectl/us-east-2/shop"
IMAGE = "123456789012.dkr.ecr.us-east-2.amazonaws.com/shop-scraper@sha256:" + "0" * 64
SECRET = "arn:aws:secretsmanager:us-east-2:123456789012:secret:shop-key-AbCdEf"
SOMEONES = {"scrapectl:pipeline": "base"}
SUBMIT_JOB = "arn:aws:scheduler:::aws-sdk:batch:submitJob"
REQUEST = {
    "JobName": "shop-collect_hourly",
    "JobQueue": "arn:aws:batch:us-east-2:123456789012:job-queue/shop-default",
    "JobDefinition": "arn:aws:batch:us-east-2:123456789012:job-definition/shop-collect",
    "ContainerOverrides": {"Environment": [{"Name": "ZIP", "Value": "48104"}]},
}


def subnets(bench: Bench) -> list[str]:
    found = bench.aws.client("ec2").describe_subnets()["Subnets"]
    return sorted(subnet["SubnetId"] for subnet in found)


def security_groups(bench: Bench) -> list[str]:
    ec2 = bench.aws.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_security_group(GroupName="others", Description="others", VpcId=vpc)
    return sorted(group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"])


def environment(bench: Bench, owner: str, name: str = "default") -> BatchComputeEnvironment:
    return BatchComputeEnvironment(
        name=f"{owner}-{name}",
        type="FARGATE",
        max_vcpus=16,
        subnets=tuple(bench.once("subnets", lambda: subnets(bench))[:2]),
        security_groups=tuple(bench.once("security_groups", lambda: security_groups(bench))[:1]),
    )


def policy(_bench: Bench, owner: str) -> BatchSchedulingPolicy:
    return BatchSchedulingPolicy(
        name=f"{owner}-shares", shares=(("low", 1.0), ("high", 1 / 3)), decay_seconds=300, reservation=1
    )


def standing_environments(bench: Bench) -> tuple[str, ...]:
    wanted = [environment(bench, "base", name) for name in ("a", "b")]
    for want in wanted:
        want.create(bench.aws, SOMEONES)
    bench.cloud.clock.advance(60)
    place = ("aws", bench.aws.region, bench.aws.account)
    return tuple(compute_environment_arn(*place, want.name) for want in wanted)


def standing_policy(bench: Bench, name: str) -> str:
    live = policy(bench, name).create(bench.aws, SOMEONES)
    assert live is not None
    return live.outputs["arn"]


def job_queue(bench: Bench, owner: str) -> BatchJobQueue:
    return BatchJobQueue(
        name=f"{owner}-default",
        compute=bench.once("environments", lambda: standing_environments(bench)),
        priority=10,
        scheduling_policy=bench.once("policy", lambda: standing_policy(bench, "base")),
    )


def definition(_bench: Bench, owner: str) -> BatchJobDefinition:
    return BatchJobDefinition(
        name=f"{owner}-collect",
        image=IMAGE,
        command=("python", "-m", "scraper"),
        vcpus="0.5",
        memory=1024,
        disk=50,
        public_ip=True,
        environment={"ZIP": "48109", "BUCKET": "raw"},
        secrets={"KEY": SECRET},
        job_role=f"{ROLES}/collect",
        execution_role=f"{ROLES}/execution",
        log_group=f"/scrapectl/{owner}",
        log_region="us-east-2",
        log_prefix="collect",
        timeout=1800,
        attempts=3,
        retry_on=("spot", "exit:137"),
        priority=5,
        keep_revisions=3,
    )


def group(_bench: Bench, owner: str) -> ScheduleGroup:
    return ScheduleGroup(name=owner)


def scheduler_role(bench: Bench, name: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    answer = bench.aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    bench.cloud.clock.advance(60)
    return str(answer["Role"]["Arn"])


def schedule(bench: Bench, owner: str) -> Schedule:
    bench.once(f"group {owner}", lambda: group(bench, owner).create(bench.aws, SOMEONES))
    return Schedule(
        group=owner,
        name="collect_hourly",
        expression="rate(1 hours)",
        timezone="America/Detroit",
        flex_minutes=15,
        target_arn=SUBMIT_JOB,
        role_arn=bench.once("role", lambda: scheduler_role(bench, "scheduler")),
        input=REQUEST,
        retries=3,
        within_seconds=3600,
        dead_letter="arn:aws:sqs:us-east-2:123456789012:shop_dead",
        description="every hour",
    )


def run_in_queue(bench: Bench, queue: Resource, **more: Any) -> None:
    """Leave a job running in a queue."""
    hold_jobs(bench.cloud)
    name = queue.key()[0]
    definition(bench, name).create(bench.aws, SOMEONES)
    fair = {"shareIdentifier": "low"} if vars(queue)["scheduling_policy"] else {}
    bench.aws.call("batch", "submit_job", jobName="x", jobQueue=name, jobDefinition=f"{name}-collect", **fair, **more)


def run_in_environment(bench: Bench, want: Resource) -> None:
    """Leave an array running in an environment that its queue has left."""
    place = ("aws", bench.aws.region, bench.aws.account)
    environment(bench, "base", "other").create(bench.aws, SOMEONES)
    queue = BatchJobQueue(name="left", compute=(compute_environment_arn(*place, want.key()[0]),))
    queue.create(bench.aws, SOMEONES)
    bench.cloud.clock.advance(60)
    run_in_queue(bench, queue, arrayProperties={"size": 2})
    order = [{"order": 1, "computeEnvironment": compute_environment_arn(*place, "base-other")}]
    bench.aws.call("batch", "update_job_queue", jobQueue="left", computeEnvironmentOrder=order)
    bench.cloud.clock.advance(60)


BATCH_CASES: dict[str, Case] = {
    BatchSchedulingPolicy.kind: Case(
        policy,
        {
            "shares": lambda _: (("low", 2.0), ("medium", 0.5)),
            "decay_seconds": lambda _: 0,
            "reservation": lambda _: 99,
        },
    ),
    BatchComputeEnvironment.kind: Case(
        environment,
        {
            "max_vcpus": lambda _: 32,
            "subnets": lambda bench: tuple(bench.made["subnets"][1:]),
            "security_groups": lambda bench: tuple(bench.made["security_groups"][1:]),
            "state": lambda _: "DISABLED",
        },
        fill=run_in_environment,
        implied={"create": frozenset({"iam:CreateServiceLinkedRole"})},  # of an account's first environment
    ),
    BatchJobQueue.kind: Case(
        job_queue,
        {
            "compute": lambda bench: bench.made["environments"][::-1],
            "priority": lambda _: 0,
            "scheduling_policy": lambda bench: bench.once("other policy", lambda: standing_policy(bench, "other")),
            "state": lambda _: "DISABLED",
            "stuck_after": lambda _: 1200,
        },
        fill=run_in_queue,
    ),
    BatchJobDefinition.kind: Case(
        definition,
        {
            "image": lambda _: "busybox",
            "command": lambda _: (),
            "memory": lambda _: 2048,
            "vcpus": lambda _: "1",  # after the memory: 1024 MiB do not go with it
            "platform": lambda _: "ARM64",
            "disk": lambda _: None,
            "public_ip": lambda _: False,
            "environment": lambda _: {"ZIP": "48104"},
            "secrets": lambda _: {},
            "job_role": lambda _: None,
            "execution_role": lambda _: f"{ROLES}/other",
            "log_group": lambda _: "/other",
            "log_region": lambda _: "us-west-2",
            "log_prefix": lambda _: "other",
            "timeout": lambda _: 60,
            "attempts": lambda _: 10,
            "retry_on": lambda _: None,
            "priority": lambda _: None,
            "propagate_tags": lambda _: False,
            "read_only": lambda _: True,
            "mounts": lambda _: frozenset({BatchMount("/mnt/files", "fs-0123456789abcdef0", "fsap-0123456789abcdef0")}),
            "runs_on": lambda _: Together(runs_on="EC2", platform=None, public_ip=None),
        },
    ),
    ScheduleGroup.kind: Case(group, implied={"delete": frozenset({"scheduler:DeleteSchedule"})}),
    Schedule.kind: Case(
        schedule,
        {
            "expression": lambda _: "cron(0 6 ? * MON-FRI *)",
            "timezone": lambda _: "UTC",
            "flex_minutes": lambda _: None,
            "state": lambda _: "DISABLED",
            "start": lambda _: "2027-01-01T00:00:00Z",
            "end": lambda _: "2027-06-01T00:00:00Z",
            "target_arn": lambda _: "arn:aws:scheduler:::aws-sdk:batch:cancelJob",
            "role_arn": lambda bench: bench.once("other role", lambda: scheduler_role(bench, "other")),
            "input": lambda _: {"JobName": "x"},
            "retries": lambda _: 0,
            "within_seconds": lambda _: 60,
            "dead_letter": lambda _: None,
            "description": lambda _: "",
        },
        user_tags=False,
    ),
}
