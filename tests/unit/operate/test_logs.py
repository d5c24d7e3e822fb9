"""Logs are complete: every page, every attempt, every child, and what comes late after the end."""

from __future__ import annotations

from scrapectl.operate.clock import Clock
from scrapectl.operate.follow import QUIET, Follower
from scrapectl.operate.logs import read_lines, streams_of
from scrapectl.operate.run import Run
from scrapectl.operate.runnables import find_runnables
from scrapectl.operate.runs import describe_runs

A = "aaaaaaaa-aaaa-bbbb-cccc-aaaaaaaaaaaa"
RUN = Run(A, "collect", "SUBMITTED")


def follower(aws, lines=None):
    on_line = None if lines is None else lines.append
    states = []
    made = Follower(find_runnables(aws, "shop"), on_line, states.append, Clock(lambda: aws.now, aws.sleep))
    return made, states


def test_every_page_is_read_and_streams_are_merged_by_time(aws):
    aws.define("shop-collect")
    aws.events = {
        "s0": [(float(t), f"a{t}") for t in range(0, 10, 2)],
        "s1": [(float(t), f"b{t}") for t in range(1, 10, 2)],
    }
    attempts = [{"container": {"logStreamName": name}} for name in ("s0", "s1")]
    aws.add(A, "shop-collect", "SUCCEEDED", attempts=attempts)
    runs = describe_runs(aws, "shop", [A])
    everything = [line.text for line in read_lines(aws, streams_of(runs, 0.0, every_attempt=True))]
    assert everything == ["a0", "b1", "a2", "b3", "a4", "b5", "a6", "b7", "a8", "b9"]
    assert [line.text for line in read_lines(aws, streams_of(runs, 0.0, every_attempt=False))] == [
        "b1", "b3", "b5", "b7", "b9",
    ]  # fmt: skip
    assert [line.text for line in read_lines(aws, streams_of(runs, 6.0, every_attempt=True))] == [
        "a6",
        "b7",
        "a8",
        "b9",
    ]


def test_a_stream_that_is_not_there_yet_is_no_error(aws):
    aws.add(A, "shop-collect", "RUNNING", container={"logStreamName": "none"})
    assert list(read_lines(aws, streams_of(describe_runs(aws, "shop", [A]), 0.0, every_attempt=True))) == []


def test_follow_reads_on_until_it_has_been_quiet(aws):
    start = aws.now
    entry = aws.add(A, "shop-collect", "SUBMITTED")

    def begin():
        entry.update(status="RUNNING", container={"logStreamName": "s"})

    def end():
        entry.update(status="SUCCEEDED", container={"logStreamName": "s", "exitCode": 0})

    aws.script = [(start + 3, begin), (start + 8, end)]
    # The last lines become visible after the end, each within the quiet time of the one before.
    aws.events = {"s": [(start + 4, "one"), (start + 6, "two"), (start + 12, "late"), (start + 16, "later")]}
    lines = []
    made, states = follower(aws, lines)
    (run,) = made.follow([RUN])
    assert [line.text for line in lines] == ["one", "two", "late", "later"]
    assert [state.state for state in states] == ["SUBMITTED", "RUNNING", "SUCCEEDED"]
    assert run.exit_code == 0
    assert start + 16 + QUIET <= aws.now <= start + 16 + QUIET + 2


def test_nobody_waits_long_for_the_embedded_cloud(aws):
    aws.local = True
    start = aws.now
    entry = aws.add(A, "shop-collect", "RUNNING", container={"logStreamName": "s"})
    aws.events = {"s": [(start + 0.1, "one"), (start + 3, "two")]}
    aws.script = [(start + 3, lambda: entry.update(status="SUCCEEDED"))]
    lines = []
    made, _ = follower(aws, lines)
    made.follow([RUN])
    assert [line.text for line in lines] == ["one", "two"]
    assert aws.now <= start + 4


def test_waiting_reads_no_log_and_ends_at_once(aws):
    start = aws.now
    entry = aws.add(A, "shop-collect", "RUNNING", container={"logStreamName": "s"})
    aws.events = {"s": [(start, "one")]}
    aws.script = [(start + 5, lambda: entry.update(status="FAILED"))]
    made, _ = follower(aws)
    assert made.follow([RUN])[0].state == "FAILED"
    assert aws.now == start + 5
    assert not aws.sent("get_log_events")


def test_a_run_that_batch_does_not_show_yet_is_waited_for(aws):
    start = aws.now
    aws.script = [(start + 2, lambda: aws.add(A, "shop-collect", "SUCCEEDED") and None)]
    made, _ = follower(aws)
    assert made.follow([RUN])[0].state == "SUCCEEDED"


def test_an_arrays_children_are_merged_and_told_apart(aws):
    start = aws.now
    array = aws.add(A, "shop-scrape", "PENDING", arrayProperties={"size": 2})
    kids = [
        aws.add(
            f"{A}:{i}", "shop-scrape", "RUNNING", arrayProperties={"index": i}, container={"logStreamName": f"s{i}"}
        )
        for i in range(2)
    ]
    aws.events = {"s0": [(start + 1, "a"), (start + 3, "c")], "s1": [(start + 2, "b"), (start + 9, "late")]}

    def end():
        array.update(status="SUCCEEDED")
        for kid in kids:
            kid.update(status="SUCCEEDED")

    aws.script = [(start + 6, end)]
    lines = []
    made, _ = follower(aws, lines)
    made.follow([RUN])
    assert [(line.index, line.text) for line in lines] == [(0, "a"), (1, "b"), (0, "c"), (1, "late")]
    assert lines[1].run == f"{A}:1"


def test_what_has_ended_is_not_asked_for_again(aws):
    start = aws.now
    aws.add(A, "shop-scrape", "PENDING", arrayProperties={"size": 2})
    aws.add(f"{A}:0", "shop-scrape", "SUCCEEDED", arrayProperties={"index": 0})
    aws.add(f"{A}:1", "shop-scrape", "RUNNING", arrayProperties={"index": 1})

    def end():
        for run in (A, f"{A}:1"):
            aws.jobs[run].update(status="SUCCEEDED")

    aws.script = [(start + 3, end)]
    follower(aws, [])[0].follow([RUN])
    asked = [params["jobs"] for params in aws.sent("describe_jobs")]
    assert asked[1] == [f"{A}:0", f"{A}:1"]
    assert asked[2:] == [[A], [f"{A}:1"]] * 3


def test_a_run_that_had_ended_when_it_was_listed_is_followed_with_its_log(aws):
    aws.define("shop-collect")
    listed = aws.add(A, "shop-collect", "SUCCEEDED")  # a listing tells no log streams
    aws.events = {"s": [(aws.now, "one")]}
    lines = []
    made, _ = follower(aws, lines)
    runs = made.runnables.last("collect", 1)
    listed.update(container={"logStreamName": "s"})
    made.follow(runs)
    assert [line.text for line in lines] == ["one"]
