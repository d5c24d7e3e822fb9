"""A small Batch on the embedded cloud, whose one image and definition a test changes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapectl.local.cloud import Cloud
from scrapectl.local.jobs.attempt import runner_of
from scrapectl.operate.images import push_image

REGION = "us-east-1"
GROUP = "/scrapectl/shop"
TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
SECONDS = 60.0


@dataclass
class Stage:
    """Push a folder, `run` a command in it, and say what was `seen`."""

    cloud: Cloud
    folder: Path
    role: str = ""
    image: str = ""
    local: bool = True

    @property
    def repository(self) -> str:
        return f"{self.cloud.account}.dkr.ecr.{REGION}.amazonaws.com/shop"

    def call(self, service: str, operation: str, /, **params: Any) -> Any:
        words = operation if operation[0].isupper() else "".join(word.capitalize() for word in operation.split("_"))
        return self.cloud.call(service, words, params, REGION)

    def push(self, name: str, files: Mapping[str, str]) -> None:
        """Push a folder of these files, and have jobs run it."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        self.push_folder(folder)

    def push_folder(self, folder: Path) -> None:
        self.image = f"{self.repository}@{push_image(self, self.repository, folder, folder.name, 'X86_64')}"
        self.define()

    def task_role(self, *actions: str) -> str:
        """A role for the code inside."""
        trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        role = self.call("iam", "create_role", RoleName="task", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.call("iam", "put_role_policy", RoleName="task", PolicyName="all", PolicyDocument=document)
        return str(role)

    def define(self, **container: Any) -> None:
        options = {"awslogs-group": GROUP, "awslogs-stream-prefix": "work"}
        properties = {
            "image": self.image,
            "executionRoleArn": self.role,
            "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}],
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        self.call(
            "batch",
            "RegisterJobDefinition",
            jobDefinitionName="work",
            type="container",
            platformCapabilities=["FARGATE"],
            containerProperties=properties | container,
        )

    def submit(self, command: Sequence[str] = (), environment: Sequence[Any] = (), **params: Any) -> str:
        overrides = {key: list(value) for key, value in (("command", command), ("environment", environment)) if value}
        wanted = {"jobName": "job", "jobQueue": "plain", "jobDefinition": "work", "containerOverrides": overrides}
        return self.call("batch", "SubmitJob", **wanted | params)["jobId"]

    def job(self, job: str) -> dict[str, Any]:
        return self.call("batch", "DescribeJobs", jobs=[job])["jobs"][0]

    def wait(self, job: str) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while (seen := self.job(job))["status"] not in {"SUCCEEDED", "FAILED"}:
            assert time.monotonic() < end, f"{job} is {seen['status']}"
            time.sleep(0.01)
        return seen

    def run(self, command: Sequence[str] = (), **params: Any) -> dict[str, Any]:
        return self.wait(self.submit(command, **params))

    def until_line(self, job: str, line: str) -> None:
        end = time.monotonic() + SECONDS
        while True:
            seen = self.job(job)
            stream = seen.get("container", {}).get("logStreamName")
            if stream and line in self.lines(stream):
                return
            assert seen["status"] not in {"SUCCEEDED", "FAILED"}, seen
            assert time.monotonic() < end, seen
            time.sleep(0.01)

    def lines(self, stream: str) -> list[str]:
        answer = self.call("logs", "GetLogEvents", logGroupName=GROUP, logStreamName=stream, startFromHead=True)
        return [event["message"] for event in answer["events"]]

    def all_lines(self) -> list[str]:
        """Everything that any job wrote."""
        streams = self.call("logs", "DescribeLogStreams", logGroupName=GROUP)["logStreams"]
        return [line for stream in streams for line in self.lines(stream["logStreamName"])]

    def second(self, length: float) -> None:
        """How long a second of Batch's limits lasts."""
        runner_of(self.cloud).pace.second = length

    def seen(self, job: dict[str, Any]) -> dict[str, Any]:
        """What is told of a job, without ids and times."""
        return {
            "status": job["status"],
            "reason": job.get("statusReason"),
            "attempts": [self._attempt(attempt) for attempt in job["attempts"]],
            "children": job.get("children"),
        }

    def _attempt(self, attempt: dict[str, Any]) -> dict[str, Any]:
        container = attempt["container"]
        stream = container.get("logStreamName")
        return {
            "exit": container.get("exitCode"),
            "reason": container.get("reason"),
            "status": attempt["statusReason"],
            "lines": self.lines(stream) if stream else None,
        }


def make_stage(folder: Path) -> Stage:
    """A cloud with a repository, a role, a queue and a log group."""
    folder.mkdir(parents=True, exist_ok=True)
    stage = Stage(Cloud(state_dir=folder / "state"), folder)
    stage.call("ecr", "create_repository", repositoryName="shop")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    stage.role = stage.call("iam", "create_role", RoleName="execution", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": ["ecr:*", "logs:*", "secretsmanager:GetSecretValue"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    stage.call("iam", "put_role_policy", RoleName="execution", PolicyName="all", PolicyDocument=document)
    stage.call("logs", "create_log_group", logGroupName=GROUP)
    _make_queue(stage)
    return stage


def _make_queue(stage: Stage) -> None:
    subnets = [entry["SubnetId"] for entry in stage.call("ec2", "describe_subnets")["Subnets"]][:1]
    groups = [entry["GroupId"] for entry in stage.call("ec2", "describe_security_groups")["SecurityGroups"]][:1]
    stage.call(
        "batch",
        "CreateComputeEnvironment",
        computeEnvironmentName="small",
        type="MANAGED",
        state="ENABLED",
        computeResources={"type": "FARGATE", "maxvCpus": 16, "subnets": subnets, "securityGroupIds": groups},
    )
    order = [{"order": 1, "computeEnvironment": "small"}]
    wanted = {"jobQueueName": "plain", "priority": 1, "computeEnvironmentOrder": order, "state": "ENABLED"}
    stage.call("batch", "CreateJobQueue", **wanted)
