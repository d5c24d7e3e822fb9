"""Step Functions played by a fake that takes each name once, routes, and the three sorts of news."""

import json

import pytest

from containers.starter import starter

MACHINE = "arn:aws:states:us-east-1:1:stateMachine:shop-process"
ROUTE = {
    "via": "eventbridge",
    "bucket": "raw",
    "prefix": "in/",
    "suffix": ".csv",
    "machine": MACHINE,
    "copies": ["in/"],
}


class AwsError(Exception):
    """What boto3 raises."""

    def __init__(self, code):
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class StepFunctions:
    """Takes a name once for each machine; `refuses` are keys whose executions it does not start."""

    def __init__(self):
        self.runs, self.refuses, self.asked = {}, {}, []

    def start_execution(self, stateMachineArn, name, input):  # noqa: A002, N803 - boto3's names
        given = json.loads(input)
        self.asked.append(given["key"])
        assert len(name) <= 80
        if given["key"] in self.refuses:
            raise AwsError(self.refuses[given["key"]])
        if (stateMachineArn, name) in self.runs:
            raise AwsError("ExecutionAlreadyExists")
        self.runs[stateMachineArn, name] = given

    @property
    def inputs(self):
        return list(self.runs.values())


@pytest.fixture
def triggers(monkeypatch):
    found = {"upload": dict(ROUTE)}
    monkeypatch.setattr(starter, "routes", lambda: {"triggers": found})
    return found


@pytest.fixture
def aws(monkeypatch, triggers):
    played = StepFunctions()
    monkeypatch.setattr(starter, "client", lambda: played)
    return played


def created(key="in/a.csv", bucket="raw", sequencer="0064D3901D00059242", **more):
    about = {"key": key, "size": 5, "etag": "b1946ac9", "sequencer": sequencer} | more
    detail = {"version": "0", "bucket": {"name": bucket}, "object": about, "reason": "PutObject"}
    return {"version": "0", "id": "1", "source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def logged(key="in/a.csv", name="PutObject", version=None, number="e-1", **more):
    detail = {
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "eventID": number,
        "requestParameters": {"bucketName": "raw", "key": key, "Host": "raw.s3.amazonaws.com"},
        "responseElements": {"x-amz-version-id": version} if version else None,
    } | more
    return {"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "detail": detail}


def record(key="in/a.csv", sequencer="0064D3901D00059242", name="ObjectCreated:Put", **more):
    about = {"key": key, "size": 5, "eTag": "b1946ac9", "sequencer": sequencer} | more
    return {"eventSource": "aws:s3", "eventName": name, "s3": {"bucket": {"name": "raw"}, "object": about}}
