"""Workflows: executions as runs, their histories as lines, and the logs of what they ran merged into one."""

from __future__ import annotations

import json
import re

import pytest

from scrapectl.errors import UsageError
from scrapectl.operate.clock import Clock
from scrapectl.operate.follow import Follower
from scrapectl.operate.logs import read_lines
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.runnables import find_runnables
from scrapectl.operate.stop import active_runs
from scrapectl.operate.workflows import told_cause
from scrapectl.views.runs import line_text

A, B = (f"{digit * 8}-aaaa-bbbb-cccc-{digit * 12}" for digit in "ab")
PROCESS = "arn:aws:states:eu-west-1:123456789012:stateMachine:shop-process"
RUN = "20261121T183657-1a2b3c4d"
EXECUTION = f"arn:aws:states:eu-west-1:123456789012:execution:shop-process:{RUN}"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:shop-publish"


@pytest.fixture
def shop(aws):
    aws.define("shop-collect")
    aws.function("shop-publish")
    aws.machine("shop-process")
    return aws


def found(aws):
    return find_runnables(aws, "shop", Clock(lambda: aws.now, aws.sleep))


def merged(aws, runnables, runs):
    feeds = [f for r in runnables.with_parts(runs) for f in runnables.kinds[r.kind].feeds(r, 0.0, every_attempt=True)]
    return list(read_lines(aws, feeds))


def test_a_run_has_a_name_of_ours_and_the_variables_as_its_input(shop):
    workflows = found(shop).of("process")
    request = workflows.request("process", Overrides({"KEY": "in/a.csv"}))
    assert re.fullmatch(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{8}", request["name"])
    assert (request["stateMachineArn"], json.loads(request["input"])) == (PROCESS, {"KEY": "in/a.csv"})
    run = workflows.start("process", request, stay=False)
    assert shop.sent("start_execution") == [request]  # its name lets a lost answer be repeated
    assert (run.id, run.state, run.kind) == (request["name"], "RUNNING", "workflow")
    with pytest.raises(UsageError, match="--array is for jobs; process is a workflow"):
        workflows.request("process", Overrides(array=2))


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("RUNNING", "RUNNING", None),
        ("SUCCEEDED", "SUCCEEDED", None),
        ("FAILED", "FAILED", "States.TaskFailed: no such object"),
        ("TIMED_OUT", "FAILED", "it took longer than its time limit: States.TaskFailed: no such object"),
        ("ABORTED", "FAILED", "stopped: States.TaskFailed: no such object"),
        ("PENDING_REDRIVE", "PENDING", None),
    ],
)
def test_states_are_those_of_every_run(shop, status, state, reason):
    shop.execute("shop-process", RUN, status, error="States.TaskFailed", cause="no such object")
    run = found(shop).find(RUN)
    assert (run.state, run.reason, run.name) == (state, reason, "process")
    assert run.code == (0 if status == "SUCCEEDED" else None)


def test_a_thousand_runs_are_two_calls_and_only_failures_are_described(shop):
    for number in range(1000):
        shop.now += 1
        status = "RUNNING" if number % 2 else "FAILED" if number == 998 else "SUCCEEDED"
        shop.execute("shop-process", f"r{number}", status, error="E", cause="why")
    runnables = found(shop)
    runs = runnables.recent("process", 10)
    assert sum(not run.ended for run in runs) == 500
    assert runs[0].id == "r999"
    assert len(shop.sent("list_executions")) == 2
    told = runnables.explain([run for run in runs if run.ended][:2])
    assert [(run.id, run.reason) for run in told] == [("r998", "E: why"), ("r996", None)]
    assert len(shop.sent("describe_execution")) == 1


def test_any_name_of_an_execution_is_found_and_another_instances_is_not(shop):
    shop.machine("shop-eu-process", "shop.eu")
    shop.execute("shop-eu-process", "theirs", "RUNNING")
    shop.execute("shop-process", "by hand", "RUNNING")
    shop.execute("shop-process", "0f" * 40, "RUNNING")
    assert found(shop).find("0f" * 40).name == "process"
    for name in ("theirs", "by hand", "a" * 81, "a*"):
        with pytest.raises(UsageError, match="has no job, function, workflow, host or run"):
            found(shop).find(name)


