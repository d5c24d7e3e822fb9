"""A cloud with a queue, an image and a definition, on which jobs really run."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scrapectl.local.cloud import Cloud
from scrapectl.local.jobs.attempt import runner_of
from scrapectl.operate.images import push_image

REGION = "us-east-1"
TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}


@dataclass
class Stage:
    """A small Batch: `submit` a shell script, `wait` for it, read its `log`."""

    cloud: Cloud
    folder: Path
    local: bool = True
    image: str = ""
    role: str = ""
    queues: dict[str, str] = field(default_factory=dict)

    def call(self, service: str, operation: str, /, **params: Any) -> Any:
        words = "".join(word.capitalize() for word in operation.split("_"))
        return self.cloud.call(service, words, params, REGION)

    def batch(self, operation: str, **params: Any) -> Any:
        return self.cloud.call("batch", operation, params, REGION)

    def define(self, name: str = "work", container: dict[str, Any] | None = None, **params: Any) -> str:
        properties = {
            "image": self.image,
            "executionRoleArn": self.role,
            "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/scrapectl/shop", "awslogs-stream-prefix": "work"},
            },
        } | (container or {})
        wanted = {"type": "container", "platformCapabilities": ["FARGATE"], "containerProperties": properties} | params
        return self.batch("RegisterJobDefinition", jobDefinitionName=name, **wanted)["jobDefinitionArn"]

    def submit(self, script: str | None = None, definition: str = "work", queue: str = "plain", **params: Any) -> str:
        overrides = params.pop("containerOverrides", {}) | ({"command": ["sh", "-c", script]} if script else {})
        return self.batch(
            "SubmitJob",
            **{"jobName": "job", "jobQueue": queue, "jobDefinition": definition, "containerOverrides": overrides}
            | params,
        )["jobId"]

    def job(self, job: str) -> dict[str, Any]:
        return self.batch("DescribeJobs", jobs=[job])["jobs"][0]

    def until(self, job: str, *states: str, seconds: float = 10.0) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while (seen := self.job(job))["status"] not in states:
            assert time.monotonic() < end, f"{job} is {seen['status']}: {seen.get('statusReason')}"
            time.sleep(0.005)
        return seen

    def wait(self, job: str, seconds: float = 10.0) -> dict[str, Any]:
        return self.until(job, "SUCCEEDED", "FAILED", seconds=seconds)

    def run(self, script: str | None = None, **params: Any) -> dict[str, Any]:
        return self.wait(self.submit(script, **params))

    def log(self, job: dict[str, Any], attempt: int = -1) -> list[str]:
        stream = job["attempts"][attempt]["container"]["logStreamName"]
        return self.log_of("/scrapectl/shop", stream)

    def log_of(self, group: str, stream: str) -> list[str]:
        answer = self.call("logs", "get_log_events", logGroupName=group, logStreamName=stream, startFromHead=True)
        return [event["message"] for event in answer["events"]]

    def queue(self, name: str, environment: str = "small", policy: str | None = None, **params: Any) -> None:
        order = [{"order": 1, "computeEnvironment": environment}]
        wanted = {"jobQueueName": name, "priority": 1, "computeEnvironmentOrder": order, "state": "ENABLED"} | params
        self.batch("CreateJobQueue", **wanted | ({"schedulingPolicyArn": policy} if policy else {}))

    def environment(self, name: str, vcpus: int = 16) -> None:
        subnets = [entry["SubnetId"] for entry in self.call("ec2", "describe_subnets")["Subnets"]][:1]
        groups = [entry["GroupId"] for entry in self.call("ec2", "describe_security_groups")["SecurityGroups"]][:1]
        resources = {"type": "FARGATE", "maxvCpus": vcpus, "subnets": subnets, "securityGroupIds": groups}
        self.batch(
            "CreateComputeEnvironment",
            computeEnvironmentName=name,
            type="MANAGED",
            state="ENABLED",
            computeResources=resources,
        )

    def push(self, tag: str = "one", **files: str) -> str:
        for name, text in ({"Dockerfile": "FROM scratch\n"} | files).items():
            (self.folder / name).write_text(text)
        uri = f"{self.cloud.account}.dkr.ecr.{REGION}.amazonaws.com/shop-scraper"
        return f"{uri}@{push_image(self, uri, self.folder, tag, 'X86_64')}"

    def allow(self, role: str, *actions: str, resource: str | list[str] = "*", **statement: Any) -> None:
        entry = {"Effect": "Allow", "Action": list(actions), "Resource": resource} | statement
        document = json.dumps({"Version": "2012-10-17", "Statement": [entry]})
        name = f"policy-{abs(hash(document))}"
        self.call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=document)

    def make_role(self, name: str) -> str:
        trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        return self.call("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    @property
    def until_opened(self) -> str:
        """A script that ends when `open_gate` is called."""
        return f"while [ ! -e {self.folder.parent / 'gate'} ]; do sleep 0.01; done"

    def open_gate(self) -> None:
        (self.folder.parent / "gate").touch()

    def quicken(self, second: float) -> None:
        runner_of(self.cloud).pace.second = second


@pytest.fixture
def clock():
    return None


@pytest.fixture
def stage(tmp_path, clock):
    cloud = Cloud(clock, state_dir=tmp_path / "state")
    folder = tmp_path / "scraper"
    folder.mkdir()
    made = Stage(cloud, folder)
    made.call("ecr", "create_repository", repositoryName="shop-scraper")
    made.image = made.push()
    made.role = made.make_role("execution")
    made.allow("execution", "ecr:*", "logs:*")
    made.call("logs", "create_log_group", logGroupName="/scrapectl/shop")
    made.environment("small")
    made.queue("plain")
    made.define()
    yield made
    cloud.close()
