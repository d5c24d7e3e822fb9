"""AWS played by fakes, a failed job, and routes to tell of it."""

import json
import re

import pytest

from containers.notifier import notifier

ARN = "arn:aws:batch:us-east-1:1:job-definition/shop-collect:3"
TOPIC = "arn:aws:sns:us-east-1:1:shop-ops"
ROUTES = {
    "pipeline": "shop",
    "stage": None,
    "region": "us-east-1",
    "log_group": "/scrapectl/shop",
    "jobs": {"shop-collect": {"job": "collect", "topic": TOPIC}},
    "workflows": {"shop-process": {"workflow": "process", "topic": TOPIC, "own_states": False}},
    "hosts": {"shop-ingester": {"host": "ingester", "topic": TOPIC}},
    "functions": {"shop-publish": {"function": "publish", "topic": TOPIC, "command": "scrapectl run publish"}},
    "dead_letters": TOPIC + "-letters",
    "schedules": {"collect-morning": {"job": "collect", "command": "scrapectl run collect --env ZIP=48104"}},
}


class Aws:
    """Batch, Logs and SNS, as far as the notifier asks them."""

    def __init__(self):
        self.jobs, self.failed, self.lines, self.sent, self.asked = {}, [], {}, [], []
        self.declared = []  # the environment of the job definition
        self.activities, self.instances = [], []

    def describe_scaling_activities(self, **asked):
        self.asked.append(asked)
        return {"Activities": self.activities}

    def describe_auto_scaling_instances(self, InstanceIds):  # noqa: N803 - boto3's name
        return {"AutoScalingInstances": [one for one in self.instances if one["InstanceId"] in InstanceIds]}

    def terminate_instance_in_auto_scaling_group(self, **asked):
        assert self.sent, "told first: what fails here is tried again"
        self.asked.append(asked)

    def describe_jobs(self, jobs):
        return {"jobs": [self.jobs[job] for job in jobs if job in self.jobs]}

    def describe_job_definitions(self, jobDefinitions):  # noqa: N803 - boto3's name
        assert jobDefinitions == [ARN]
        return {"jobDefinitions": [{"containerProperties": {"environment": self.declared}}]}

    def get_paginator(self, name):
        assert name == "list_jobs"
        return self

    def paginate(self, **asked):
        self.asked.append(asked)
        summaries = [{"arrayProperties": {"index": index}} for index in self.failed]
        return [{"jobSummaryList": summaries[:2]}, {"jobSummaryList": summaries[2:]}]

    def get_log_events(self, **asked):
        self.asked.append(asked)
        found = self.lines[asked["logStreamName"]]
        if isinstance(found, Exception):
            raise found
        return {"events": [{"message": line} for line in found[-asked["limit"] :]]}

    def publish(self, **message):
        assert len(message["Subject"]) < 100
        assert re.fullmatch(r"[ -~]+", message["Subject"])
        assert len(message["Message"].encode()) <= 256 * 1024
        self.sent.append(message)

    @property
    def message(self):
        (message,) = self.sent
        return message


@pytest.fixture
def routes(monkeypatch):
    found = json.loads(json.dumps(ROUTES)) | {"owner": "shop"}
    monkeypatch.setattr(notifier, "routes", lambda: found)
    return found


@pytest.fixture
def aws(monkeypatch, routes):
    played = Aws()
    monkeypatch.setattr(notifier, "client", lambda service: played)
    return played


def job(**changes):
    container = {
        "exitCode": 3,
        "reason": "Essential container in task exited",
        "logStreamName": "collect/default/1",
        "environment": [],
    } | changes.pop("container", {})
    return {
        "jobId": "id-1",
        "jobName": "morning",
        "jobDefinition": ARN,
        "status": "FAILED",
        "statusReason": "Essential container in task exited",
        "startedAt": 1_772_442_000_000,
        "stoppedAt": 1_772_442_061_000,
        "container": {key: value for key, value in container.items() if value is not None},
    } | changes


def tell(aws, told):
    aws.jobs[told["jobId"]] = told
    notifier.handler({"source": "aws.batch", "detail": told})
