"""The exact requests for a scheduled fair-share job, as the batch collector needs them, each as AWS takes it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from scrapectl.aws.request_check import check_request
from scrapectl.kinds.batch_compute_environment import BatchComputeEnvironment
from scrapectl.kinds.batch_job_definition import BatchJobDefinition, job_definition_arn
from scrapectl.kinds.batch_job_queue import BatchJobQueue, job_queue_arn
from scrapectl.kinds.batch_scheduling_policy import BatchSchedulingPolicy, scheduling_policy_arn
from scrapectl.kinds.schedule import Schedule
from scrapectl.kinds.schedule_group import ScheduleGroup

PLACE = ("aws", "us-east-1", "123456789012")
ROLES = "arn:aws:iam::123456789012:role/scrapectl/us-east-1/collector"
TAGS = {
    "team": "mobility",
    "scrapectl:pipeline": "collector",
    "scrapectl:address": "x.collector",
    "scrapectl:applied": "v1:0a1b",
}
SHARES = {"low": 1.0, "medium": 0.5, "high": 0.25}
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/collector@sha256:" + "0" * 64


class Sink:
    """Takes every request and answers what a create answers."""

    account, region, partition, local = "123456789012", "us-east-1", "aws", False

    def __init__(self) -> None:
        self.sent: dict[str, dict[str, Any]] = {}
        self.blind_retry: dict[str, bool] = {}

    def call(self, service, operation, /, *, absent=(), blind_retry=True, **params: Any):
        del absent
        api = "".join(word.title() for word in operation.split("_"))
        assert check_request(service, api, params) == []
        self.sent[api] = params
        self.blind_retry[api] = blind_retry
        arn = f"arn:aws:{service}:us-east-1:123456789012:thing/x"
        return {"arn": arn, "jobDefinitionArn": f"{arn}:1", "ScheduleArn": arn, "ScheduleGroupArn": arn}


@pytest.fixture(scope="module")
def sink() -> Sink:
    sink = Sink()
    environment = BatchComputeEnvironment(
        name="collector-spot-1a2b3c4d",
        type="FARGATE_SPOT",
        max_vcpus=64,
        subnets=("subnet-00000002", "subnet-00000001"),
        security_groups=("sg-00000001",),
    )
    policy = BatchSchedulingPolicy(
        name="collector-default_shares", shares=tuple(SHARES.items()), decay_seconds=300, reservation=0
    )
    queue = BatchJobQueue(
        name="collector-default-5e6f7a8b",
        priority=10,
        compute=("arn:aws:batch:us-east-1:123456789012:compute-environment/collector-spot-1a2b3c4d",),
        scheduling_policy=scheduling_policy_arn(*PLACE, policy.name),
    )
    definition = BatchJobDefinition(
        name="collector-init",
        image=IMAGE,
        command=("init",),
        vcpus="0.5",
        memory=1024,
        environment={"ZIP": "48109", "BUCKET": "collector-raw"},
        secrets={"NPS_KEY": "arn:aws:secretsmanager:us-east-1:123456789012:secret:nps-key-AbCdEf"},
        job_role=f"{ROLES}/init",
        execution_role=f"{ROLES}/execution",
        public_ip=True,
        log_group="/scrapectl/collector",
        log_region="us-east-1",
        log_prefix="init",
        timeout=1800,
        attempts=3,
        retry_on=("spot", "exit:137"),
        priority=100,
    )
    schedule = Schedule(
        group="collector",
        name="init_detroit",
        expression="cron(0 6 * * ? *)",
        timezone="America/Detroit",
        flex_minutes=15,
        start="2026-12-01T00:00:00Z",
        target_arn="arn:aws:scheduler:::aws-sdk:batch:submitJob",
        role_arn=f"{ROLES}/scheduler",
        input={
            "JobName": "collector-init_detroit",
            "JobQueue": job_queue_arn(*PLACE, queue.name),
            "JobDefinition": job_definition_arn(*PLACE, definition.name),
            "ShareIdentifier": "high",
            "SchedulingPriorityOverride": 7,
            "ContainerOverrides": {"Environment": [{"Name": "ZIP", "Value": "48201"}]},
        },
        retries=3,
        within_seconds=3600,
        dead_letter="arn:aws:sqs:us-east-1:123456789012:collector_dead",
    )
    for resource in (environment, policy, queue, definition, ScheduleGroup(name="collector"), schedule):
        resource.create(sink, TAGS)
    return sink


def test_fargate_environments_carry_nothing_that_fargate_refuses(sink):
    assert sink.sent["CreateComputeEnvironment"]["computeResources"] == {
        "type": "FARGATE_SPOT",
        "maxvCpus": 64,
        "subnets": ["subnet-00000001", "subnet-00000002"],
        "securityGroupIds": ["sg-00000001"],
    }
    assert "serviceRole" not in sink.sent["CreateComputeEnvironment"]


def test_the_policy_has_the_declared_shares_decay_and_reservation(sink):
    policy = sink.sent["CreateSchedulingPolicy"]["fairsharePolicy"]
    given = {share["shareIdentifier"]: share["weightFactor"] for share in policy["shareDistribution"]}
    assert given == SHARES
    assert (policy["shareDecaySeconds"], policy["computeReservation"]) == (300, 0)


def test_the_queue_has_the_policy_and_its_environments_in_order(sink):
    request = sink.sent["CreateJobQueue"]
    assert request["schedulingPolicyArn"] == scheduling_policy_arn(*PLACE, "collector-default_shares")
    assert [entry["order"] for entry in request["computeEnvironmentOrder"]] == [1]
    assert request["state"] == "ENABLED"


def test_the_definition_is_what_fargate_takes(sink):
    assert sink.sent["RegisterJobDefinition"] == {
        "jobDefinitionName": "collector-init",
        "type": "container",
        "platformCapabilities": ["FARGATE"],
        "containerProperties": {
            "image": IMAGE,
            "command": ["init"],
            "jobRoleArn": f"{ROLES}/init",
            "executionRoleArn": f"{ROLES}/execution",
            "resourceRequirements": [{"type": "VCPU", "value": "0.5"}, {"type": "MEMORY", "value": "1024"}],
            "environment": [{"name": "BUCKET", "value": "collector-raw"}, {"name": "ZIP", "value": "48109"}],
            "secrets": [
                {
                    "name": "NPS_KEY",
                    "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:nps-key-AbCdEf",
                }
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/scrapectl/collector",
                    "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "init",
                },
            },
            "networkConfiguration": {"assignPublicIp": "ENABLED"},
            "fargatePlatformConfiguration": {"platformVersion": "LATEST"},
            "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"},
        },
        "retryStrategy": {
            "attempts": 3,
            "evaluateOnExit": [
                {"onStatusReason": "Your Spot Task was interrupted*", "action": "RETRY"},
                {"onExitCode": "137", "action": "RETRY"},
                {"onReason": "*", "action": "EXIT"},
            ],
        },
        "timeout": {"attemptDurationSeconds": 1800},
        "schedulingPriority": 100,
        "propagateTags": True,
        "tags": TAGS,
    }


def test_a_create_without_a_token_is_never_repeated_blindly(sink):
    with_token = {"CreateSchedule", "CreateScheduleGroup"}
    assert {api for api, blind in sink.blind_retry.items() if blind} == with_token


def test_the_schedule_submits_the_job_by_a_universal_target(sink):
    target = sink.sent["CreateSchedule"]["Target"]
    assert target["Arn"] == "arn:aws:scheduler:::aws-sdk:batch:submitJob"
    request = json.loads(target["Input"])
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", request["JobName"])
    assert request["JobDefinition"].endswith(":job-definition/collector-init")
    assert request["JobQueue"].endswith(":job-queue/collector-default-5e6f7a8b")
    assert request["ShareIdentifier"] in SHARES
    assert request["ContainerOverrides"] == {"Environment": [{"Name": "ZIP", "Value": "48201"}]}
    assert all(member[0].isupper() for member in request)
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600}
    assert target["DeadLetterConfig"] == {"Arn": "arn:aws:sqs:us-east-1:123456789012:collector_dead"}


def test_the_schedule_has_its_time_zone_window_and_mark(sink):
    request = sink.sent["CreateSchedule"]
    assert request["ScheduleExpressionTimezone"] == "America/Detroit"
    assert request["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    assert request["StartDate"].isoformat() == "2026-12-01T00:00:00+00:00"
    assert request["Description"] == "[scrapectl address=x.collector applied=v1:0a1b]"


def test_what_can_carry_tags_carries_them_from_the_first_call(sink):
    for api in ("CreateComputeEnvironment", "CreateSchedulingPolicy", "CreateJobQueue", "RegisterJobDefinition"):
        assert sink.sent[api]["tags"] == TAGS
    assert {tag["Key"]: tag["Value"] for tag in sink.sent["CreateScheduleGroup"]["Tags"]} == TAGS
    assert "Tags" not in sink.sent["CreateSchedule"]
