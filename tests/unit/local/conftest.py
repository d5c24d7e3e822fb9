"""A cloud on a virtual clock where things take their time, and boto3 connected to it."""

from __future__ import annotations

import contextlib
import json

import pytest
from botocore.exceptions import ClientError

from scrapectl.local import client, instance
from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from tests.current import boto

ACCOUNT = "123456789012"


@pytest.fixture
def cloud():
    # Lax: the general request check would refuse first what a service's own rule refuses, which is tested here.
    cloud = Cloud(VirtualClock(), delays=True, strict=False)
    yield cloud
    cloud.close()


@pytest.fixture
def aws(cloud):
    return boto(cloud).client


@pytest.fixture
def refused():
    """A context in which AWS must refuse, with this code and these words."""

    @contextlib.contextmanager
    def expect(code, words=""):
        with pytest.raises(ClientError) as caught:
            yield
        error = caught.value.response["Error"]
        assert error["Code"] == code
        assert words in error["Message"]

    return expect


@pytest.fixture
def network(aws):
    """Two subnets and the default security group."""
    subnets = aws("ec2").describe_subnets()["Subnets"]
    groups = aws("ec2").describe_security_groups()["SecurityGroups"]
    return {"subnets": [s["SubnetId"] for s in subnets][:2], "securityGroupIds": [groups[0]["GroupId"]]}


@pytest.fixture
def environment(aws, cloud, network):
    """A function that makes a VALID Fargate environment."""

    def make(name="ce", **changes):
        resources = {"type": "FARGATE", "maxvCpus": 16} | network | changes
        aws("batch").create_compute_environment(computeEnvironmentName=name, type="MANAGED", computeResources=resources)
        cloud.clock.advance(60)
        return name

    return make


@pytest.fixture
def profile(aws, cloud, role):
    """A function that makes an instance profile with a role, and returns its ARN."""

    def make(name="instances", *, settle=True):
        role(f"{name}-role", "ec2.amazonaws.com")
        arn = aws("iam").create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
        aws("iam").add_role_to_instance_profile(InstanceProfileName=name, RoleName=f"{name}-role")
        if settle:
            cloud.clock.advance(60)
        return arn

    return make


@pytest.fixture
def instances(aws, cloud, network, profile):
    """A function that makes an EC2 environment, VALID when nothing is wrong with it."""

    def make(name="ce", without=(), **changes):
        if "instanceRole" not in changes and "arn" not in made:
            made["arn"] = profile()
        wanted = {
            "type": "EC2",
            "allocationStrategy": "BEST_FIT_PROGRESSIVE",
            "minvCpus": 0,
            "maxvCpus": 16,
            "instanceTypes": ["m7i"],
            "instanceRole": made.get("arn"),
            **network,
            **changes,
        }
        resources = {key: value for key, value in wanted.items() if key not in without}
        aws("batch").create_compute_environment(computeEnvironmentName=name, type="MANAGED", computeResources=resources)
        cloud.clock.advance(60)
        return name

    made: dict[str, str] = {}
    return make


@pytest.fixture
def queue(aws, cloud, environment):
    """A function that makes a VALID queue over an environment."""

    def make(name="queue", **fields):
        if not aws("batch").describe_compute_environments(computeEnvironments=["ce"])["computeEnvironments"]:
            environment()
        order = [{"order": 1, "computeEnvironment": "ce"}]
        wanted = {"jobQueueName": name, "priority": 1, "computeEnvironmentOrder": order} | fields
        arn = aws("batch").create_job_queue(**wanted)["jobQueueArn"]
        cloud.clock.advance(60)
        return arn

    return make


@pytest.fixture
def definition():
    """The parameters of a good Fargate job definition; `container` is changed by keyword."""

    def make(container=None, **fields):
        properties = {
            "image": "scraper",
            "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/run",
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
        } | (container or {})
        return {
            "jobDefinitionName": "job",
            "type": "container",
            "platformCapabilities": ["FARGATE"],
            "containerProperties": properties,
        } | fields

    return make


@pytest.fixture
def role(aws, cloud):
    """A function that makes a usable role of a service, with the given statements."""

    def make(name, service, statements=(), condition=None, *, settle=True):
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust |= {"Condition": condition} if condition else {}
        text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=text)["Role"]["Arn"]
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            aws("iam").put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=policy)
        if settle:
            cloud.clock.advance(60)
        return arn

    return make


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An own folder for the server, which is stopped at the end."""
    path = tmp_path / "local"
    monkeypatch.setenv(instance.DIRECTORY_VARIABLE, str(path))
    yield path
    client.stop()
