"""Retry and Catch: which rule takes what, and how long is waited."""

import json

import pytest

from scrapectl.local.registry import Refusal
from scrapectl.local.workflows.failure import StateFailure, Timeout
from scrapectl.local.workflows.retries import Patience, catcher_of, takes
from tests.unit.local_workflows.conftest import TASK

OF_TASK = StateFailure("Batch.ServerException", "x", of_task=True)


@pytest.mark.parametrize(
    ("names", "failure", "taken"),
    [
        (["States.ALL"], OF_TASK, True),
        (["States.TaskFailed"], OF_TASK, True),
        (["Batch.ServerException"], OF_TASK, True),
        (["Other"], OF_TASK, False),
        (["States.TaskFailed"], Timeout(), False),
        (["States.Timeout"], Timeout(), True),
        (["States.ALL"], Timeout(), True),
        (["States.Timeout"], StateFailure("States.HeartbeatTimeout"), True),
        (["States.TaskFailed"], StateFailure("E"), False),
        (["States.ALL"], StateFailure("States.Runtime"), False),
        (["States.Runtime"], StateFailure("States.Runtime"), True),
    ],
)
def test_a_rule_takes_a_failure(names, failure, taken):
    assert takes({"ErrorEquals": names}, failure, "Task") is taken


def test_a_parallel_s_branch_has_a_name_of_its_own():
    assert takes({"ErrorEquals": ["States.BranchFailed"]}, StateFailure("E"), "Parallel")
    assert not takes({"ErrorEquals": ["States.BranchFailed"]}, StateFailure("E"), "Task")


def test_the_first_catcher_that_fits():
    rules = [{"ErrorEquals": ["Other"], "Next": "a"}, {"ErrorEquals": ["States.ALL"], "Next": "b"}]
    assert catcher_of({"Type": "Task", "Catch": rules}, OF_TASK)["Next"] == "b"


def waits(rules, *failures):
    patience = Patience({"Type": "Task", "Retry": rules}, "seed")
    return [patience.wait_after(failure) for failure in failures]


def test_each_try_waits_longer_up_to_a_bound():
    rule = {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 2,
        "BackoffRate": 3,
        "MaxAttempts": 4,
        "MaxDelaySeconds": 20,
    }
    assert waits([rule], *[OF_TASK] * 5) == [2, 6, 18, 20, None]


def test_what_is_left_out_is_aws_s_default():
    assert waits([{"ErrorEquals": ["States.ALL"]}], *[OF_TASK] * 4) == [1, 2, 4, None]
    assert waits([{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}], OF_TASK) == [None]


def test_rules_count_for_themselves():
    rules = [{"ErrorEquals": ["A"], "MaxAttempts": 1}, {"ErrorEquals": ["B"], "MaxAttempts": 1}]
    assert waits(rules, StateFailure("A"), StateFailure("B"), StateFailure("A")) == [1, 1, None]


def test_jitter_is_within_the_wait_and_the_same_for_the_same_run():
    rule = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10, "JitterStrategy": "FULL"}
    first = waits([rule], OF_TASK, OF_TASK)
    assert first == waits([rule], OF_TASK, OF_TASK)
    assert 0 <= first[0] <= 10
    assert first[0] != 10


class Busy:
    """A hook of a service: refuses a call of its so many times."""

    def __init__(self, cloud, monkeypatch, times):
        self.times = times
        real = cloud.call

        def call(service, operation, params, region="us-east-1"):
            if operation == "SendMessage" and self.times:
                self.times -= 1
                raise Refusal("ThrottlingException", "Rate exceeded", 400)
            return real(service, operation, params, region)

        monkeypatch.setattr(cloud, "call", call)


def send(world, **others):
    world.queue("rows")
    url = world("sqs").get_queue_url(QueueName="rows")["QueueUrl"]
    return {
        "Type": "Task",
        "Resource": f"{TASK}sqs:sendMessage",
        "Parameters": {"QueueUrl": url, "MessageBody": "x"},
    } | others


def test_a_task_is_tried_again_when_its_time_has_come(world, monkeypatch):
    Busy(world.cloud, monkeypatch, 2)
    retry = [{"ErrorEquals": ["SQS.AmazonSQSException"], "IntervalSeconds": 10, "BackoffRate": 2}]
    kept = {"ResultSelector": {"tries.$": "$$.State.RetryCount"}}
    arn = world.run({"s": send(world, Retry=retry, End=True, **kept)})["executionArn"]
    world.pass_time(10)
    assert world.kinds(arn).count("TaskFailed") == 2
    world.pass_time(19)
    assert world.told(arn)["status"] == "RUNNING"
    world.pass_time(1)
    assert json.loads(world.told(arn)["output"]) == {"tries": 2}
    failed = [event for event in world.events(arn) if event["type"] == "TaskFailed"]
    assert failed[0]["taskFailedEventDetails"]["error"] == "SQS.AmazonSQSException"


def test_what_no_retry_mends_is_caught(world, monkeypatch):
    Busy(world.cloud, monkeypatch, 9)
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    catch = [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.failure", "Next": "z"}]
    state = send(world, Retry=retry, Catch=catch, End=True)
    arn = world.run({"s": state, "z": {"Type": "Pass", "OutputPath": "$.failure", "End": True}})["executionArn"]
    world.pass_time(1)
    assert json.loads(world.told(arn)["output"])["Error"] == "SQS.AmazonSQSException"
