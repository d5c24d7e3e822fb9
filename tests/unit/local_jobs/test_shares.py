"""Whose turn it is: order of submission, priorities, fair shares; and which failures are retried."""

import pytest

from scrapectl.local.jobs.job import Attempt, Job
from scrapectl.local.jobs.retry import TIMED_OUT, tries_again
from scrapectl.local.jobs.shares import Line, weight

POLICY = {
    "shareDistribution": [
        {"shareIdentifier": "high", "weightFactor": 0.25},
        {"shareIdentifier": "low", "weightFactor": 1.0},
        {"shareIdentifier": "odd*", "weightFactor": 2.0},
    ]
}


def job(order, share=None, priority=None):
    container = {"resourceRequirements": [{"type": "VCPU", "value": "1"}]}
    return Job(str(order), "", "j", "r", "q", "d", 0, order, container, share=share, priority=priority)


def test_in_order_of_submission():
    line = Line()
    for order in (3, 1, 2):
        line.add(job(order))
    assert [entry.order for entry in line.in_order()] == [1, 2, 3]
    assert line.next(None, [], 0).order == 1


def test_within_a_share_the_higher_priority_first():
    line = Line()
    for order, priority in ((1, 0), (2, 5), (3, 5)):
        line.add(job(order, "low", priority))
    assert line.next(POLICY, [], 0).order == 2


def run_all(line, slots):
    """Start jobs in `slots` places, the oldest always ends first; return how the first forty were shared out."""
    running, started = [], []
    while len(started) < 40:
        chosen = line.next(POLICY, running, 0)
        line.remove(chosen)
        running = [*running, chosen][-slots:]
        started.append(chosen.share)
    return started


def test_a_lower_weight_gets_more():
    line = Line()
    for order in range(200):
        line.add(job(order, "low" if order < 100 else "high"))
    started = run_all(line, slots=5)
    assert 31 <= started.count("high") <= 33


def test_what_ran_before_counts_for_a_while():
    line = Line()
    line.add(job(1, "low"))
    line.add(job(2, "odd1"))
    line.used.append(("low", 0.0, 500.0, 3.0))
    assert line.next(POLICY, [], 550).share == "odd1"
    assert line.next(POLICY, [], 1200).share == "low"


def test_a_share_that_is_not_named_weighs_one():
    assert [weight(POLICY, share) for share in ("high", "odd7", "other", None)] == [0.25, 2.0, 1.0, 1.0]


def test_nobody_waits():
    line = Line()
    one = job(1)
    line.add(one)
    line.remove(one)
    line.remove(one)
    assert line.next(None, [], 0) is None


def ended(code=1, reason="", status_reason="Essential container in task exited"):
    return Attempt("t", "a", "s", exit_code=code, reason=reason, status_reason=status_reason)


@pytest.mark.parametrize(
    ("conditions", "attempt", "again"),
    [
        ([], ended(), True),
        ([{"onExitCode": "1", "action": "EXIT"}], ended(1), False),
        ([{"onExitCode": "1", "action": "EXIT"}], ended(12), True),
        ([{"onExitCode": "1*", "action": "exit"}], ended(12), False),
        ([{"onExitCode": "137", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}], ended(137), True),
        ([{"onExitCode": "137", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}], ended(1), False),
        ([{"onReason": "CannotPull*", "action": "EXIT"}], ended(None, "CannotPullContainerError: x"), False),
        ([{"onReason": "CannotPull*", "action": "EXIT"}], ended(1), True),
        ([{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}], ended(), False),
        (
            [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}],
            ended(None, "", "Host EC2 (instance i-1) terminated."),
            True,
        ),
        ([{"onExitCode": "1", "onReason": "x", "action": "EXIT"}], ended(1), True),
        ([{"onStatusReason": "essential*", "action": "EXIT"}], ended(), True),
        ([{"onReason": "*", "action": "RETRY"}], ended(143, "", TIMED_OUT), False),
    ],
)
def test_retries(conditions, attempt, again):
    assert tries_again({"attempts": 2, "evaluateOnExit": conditions}, attempt, 1) is again
    assert tries_again({"attempts": 2, "evaluateOnExit": conditions}, attempt, 2) is False


def test_fair_shares_on_the_cloud(stage):
    shares = [{"shareIdentifier": "low", "weightFactor": 1.0}, {"shareIdentifier": "high", "weightFactor": 0.25}]
    arn = stage.batch("CreateSchedulingPolicy", name="fair", fairsharePolicy={"shareDistribution": shares})["arn"]
    stage.environment("one", vcpus=1)
    stage.queue("fair", "one", arn)
    sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    stage.define("fair", {"resourceRequirements": sizes}, schedulingPriority=1)
    first = stage.submit(stage.until_opened, "fair", "fair", shareIdentifier="low")
    low = stage.submit("true", "fair", "fair", shareIdentifier="low")
    high = stage.submit("true", "fair", "fair", shareIdentifier="high")
    stage.open_gate()
    done = [stage.wait(name) for name in (first, low, high)]
    assert done[2]["startedAt"] <= done[1]["startedAt"]
    assert [entry["shareIdentifier"] for entry in done] == ["low", "low", "high"]


def test_the_queue_with_the_higher_priority_first(stage):
    stage.environment("one", vcpus=1)
    stage.queue("last", "one", priority=1)
    stage.queue("first", "one", priority=9)
    sizes = {"resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]}
    names = ("last", "last", "first")
    jobs = [stage.submit(stage.until_opened, queue=name, containerOverrides=sizes) for name in names]
    stage.open_gate()
    done = [stage.wait(name) for name in jobs]
    assert done[0]["startedAt"] <= done[2]["startedAt"] <= done[1]["startedAt"]