def test_a_run_of_the_machine_around_a_triggers_job_is_found_by_its_id_and_not_listed(shop):
    shop.machine("shop-in_start", address="shop-in_start")
    shop.execute("shop-in_start", "0f" * 40, "FAILED")
    runnables = found(shop)
    assert runnables.find("0f" * 40).name == "in"
    assert runnables.last(None, 5) == []
    assert "in" not in runnables.things


def history(shop):
    """A run that ran a job, called a function that failed, and polled a copy."""
    execution = shop.execute("shop-process", RUN, "FAILED", error="ValueError", cause="no zip")
    happen = lambda *words, **more: (setattr(shop, "now", shop.now + 1), shop.happen(execution, *words, **more))  # noqa: E731
    happen("ExecutionStarted", input='{"KEY": "a"}')
    happen("TaskStateEntered", name="run collect")
    happen("TaskScheduled", resource="submitJob.sync", resourceType="batch", parameters="{}")
    happen("TaskSubmitted", resource="submitJob.sync", output=json.dumps({"JobId": A, "JobName": "x"}))
    happen("TaskSucceeded", resource="submitJob.sync", output=json.dumps({"JobId": A, "Status": "SUCCEEDED"}))
    happen("TaskStateExited", name="run collect")
    for _ in range(2):
        happen("TaskStateEntered", name="copy: ask")
        happen("TaskScheduled", resource="describeTaskExecution", resourceType="aws-sdk:datasync", parameters="{}")
        happen("TaskStateExited", name="copy: ask")
        happen("ChoiceStateEntered", name="copy: check")
    happen("TaskStateEntered", name="call publish")
    happen("TaskScheduled", resource="invoke", parameters=json.dumps({"FunctionName": FUNCTION}))
    happen("TaskFailed", error="ValueError", cause=json.dumps({"errorMessage": "no zip", "requestId": B}))
    happen("FailStateEntered", name="fail")
    happen("ExecutionFailed", error="ValueError", cause="no zip")
    return execution


TOLD = [
    'started with {"KEY": "a"}',
    "run collect: begins",
    f"run collect: job {A}",
    "run collect: done",
    "copy: ask: begins",
    "call publish: begins",
    f'call publish: failed: ValueError: {{"errorMessage": "no zip", "requestId": "{B}"}}',
    "failed: ValueError: no zip",
]


def test_a_history_is_told_in_lines_that_say_what_happened_once(shop):
    history(shop)
    runnables = found(shop)
    (feed,) = runnables.of("process").feeds(runnables.find(RUN), 0.0, every_attempt=True)
    assert [line.text for line in read_lines(shop, [feed])] == TOLD
    assert feed.next(shop) is None


def test_the_logs_of_what_it_ran_are_merged_under_their_names(shop):
    start = shop.now
    shop.events = {
        "j": [(start + 4.5, "scraping")],
        "2026/11/21/shop-publish[$LATEST]1": [
            (start + 16.1, f"START RequestId: {B} Version: $LATEST"),
            (start + 16.2, "[ERROR] ValueError: no zip"),
            (start + 16.3, f"REPORT RequestId: {B}\tDuration: 1 ms"),
        ],
    }
    shop.add(A, "shop-collect", "SUCCEEDED", container={"logStreamName": "j"})
    history(shop)
    runnables = found(shop)
    lines = merged(shop, runnables, runnables.last("process", 1))
    texts = [line_text(line, several=bool(line.of))[9:] for line in lines]
    assert texts[2:5] == [f"run collect: job {A}", "[collect] scraping", "run collect: done"]
    assert "[call publish] [ERROR] ValueError: no zip" in texts
    assert [line.text for line in lines if not line.of] == TOLD


def test_the_children_of_an_array_that_a_workflow_ran_are_told_apart(shop):
    start = shop.now
    shop.add(A, "shop-collect", "SUCCEEDED", arrayProperties={"size": 2})
    for index in range(2):
        more = {"arrayProperties": {"index": index}, "container": {"logStreamName": f"s{index}"}}
        shop.add(f"{A}:{index}", "shop-collect", "SUCCEEDED", **more)
    shop.events = {f"s{index}": [(start + 4.5 + index / 10, "x")] for index in range(2)}
    history(shop)
    runnables = found(shop)
    lines = [line for line in merged(shop, runnables, runnables.last("process", 1)) if line.text == "x"]
    assert [line_text(line, several=True)[9:] for line in lines] == ["[collect 0] x", "[collect 1] x"]


