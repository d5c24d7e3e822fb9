"""Functions: what is sent, what an answer becomes, and what their logs alone tell of their calls."""

from __future__ import annotations

import base64
import io
import json

import pytest

from scrapectl.errors import UsageError
from scrapectl.operate.clock import Clock
from scrapectl.operate.follow import QUIET, Follower
from scrapectl.operate.logs import read_lines
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.runnables import find_runnables
from scrapectl.operate.stop import active_runs

A, B, C = (f"{digit * 8}-aaaa-bbbb-cccc-{digit * 12}" for digit in "abc")
STREAM = "2026/11/21/shop-publish[$LATEST]0123"


@pytest.fixture
def shop(aws):
    aws.function("shop-publish")
    return aws


def found(aws):
    return find_runnables(aws, "shop", Clock(lambda: aws.now, aws.sleep))


def answer(text, *, error=None, log="", request=A):
    told = {"StatusCode": 200, "Payload": io.BytesIO(text.encode()), "RequestId": request}
    told["LogResult"] = base64.b64encode(log.encode()).decode()
    return told | ({"FunctionError": error} if error else {})


def lines_of(run, at, *texts, seconds=1.0, status=""):
    """The lines of a call, as Lambda writes them."""
    return [
        (at, f"START RequestId: {run} Version: $LATEST"),
        *((at + 0.1, text) for text in texts),
        (at + seconds, f"END RequestId: {run}"),
        (at + seconds, f"REPORT RequestId: {run}\tDuration: {seconds * 1000:.2f} ms{status}"),
    ]


def test_an_event_is_handed_over_and_known_by_its_request(shop):
    shop.answers = [{"StatusCode": 202, "RequestId": A}]
    functions = found(shop).of("publish")
    request = functions.request("publish", Overrides({"ZIP": "1"}))
    run = functions.start("publish", request, stay=False)
    assert (run.id, run.state, run.kind, run.ended) == (A, "SUBMITTED", "function", False)
    assert shop.sent("invoke") == [
        {
            "FunctionName": "shop-publish",
            "InvocationType": "Event",
            "Payload": '{"environment": {"ZIP": "1"}}',
            "blind_retry": False,
        }
    ]
    assert functions.request("publish", Overrides())["Payload"] == "{}"


def test_nothing_but_messages_and_a_retry_start_a_loader_of_messages(aws):
    told = {"Environment": {"Variables": {"SCRAPECTL_LOAD": '{"source": {"queue": "https://sqs/rows"}}'}}}
    aws.function("shop-rows", **told)
    functions = found(aws).of("rows")
    with pytest.raises(UsageError) as wrong:
        functions.request("rows", Overrides({"ZIP": "1"}))
    assert "Send a message; of dead letters, write: scrapectl load retry rows" in str(wrong.value.hint)
    assert functions.request("rows", Overrides({"RETRY": "dead-letters"}))["Payload"].count("dead-letters") == 1


def test_a_call_that_is_waited_for_has_ended_and_brought_its_log(shop):
    log = "\n".join(text for _, text in lines_of(B, 0.0, "hello")) + "\n"
    shop.answers = [answer('{"n": 1}', log=log)]
    runnables = found(shop)
    functions = runnables.of("publish")
    run = functions.start("publish", functions.request("publish", Overrides()), stay=True)
    (sent,) = shop.sent("invoke")
    assert (sent["InvocationType"], sent["LogType"]) == ("RequestResponse", "Tail")
    assert (run.id, run.state, run.code, run.answer) == (B, "SUCCEEDED", 0, '{"n": 1}')
    lines = []
    start = shop.now
    (ended,) = Follower(runnables, lines.append, clock=Clock(lambda: shop.now, shop.sleep)).follow([run])
    assert [line.text for line in lines][1] == "hello"
    assert ended.state == "SUCCEEDED"
    assert shop.now - start <= 1
    assert not shop.sent("filter_log_events")


def test_a_log_that_is_longer_than_the_answer_holds_is_read_from_its_stream(shop):
    shop.events = {STREAM: lines_of(B, shop.now + 2, "one", "two")}
    shop.answers = [answer("null", log=f"two\nEND RequestId: {B}\nREPORT RequestId: {B}\tDuration: 1 ms\n")]
    runnables = found(shop)
    functions = runnables.of("publish")
    run = functions.start("publish", functions.request("publish", Overrides()), stay=True)
    lines = []
    Follower(runnables, lines.append, clock=Clock(lambda: shop.now, shop.sleep)).follow([run])
    assert [line.text for line in lines][1:3] == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"errorType": "ValueError", "errorMessage": "no zip", "stackTrace": []}', "ValueError: no zip"),
        ('{"errorMessage": "timed out"}', "timed out"),
        ("no JSON", "no JSON"),
    ],
)
def test_a_functions_error_is_a_failed_run_without_a_code(shop, text, reason):
    shop.answers = [answer(text, error="Unhandled")]
    functions = found(shop).of("publish")
    run = functions.start("publish", functions.request("publish", Overrides()), stay=True)
    assert (run.state, run.code, run.reason, run.answer) == ("FAILED", None, reason, None)


