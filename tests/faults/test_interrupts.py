"""Ctrl-C in the middle of an apply, once and twice; and two applies at once."""

from __future__ import annotations

import dataclasses
import json
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scrapectl.local.clock import VirtualClock
from scrapectl.local.delays import NO_DELAYS
from scrapectl.local.wire import HttpResponse
from tests.faults.account_contents import standing
from tests.faults.commands import PATIENCE, Answer, Command
from tests.faults.endpoint import CarryOut, Endpoint, Held, Place
from tests.faults.here import here

AT_ONCE = PATIENCE / 2  # seconds, on a busy machine: what waits for a held call's answer takes PATIENCE
AWS_NEEDS = 100.0  # seconds on the cloud's clock until a compute environment is valid


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def slow(clock: VirtualClock) -> Iterator[Endpoint]:
    """An account in which a compute environment is being made until the clock is moved."""
    delays = dataclasses.replace(NO_DELAYS, compute_environment=AWS_NEEDS)
    opened = Endpoint(clock=clock, delays=delays)
    yield opened
    opened.close()


def interrupt_while_aws_makes(apply: Command) -> Answer:
    """Send Ctrl-C when nothing is left but to wait for the compute environment."""
    apply.wait_for("started create batch_compute_environment.shop-default")
    apply.wait_for("done create batch_job_definition.shop-collect")
    apply.wait_for("done create sqs_queue.shop-pages (")
    apply.process.send_signal(signal.SIGINT)
    return apply.end()


def outcomes(text: str) -> dict[str, dict[str, str]]:
    return {change["address"]: change for change in json.loads(text)["changes"]}


def test_ctrl_c_tells_what_aws_is_still_making_and_apply_goes_on(slow: Endpoint, clock: VirtualClock, spec: Path):
    answer = interrupt_while_aws_makes(slow.start("apply", spec, "--yes", "--output", "json"))
    assert answer.code == 130, answer
    told = outcomes(answer.out)
    assert told["sqs_queue.shop-pages"]["outcome"] == "done"
    assert told["batch_compute_environment.shop-default"]["outcome"] == "failed"
    assert "the next apply meets it again" in told["batch_compute_environment.shop-default"]["error"]
    assert told["batch_job_queue.shop-default"]["outcome"] == "skipped"

    again = slow.start("apply", spec, "--yes")
    again.wait_for("started")
    clock.advance(AWS_NEEDS)
    assert "waiting for it" not in again.end().well().err
    here(slow, "plan", spec, "--detailed-exitcode").well()
    assert len([line for line in standing(slow.account) if line.startswith("environment")]) == 1


def test_ctrl_c_in_text_says_what_was_done(slow: Endpoint, spec: Path):
    answer = interrupt_while_aws_makes(slow.start("apply", spec, "--yes"))
    assert answer.code == 130
    assert "Interrupted: what had begun was finished, and nothing more was started." in answer.out
    assert "batch_compute_environment.shop-default" in answer.out
    assert re.search(r"^\d+ done, 1 failed, 1 skipped in [\d.]+s\.$", answer.out, re.MULTILINE)
    assert "Traceback" not in answer.err


def test_a_call_in_flight_is_finished_and_what_it_made_is_looked_at(endpoint: Endpoint, spec: Path):
    held = endpoint.fault = Held("CreateQueue")
    apply = endpoint.start("apply", spec, "--yes", "--output", "json")
    assert held.came.wait(PATIENCE)
    apply.interrupt()
    assert apply.process.poll() is None, "it did not wait for the answer"
    held.let_go.set()
    answer = apply.end()
    assert answer.code == 130
    told = outcomes(answer.out)
    assert told["sqs_queue.shop-pages_dead"]["outcome"] == "done"
    assert told["sqs_queue.shop-pages"]["outcome"] == "skipped"
    assert len([line for line in standing(endpoint.account) if line.startswith("message queue")]) == 1


def test_ctrl_c_twice_leaves_at_once(endpoint: Endpoint, spec: Path):
    held = endpoint.fault = Held("CreateQueue")
    apply = endpoint.start("apply", spec, "--yes")
    assert held.came.wait(PATIENCE)
    apply.interrupt()
    apply.process.send_signal(signal.SIGINT)
    answer = apply.end(AT_ONCE)
    assert answer.code == 130
    assert "Traceback" not in answer.err
    held.let_go.set()
    again = here(endpoint, "apply", spec, "--yes").well()
    assert "waiting for it" not in again.err
    here(endpoint, "plan", spec, "--detailed-exitcode").well()


def test_of_several_at_once_all_but_one_wait_and_ctrl_c_of_one_leaves_the_others_alone(endpoint: Endpoint, spec: Path):
    held = endpoint.fault = Held("CreateQueue")
    first = endpoint.start("apply", spec, "--yes")
    assert held.came.wait(PATIENCE)
    second, third = endpoint.start("apply", spec, "--yes"), endpoint.start("destroy", spec, "--yes")
    for waiting in (second, third):
        waiting.wait_for("is at work on shop; waiting for it")
        assert f"process {first.process.pid}, apply" in waiting.said
    third.process.send_signal(signal.SIGINT)
    assert third.end(AT_ONCE).code == 130
    held.let_go.set()
    first.end().well()
    second.end().well()
    assert "the plan was made again" in second.said
    lines = standing(endpoint.account)
    assert len([line for line in lines if line.startswith("job definition")]) == 1
    here(endpoint, "plan", spec, "--detailed-exitcode").well()


def test_ctrl_c_while_planning_leaves_at_once(endpoint: Endpoint, spec: Path):
    held = endpoint.fault = Held("DescribeSubnets")
    apply = endpoint.start("apply", spec, "--yes")
    assert held.came.wait(PATIENCE)
    apply.process.send_signal(signal.SIGINT)
    assert apply.end(AT_ONCE).code == 130
    held.let_go.set()
    assert standing(endpoint.account) == ["schedule group default"]


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.15, 0.3, 0.6, 1.0])  # seconds after the first call
def test_ctrl_c_pressed_thrice_shows_no_traceback(endpoint: Endpoint, spec: Path, moment: float):
    called = threading.Event()

    def unhurried(_place: Place, carry_out: CarryOut) -> HttpResponse:
        called.set()
        time.sleep(0.1)  # so that the last moment, too, comes before the end
        return carry_out()

    endpoint.fault = unhurried
    apply = endpoint.start("apply", spec, "--yes")
    assert called.wait(PATIENCE)
    for pause in (moment, 0.004, 0.03):
        time.sleep(pause)
        apply.process.send_signal(signal.SIGINT)
    answer = apply.end()
    assert "Traceback" not in answer.err, answer
    assert answer.code == 130, answer