def test_follow_goes_on_to_the_end_of_the_run_and_of_the_logs_in_it(shop):
    start = shop.now
    execution = shop.execute("shop-process", RUN, "RUNNING")
    shop.happen(execution, "ExecutionStarted", input="{}")
    shop.happen(execution, "TaskStateEntered", name="run collect")
    shop.happen(execution, "TaskScheduled", resource="submitJob.sync", parameters="{}")
    job = shop.add(A, "shop-collect", "RUNNING", container={"logStreamName": "j"})
    shop.events = {"j": [(start + 4, "one"), (start + 9, "late")]}

    def submitted():
        shop.happen(execution, "TaskSubmitted", output=json.dumps({"JobId": A}))

    def end():
        job.update(status="SUCCEEDED")
        execution.update(status="SUCCEEDED", stopDate=shop.moment())
        shop.happen(execution, "ExecutionSucceeded", output="{}")

    shop.script = [(start + 2, submitted), (start + 6, end)]
    runnables = found(shop)
    lines, states = [], []
    clock = Clock(lambda: shop.now, shop.sleep)
    follower = Follower(runnables, lines.append, lambda run: states.append(run.state), clock)
    (ended,) = follower.follow([runnables.find(RUN)])
    assert (ended.state, states) == ("SUCCEEDED", ["RUNNING", "SUCCEEDED"])
    assert [line.text for line in lines] == [
        "started with {}", "run collect: begins", f"run collect: job {A}", "one", "succeeded", "late",
    ]  # fmt: skip


def test_a_history_is_read_on_from_its_last_page(shop):
    execution = shop.execute("shop-process", RUN, "RUNNING")
    for _ in range(5):
        shop.happen(execution, "WaitStateEntered", name="wait")
    runnables = found(shop)
    (feed,) = runnables.of("process").feeds(runnables.find(RUN), 0.0, every_attempt=True)
    assert [line.text for line in feed.next(shop)] == ["wait: begins"]
    shop.happen(execution, "ExecutionSucceeded", output="{}")
    shop.calls.clear()
    assert [line.text for line in feed.next(shop)] == ["succeeded"]
    assert [sent["nextToken"] for sent in shop.sent("get_execution_history")] == ["4"]


def test_stop_ends_an_execution_with_the_reason(shop):
    shop.execute("shop-process", RUN, "RUNNING")
    runnables = found(shop)
    for name in ("process", RUN):
        assert [run.id for run in active_runs(runnables, name, every=False)] == [RUN]
    ((run, done),) = runnables.stop(active_runs(runnables, None, every=True), "wrong file")
    assert (run.id, done) == (RUN, "stop")
    assert shop.sent("stop_execution") == [{"executionArn": EXECUTION, "error": "Stopped", "cause": "wrong file"}]
    with pytest.raises(UsageError, match="has ended already"):
        active_runs(runnables, RUN, every=False)


def test_the_runs_of_all_kinds_come_in_the_order_of_their_times(shop):
    shop.add(A, "shop-collect", "SUCCEEDED")
    shop.now += 5
    shop.execute("shop-process", RUN, "RUNNING")
    shop.now += 5
    shop.events = {"2026/11/21/shop-publish[$LATEST]1": [(shop.now - 1, f"START RequestId: {B} Version: 1")]}
    assert [run.id for run in found(shop).last(None, 3)] == [B, RUN, A]


def test_a_failed_jobs_cause_is_told_in_a_line_without_the_values_of_its_variables(shop):
    container = {"ExitCode": 7, "Environment": [{"Name": "API_TOKEN", "Value": "canary"}]}
    cause = json.dumps({"JobId": A, "StatusReason": "Essential container in task exited", "Container": container})
    execution = shop.execute("shop-process", RUN, "FAILED", error="States.TaskFailed", cause=cause)
    shop.happen(execution, "ExecutionFailed", error="States.TaskFailed", cause=cause)
    runnables = found(shop)
    run = runnables.find(RUN)
    assert run.reason == f"States.TaskFailed: job {A}: exit code 7: Essential container in task exited"
    assert [line.text for line in merged(shop, runnables, [run])] == [f"failed: {run.reason}"]
    assert "canary" not in told_cause(cause[:-1])