@pytest.mark.parametrize(
    ("overrides", "word"),
    [
        (Overrides(array=2), "--array"),
        (Overrides(share="low"), "--share"),
        (Overrides(vcpus=1), "--vcpus"),
        (Overrides(memory=512), "--memory"),
        (Overrides(command=("x",)), "--command"),
    ],
)
def test_what_only_jobs_have_is_refused(shop, overrides, word):
    with pytest.raises(UsageError, match=f"{word} is for jobs; publish is a function"):
        found(shop).of("publish").request("publish", overrides)


def test_calls_are_read_from_the_log(shop):
    now = shop.now
    shop.events = {
        STREAM: [
            *lines_of(A, now - 60, "[ERROR] ValueError: no zip\nTraceback", "[ERROR]\t2026-11-21T\tx\tonly logged"),
            *lines_of(B, now - 30, "[ERROR]\t2026-11-21T\tx\tonly logged"),
        ],
        f"{STREAM}4": lines_of(C, now - 10, status="\tStatus: timeout"),
        "2026/11/21/shop_notifier[$LATEST]1": lines_of("d" * 8, now - 5),
        "collect/default/1": [(now - 4, "START RequestId: x")],
    }
    calls = found(shop).last("publish", 10)
    assert [(run.id, run.state, run.reason, run.name) for run in calls] == [
        (C, "FAILED", "timeout", "publish"),
        (B, "SUCCEEDED", None, "publish"),
        (A, "FAILED", "[ERROR] ValueError: no zip", "publish"),
    ]
    assert calls[0].seconds(now) == 1.0


def test_a_call_without_an_end_goes_on_and_after_fifteen_minutes_is_lost(shop):
    shop.events = {STREAM: lines_of(A, shop.now - 10)[:1], f"{STREAM}4": lines_of(B, shop.now - 1000)[:1]}
    assert [(run.id, run.state, run.reason) for run in found(shop).last("publish", 5)] == [
        (A, "RUNNING", None),
        (B, "FAILED", "its log has no end"),
    ]


def test_the_log_is_searched_no_further_back_than_is_asked_for(shop):
    shop.events = {STREAM: [*lines_of(B, shop.now - 7200), *lines_of(A, shop.now - 60)]}
    assert [run.id for run in found(shop).last("publish", 1)] == [A]
    assert len(shop.sent("filter_log_events")) == 1
    assert [run.id for run in found(shop).last("publish", 2)] == [A, B]
    assert len(shop.sent("filter_log_events")) == 3
    spans = [(sent["startTime"], sent["endTime"]) for sent in shop.sent("filter_log_events")[1:]]
    assert spans[0][0] == spans[1][1]  # one ends where the other begins


def test_one_call_is_found_by_its_id_with_its_own_lines_alone(shop):
    now = shop.now
    shop.events = {
        STREAM: [*lines_of(A, now - 90, "mine"), *lines_of(B, now - 60, "[ERROR] Oh: no"), *lines_of(C, now)]
    }
    runnables = found(shop)
    run = runnables.find(B)
    assert (run.state, run.reason) == ("FAILED", "[ERROR] Oh: no")
    lines = list(read_lines(shop, runnables.of("publish").feeds(run, 0.0, every_attempt=True)))
    assert [line.text.partition(" ")[0] for line in lines] == ["START", "[ERROR]", "END", "REPORT"]
    assert {line.run for line in lines} == {B}
    with pytest.raises(UsageError, match="has no run"):
        runnables.find("d" * 8 + B[8:])


def test_follow_stays_with_a_call_until_its_last_line(shop):
    start = shop.now
    shop.answers = [{"StatusCode": 202, "RequestId": A}]
    shop.events = {STREAM: lines_of(A, start + 3, "one", seconds=4)}
    runnables = found(shop)
    functions = runnables.of("publish")
    run = functions.start("publish", functions.request("publish", Overrides()), stay=False)
    lines, states = [], []
    clock = Clock(lambda: shop.now, shop.sleep)
    (ended,) = Follower(runnables, lines.append, lambda run: states.append(run.state), clock).follow([run])
    assert ended.state == "SUCCEEDED"
    assert states == ["SUBMITTED", "RUNNING", "SUCCEEDED"]
    assert [line.text.partition(" ")[0] for line in lines] == ["START", "one", "END", "REPORT"]
    assert shop.now <= start + 7 + QUIET + 3


def test_nobody_ends_a_call(shop):
    shop.events = {STREAM: lines_of(A, shop.now - 10)[:1]}
    runnables = found(shop)
    for name in ("publish", A):
        with pytest.raises(UsageError, match="Lambda lets nobody end a call"):
            active_runs(runnables, name, every=False)
    assert active_runs(runnables, None, every=True) == []


def test_the_payload_is_json(shop):
    request = found(shop).of("publish").request("publish", Overrides({"Q": 'a"b'}))
    assert json.loads(request["Payload"]) == {"environment": {"Q": 'a"b'}}


@pytest.mark.parametrize(
    ("told", "loads", "receives"),
    [
        ('{"source": {"queue": "https://rows"}}', True, True),
        ('{"source": {"bucket": "raw", "prefix": ""}}', True, False),
        ("no document", True, False),
        ("[]", True, False),
        (None, False, False),
    ],
)
def test_a_loader_is_known_by_what_it_is_told_and_whether_it_receives_messages(aws, told, loads, receives):
    variables = {} if told is None else {"SCRAPECTL_LOAD": told}
    aws.function("shop-load", Environment={"Variables": variables})
    function = found(aws).things["load"]
    assert (function.loads, function.receives) == (loads, receives)
