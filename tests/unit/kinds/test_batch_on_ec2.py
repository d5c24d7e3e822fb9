"""Batch on instances: what goes out to EC2 and never to Fargate, and what each change makes Batch do."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from scrapectl.engine.diff import diff
from scrapectl.engine.order import holders
from scrapectl.engine.resource import Live, Resource, Status, Update
from scrapectl.engine.values import Policy
from scrapectl.kinds import KINDS
from scrapectl.kinds.batch_compute_environment import BatchComputeEnvironment
from scrapectl.kinds.batch_instances import replaces_instances
from scrapectl.kinds.batch_job_definition import BatchJobDefinition
from scrapectl.kinds.batch_job_queue import STUCK, BatchJobQueue
from scrapectl.kinds.ec2_launch_template import Ec2LaunchTemplate
from scrapectl.kinds.iam_instance_profile import IamInstanceProfile, instance_profile_arn
from scrapectl.kinds.iam_role import IamRole

TAGS = {"scrapectl:pipeline": "shop", "scrapectl:address": "compute_environment.big"}
NAME, PATH = "shop_instances-us-east-1", "/scrapectl/us-east-1/shop/"
PROFILE = instance_profile_arn("aws", "123456789012", PATH, NAME)
TRUST = Policy(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
ROLES = "arn:aws:iam::123456789012:role/scrapectl/us-east-1/shop"


@pytest.fixture
def fargate(aws) -> BatchComputeEnvironment:
    subnets = aws.call("ec2", "describe_subnets")["Subnets"]
    groups = aws.call("ec2", "describe_security_groups")["SecurityGroups"]
    return BatchComputeEnvironment(
        name="shop-big",
        type="FARGATE",
        max_vcpus=16,
        subnets=tuple(subnet["SubnetId"] for subnet in subnets[:2]),
        security_groups=(groups[0]["GroupId"],),
    )


@pytest.fixture
def want(aws, cloud, fargate) -> BatchComputeEnvironment:
    Ec2LaunchTemplate("shop_instances").create(aws, TAGS)
    IamRole(name=NAME, path=PATH, trust=TRUST).create(aws, TAGS)
    IamInstanceProfile(NAME, PATH, NAME).create(aws, TAGS)
    cloud.clock.advance(60)  # what is fresh in IAM is not seen everywhere
    return dataclasses.replace(
        fargate,
        type="SPOT",
        instance_types=("m7i", "c7i"),
        min_vcpus=2,
        instance_profile=PROFILE,
        launch_template="shop_instances",
        allocation="SPOT_PRICE_CAPACITY_OPTIMIZED",
        image_type="ECS_AL2023",
        instance_tags={"Name": "shop-big"},
    )


def read(aws, cloud, want: Resource) -> Live:
    cloud.clock.advance(60)
    live = type(want).read(aws, want.key())
    assert live is not None
    return live


def change(aws, want: Resource, live: Live) -> None:
    want.update(aws, Update(live, frozenset(field.name for field in diff(want, live)), TAGS))


def test_all_that_instances_need_is_said_at_once(aws, want, sent):
    want.create(aws, TAGS)
    (request,) = sent.of("CreateComputeEnvironment")
    assert request["computeResources"] == {
        "type": "SPOT",
        "maxvCpus": 16,
        "minvCpus": 2,
        "subnets": list(want.subnets),
        "securityGroupIds": list(want.security_groups),
        "instanceTypes": ["c7i", "m7i"],
        "instanceRole": PROFILE,
        "launchTemplate": {"launchTemplateName": "shop_instances", "version": "$Default"},
        "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
        "ec2Configuration": [{"imageType": "ECS_AL2023"}],
        "tags": {"Name": "shop-big"},
    }
    assert "updatePolicy" not in request


def test_it_reads_back_as_it_was_wanted(aws, cloud, want):
    want.create(aws, TAGS)
    assert diff(want, read(aws, cloud, want)) == ()


@pytest.mark.parametrize("status", [Status.READY, Status.BROKEN])
def test_fargate_is_sent_nothing_of_it(aws, cloud, fargate, sent, status):
    fargate.create(aws, TAGS)
    live = dataclasses.replace(read(aws, cloud, fargate), status=status)
    change(aws, dataclasses.replace(fargate, max_vcpus=8), live)
    for request in (*sent.of("CreateComputeEnvironment"), *sent.of("UpdateComputeEnvironment")):
        assert request["computeResources"].keys() <= {"type", "maxvCpus", "subnets", "securityGroupIds"}
        assert "updatePolicy" not in request


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({"max_vcpus": 8}, {"maxvCpus"}),
        ({"min_vcpus": 0}, {"maxvCpus", "minvCpus"}),
        ({"instance_types": ("r7i",)}, {"maxvCpus", "instanceTypes"}),
        ({"image_type": "ECS_AL2023_NVIDIA"}, {"maxvCpus", "ec2Configuration"}),
        ({"instance_tags": {}}, {"maxvCpus", "tags"}),
    ],
)
def test_only_what_differs_goes_out_for_each_member_may_replace_instances(aws, cloud, want, sent, changes, members):
    want.create(aws, TAGS)
    other = dataclasses.replace(want, **changes)
    change(aws, other, read(aws, cloud, want))
    (request,) = sent.of("UpdateComputeEnvironment")
    assert request["computeResources"].keys() == members
    replaces = members - {"maxvCpus", "minvCpus"}
    assert ("updatePolicy" in request) == bool(replaces)
    assert diff(other, read(aws, cloud, other)) == ()


def test_jobs_may_end_before_their_instance_goes_and_the_plan_says_so(aws, cloud, want, sent):
    want.create(aws, TAGS)
    other = dataclasses.replace(want, instance_types=("r7i",))
    live = read(aws, cloud, want)
    change(aws, other, live)
    policy = {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 360}
    assert sent.of("UpdateComputeEnvironment")[0]["updatePolicy"] == policy
    assert other.told(live, diff(other, live)) == (
        "its instances are replaced; jobs that run on them have 6 hours to end",
    )
    assert want.told(live, ()) == ()
    assert not replaces_instances(want, {"max_vcpus", "tags"})


def test_a_template_that_is_held_to_another_version_is_a_difference(aws, cloud, want):
    want.create(aws, TAGS)
    template = {"launchTemplateName": "shop_instances", "version": "$Latest"}
    resources = {"launchTemplate": template, "maxvCpus": 16}
    read(aws, cloud, want)
    aws.call("batch", "update_compute_environment", computeEnvironment=want.name, computeResources=resources)
    live = read(aws, cloud, want)
    assert [field.name for field in diff(want, live)] == ["launch_template"]
    change(aws, want, live)
    assert diff(want, read(aws, cloud, want)) == ()


def test_the_template_ends_after_the_environment_that_names_it(aws, cloud, want):
    want.create(aws, TAGS)
    template = Ec2LaunchTemplate("shop_instances")
    things = {(kind.kind, kind.key()): read(aws, cloud, kind) for kind in (want, template)}
    held = holders(things, KINDS)
    assert held[template.kind, template.key()] == {(want.kind, want.key())}


def test_a_queue_gives_up_what_cannot_start(aws, cloud, want, sent):
    want.create(aws, TAGS)
    environment = read(aws, cloud, want).outputs["arn"]
    queue = BatchJobQueue(name="shop-default", compute=(environment,), stuck_after=1200)
    queue.create(aws, TAGS)
    limits = sent.of("CreateJobQueue")[0]["jobStateTimeLimitActions"]
    assert [limit["reason"] for limit in limits] == list(STUCK)
    assert {(limit["state"], limit["action"], limit["maxTimeSeconds"]) for limit in limits} == {
        ("RUNNABLE", "CANCEL", 1200)
    }
    patient = dataclasses.replace(queue, stuck_after=None)
    change(aws, patient, read(aws, cloud, queue))
    assert sent.of("UpdateJobQueue")[0]["jobStateTimeLimitActions"] == []
    assert diff(patient, read(aws, cloud, patient)) == ()


def test_limits_of_another_hand_are_a_difference(aws, cloud, want):
    want.create(aws, TAGS)
    queue = BatchJobQueue(name="shop-default", compute=(read(aws, cloud, want).outputs["arn"],), stuck_after=1200)
    queue.create(aws, TAGS)
    read(aws, cloud, queue)
    limit = {"state": "RUNNABLE", "reason": STUCK[0], "maxTimeSeconds": 1200, "action": "CANCEL"}
    aws.call("batch", "update_job_queue", jobQueue=queue.name, jobStateTimeLimitActions=[limit])
    assert [field.name for field in diff(queue, read(aws, cloud, queue))] == ["stuck_after"]


def definition(**changes: Any) -> BatchJobDefinition:
    job = BatchJobDefinition(
        name="shop-collect",
        image="busybox",
        vcpus="2",
        memory=2048,
        platform=None,
        public_ip=None,
        runs_on="EC2",
        execution_role=f"{ROLES}/execution",
        log_group="/scrapectl/shop",
        log_region="us-east-1",
        log_prefix="collect",
        timeout=1800,
        retry_on=("spot",),
    )
    return dataclasses.replace(job, **changes)


def test_a_job_for_instances_carries_nothing_of_fargate(aws, sent):
    job = definition()
    live = job.create(aws, TAGS)
    (request,) = sent.of("RegisterJobDefinition")
    assert request["platformCapabilities"] == ["EC2"]
    only_fargate = {
        "networkConfiguration",
        "runtimePlatform",
        "fargatePlatformConfiguration",
        "ephemeralStorage",
    }
    assert not only_fargate & request["containerProperties"].keys()
    assert request["retryStrategy"]["evaluateOnExit"][0]["onStatusReason"] == "Host EC2*"
    assert diff(job, live) == diff(job, BatchJobDefinition.read(aws, job.key())) == ()


@pytest.mark.parametrize(
    "fargate", [{}, {"runs_on": "FARGATE", "platform": "X86_64", "public_ip": False, "memory": 4096}]
)
def test_without_writes_to_its_root_a_job_has_a_tmp(aws, sent, fargate):
    job = definition(read_only=True, **fargate)
    job.create(aws, TAGS)
    container = sent.of("RegisterJobDefinition")[0]["containerProperties"]
    assert container["readonlyRootFilesystem"] is True
    assert container["volumes"] == [{"name": "tmp", "host": {}}]
    assert container["mountPoints"] == [{"sourceVolume": "tmp", "containerPath": "/tmp", "readOnly": False}]  # noqa: S108
    assert diff(job, BatchJobDefinition.read(aws, job.key())) == ()


def test_a_read_only_root_without_a_tmp_is_a_difference(aws):
    job = definition(read_only=True)
    container = {
        "image": "busybox",
        "executionRoleArn": job.execution_role,
        "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "2048"}],
        "readonlyRootFilesystem": True,
    }
    aws.call(
        "batch",
        "register_job_definition",
        jobDefinitionName=job.name,
        type="container",
        containerProperties=container,
        tags=TAGS,
    )
    live = BatchJobDefinition.read(aws, job.key())
    assert "read_only" in {field.name for field in diff(job, live)}
    assert live.resource.runs_on == "EC2", "what AWS takes where none is said"
