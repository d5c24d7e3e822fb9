"""Jobs run on EC2 environments as on Fargate, with what differs there; a job that can never start is cancelled."""

import json

import pytest

from scrapectl.local.clock import VirtualClock
from scrapectl.local.services.batch.state import state_in

SIZES = {"resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "3000"}]}


@pytest.fixture
def ec2(stage):
    """A function that makes an EC2 environment and a queue over it, both of one name."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    stage.call("iam", "create_role", RoleName="instances", AssumeRolePolicyDocument=document)
    stage.call("iam", "create_instance_profile", InstanceProfileName="instances")
    stage.call("iam", "add_role_to_instance_profile", InstanceProfileName="instances", RoleName="instances")
    network = stage.batch("DescribeComputeEnvironments")["computeEnvironments"][0]["computeResources"]

    def make(name="instances", limits=(), **changes):
        resources = {
            "type": "EC2",
            "minvCpus": 0,
            "maxvCpus": 8,
            "instanceTypes": ["m7i.xlarge"],
            "instanceRole": "instances",
            "subnets": network["subnets"],
            "securityGroupIds": network["securityGroupIds"],
        } | changes
        stage.batch(
            "CreateComputeEnvironment",
            computeEnvironmentName=name,
            type="MANAGED",
            state="ENABLED",
            computeResources=resources,
        )
        stage.queue(name, name, jobStateTimeLimitActions=list(limits))
        stage.define("big", container=SIZES, platformCapabilities=["EC2"])
        return name

    return make


def test_a_job_runs_there_and_knows_it(stage, ec2):
    done = stage.run("echo $AWS_EXECUTION_ENV $AWS_BATCH_CE_NAME", definition="big", queue=ec2())
    assert done["status"] == "SUCCEEDED"
    assert stage.log(done) == ["AWS_ECS_EC2 instances"]


def test_without_an_execution_role_the_instances_role_pulls_and_logs(stage, ec2):
    queue = ec2()
    container = {**SIZES, "executionRoleArn": None}
    stage.define("big", container={k: v for k, v in container.items() if v}, platformCapabilities=["EC2"])
    definition = state_in(stage.cloud, "us-east-1").definitions["big"][-1]
    del definition["containerProperties"]["executionRoleArn"]
    assert stage.run("echo hi", definition="big", queue=queue)["status"] == "FAILED"
    stage.allow("instances", "ecr:*", "logs:*")
    assert stage.log(stage.run("echo hi", definition="big", queue=queue)) == ["hi"]


def test_an_image_of_another_architecture_does_not_start(stage, ec2):
    done = stage.run("true", definition="big", queue=ec2(instanceTypes=["m7g.xlarge"]))
    assert done["status"] == "FAILED"
    assert "exec format error" in done["statusReason"]


class TestStuck:
    @pytest.fixture
    def clock(self):
        return VirtualClock()

    def _limit(self, reason):
        return {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}

    def _is_cancelled(self, stage, clock, job, reason):
        waiting = stage.job(job)
        assert (waiting["status"], waiting["statusReason"].partition(" - ")[0]) == ("RUNNABLE", reason)
        clock.advance(599)
        assert stage.job(job)["status"] == "RUNNABLE"
        clock.advance(2)
        done = stage.job(job)
        told = f"Canceled by JobStateTimeLimit action due to reason: {reason}"
        assert (done["status"], done["statusReason"], done["attempts"]) == ("FAILED", told, [])

    @pytest.mark.parametrize(
        ("types", "sizes"),
        [(["m7i.large"], ("2", "8192")), (["c7i.large", "m7i.medium"], ("4", "1024")), (["m7i"], ("1", "800000"))],
    )
    def test_no_instance_is_large_enough(self, stage, ec2, clock, types, sizes):
        reason = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
        queue = ec2(instanceTypes=types, limits=[self._limit(reason)])
        wanted = [{"type": "VCPU", "value": sizes[0]}, {"type": "MEMORY", "value": sizes[1]}]
        overrides = {"resourceRequirements": wanted}
        job = stage.submit("true", definition="big", queue=queue, containerOverrides=overrides)
        self._is_cancelled(stage, clock, job, reason)

    def test_the_environment_is_too_small(self, stage, ec2, clock):
        reason = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
        job = stage.submit("true", definition="big", queue=ec2(maxvCpus=1, limits=[self._limit(reason)]))
        self._is_cancelled(stage, clock, job, reason)

    def test_aws_has_no_instances_left(self, stage, ec2, clock):
        reason = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
        queue = ec2(limits=[self._limit(reason)])
        state_in(stage.cloud, "us-east-1").exhausted.add("instances")
        job = stage.submit("true", definition="big", queue=queue)
        assert "[m7i.xlarge]" in stage.job(job)["statusReason"]
        self._is_cancelled(stage, clock, job, reason)

    def test_a_job_for_fargate_fits_no_instance(self, stage, ec2, clock):
        reason = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
        job = stage.submit("true", queue=ec2(limits=[self._limit(reason)]))
        self._is_cancelled(stage, clock, job, reason)

    def test_the_next_in_line_starts_when_the_first_is_given_up(self, stage, ec2, clock):
        reason = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
        queue = ec2(maxvCpus=2, limits=[self._limit(reason)])
        sizes = {"resourceRequirements": [{"type": "VCPU", "value": "4"}]}
        stage.submit("true", definition="big", queue=queue, containerOverrides=sizes)
        second = stage.submit("true", definition="big", queue=queue)
        assert stage.job(second)["status"] == "RUNNABLE"
        clock.advance(601)
        assert stage.wait(second)["status"] == "SUCCEEDED"

    def test_without_a_limit_it_waits(self, stage, ec2, clock):
        job = stage.submit("true", definition="big", queue=ec2(maxvCpus=1))
        clock.advance(86_400)
        assert stage.job(job)["status"] == "RUNNABLE"

    def test_capacity_that_comes_back_is_used(self, stage, ec2, clock):
        queue = ec2(limits=[self._limit("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY")])
        exhausted = state_in(stage.cloud, "us-east-1").exhausted
        exhausted.add("instances")
        job = stage.submit("true", definition="big", queue=queue)
        clock.advance(300)
        exhausted.clear()
        clock.advance(1)
        assert stage.wait(job)["status"] == "SUCCEEDED"
