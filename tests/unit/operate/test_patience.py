"""Calls of one command wait while AWS is busy, and are not repeated when they may have been carried out."""

from __future__ import annotations

import pytest

from scrapectl.errors import AwsError
from scrapectl.operate import patience
from scrapectl.operate.clock import Clock
from scrapectl.operate.follow import Follower
from scrapectl.operate.logs import Stream, read_on
from scrapectl.operate.run import Run
from scrapectl.operate.runnables import find_runnables
from scrapectl.operate.submit import submit

A = "aaaaaaaa-aaaa-bbbb-cccc-aaaaaaaaaaaa"
BUSY = AwsError("Too Many Requests", service="batch", operation="x", code="TooManyRequestsException")
LOST = AwsError("cut short", service="batch", operation="x", code="ConnectionClosedError", lost=True)


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    told: list[float] = []
    monkeypatch.setattr(patience.patiently, "__defaults__", (told.append,))
    return told


def failing(aws, operation: str, *errors: AwsError) -> None:
    """Let the next calls of an operation fail."""
    left, real = list(errors), getattr(aws, f"_{operation}")

    def answer(**params):
        if left:
            raise left.pop(0)
        return real(**params)

    setattr(aws, f"_{operation}", answer)


def test_a_busy_batch_is_asked_again(aws, waits):
    failing(aws, "submit_job", BUSY, BUSY)
    assert submit(aws, {"jobName": "x", "jobQueue": "q", "jobDefinition": "shop-collect"})
    assert len(aws.sent("submit_job")) == 3
    assert len(waits) == 2


def test_a_lost_answer_starts_no_second_run(aws, waits):
    failing(aws, "submit_job", LOST)
    with pytest.raises(AwsError):
        submit(aws, {"jobName": "x", "jobQueue": "q", "jobDefinition": "shop-collect"})
    assert len(aws.sent("submit_job")) == 1
    assert waits == []


def test_no_line_is_missed_while_the_log_service_is_busy(aws, waits):
    aws.events = {"s": [(1.0, "one"), (2.0, "two"), (3.0, "three")]}
    failing(aws, "get_log_events", BUSY)
    assert [line.text for line in read_on(aws, Stream(A, "/scrapectl/shop", "s"))] == ["one", "two", "three"]
    assert len(waits) == 1


def test_it_does_not_wait_for_ever(aws, waits):
    failing(aws, "submit_job", *[BUSY] * 50)
    with pytest.raises(AwsError):
        submit(aws, {"jobName": "x", "jobQueue": "q", "jobDefinition": "shop-collect"})
    assert sum(waits) < 120


def test_a_stream_whose_run_has_long_ended_is_read_no_more(aws):
    """Of an array most children end long before the last: their streams would use up what an account may ask."""
    start = aws.now
    aws.define("shop-collect")
    aws.add(A, "shop-collect", "RUNNING", arrayProperties={"size": 2})
    children = []
    for index, status in ((0, "SUCCEEDED"), (1, "RUNNING")):
        more = {"arrayProperties": {"index": index}, "container": {"logStreamName": f"s{index}"}}
        children.append(aws.add(f"{A}:{index}", "shop-collect", status, **more))
    aws.events = {"s0": [(start + 2, "late")], "s1": [(start + 59, "last")]}
    aws.script = [(start + 60, lambda: [job.update(status="SUCCEEDED") for job in (aws.jobs[A], children[1])])]
    lines = []
    follower = Follower(find_runnables(aws, "shop"), lines.append, clock=Clock(lambda: aws.now, aws.sleep))
    follower.follow([Run(A, "collect", "RUNNING")])
    assert [line.text for line in lines] == ["late", "last"]
    asked = [params["logStreamName"] for params in aws.sent("get_log_events")]
    assert asked.count("s0") < 15 < asked.count("s1")
