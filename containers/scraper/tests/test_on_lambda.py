"""A program of the library on AWS Lambda: each event is one run, with its variables and the function's secrets."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from scraper_base import run_anywhere

from scrapectl.local.functions.runtime_api import Invocation, RuntimeApi

HERE = Path(__file__).parents[1]
VARIABLES = ("RUN", "ZIP", "BUCKET", "KEY", "VERSION")


@pytest.fixture
def answer_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Any, bool]]:
    """What a program answers to one event on AWS Lambda, and whether it is an error."""
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:keys-x1y2z3"
    texts = {arn: '{"token": "hunter22"}'}
    secrets = SimpleNamespace(get_secret_value=lambda SecretId: {"SecretString": texts[SecretId]})  # noqa: N803 - boto3's name
    monkeypatch.setattr(boto3, "client", lambda _: secrets)
    monkeypatch.setenv("SCRAPECTL_SECRETS", json.dumps({"TOKEN": f"{arn}:token"}))
    monkeypatch.setenv("TOKEN", "")
    monkeypatch.delitem(sys.modules, "scraper_base.scrapectl_wrapper", raising=False)

    def answer(event: Any, run: Callable[[], int]) -> tuple[Any, bool]:
        api = RuntimeApi(Invocation(json.dumps(event), "r1", "arn", time.time() + 9))
        monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", api.address)
        ended: list[int] = []
        program = threading.Thread(target=lambda: ended.append(run_anywhere(run)))
        program.start()
        assert api.answered.wait(9)
        api.close()
        program.join(9)
        assert ended == [0]
        assert api.answer is not None
        text, is_error = api.answer
        return json.loads(text), is_error

    return answer


@pytest.mark.parametrize(
    ("event", "seen"),
    [
        ({}, {"RUN": "r1"}),
        (None, {"RUN": "r1"}),
        ({"environment": {"ZIP": "10001"}}, {"RUN": "r1", "ZIP": "10001"}),
        ({"key": "of another maker"}, {"RUN": "r1"}),
        (
            {"environment": {"ZIP": "1"}, "run": "x1", "bucket": "b", "key": "in/a", "version": ""},
            {"RUN": "x1", "ZIP": "1", "BUCKET": "b", "KEY": "in/a", "VERSION": ""},
        ),
    ],
)
def test_on_lambda_an_event_is_a_run_with_its_variables_and_the_secrets(
    answer_of: Callable[..., tuple[Any, bool]], event: Any, seen: dict[str, str]
) -> None:
    runs: list[dict[str, str]] = []

    def run() -> int:
        runs.append({name: os.environ[name] for name in (*VARIABLES, "TOKEN") if name in os.environ})
        return 0

    assert answer_of(event, run) == ({"exit": 0}, False)
    assert runs == [{**seen, "TOKEN": "hunter22"}]
    assert not set(VARIABLES) & set(os.environ)


def test_on_lambda_a_run_that_fails_is_an_error_of_its_event(answer_of: Callable[..., tuple[Any, bool]]) -> None:
    failed = {"errorType": "RunFailed", "errorMessage": "exit code 3: see the log"}
    assert answer_of({}, lambda: 3) == (failed, True)


def test_on_lambda_an_event_cannot_change_the_process(answer_of: Callable[..., tuple[Any, bool]]) -> None:
    answer, is_error = answer_of({"environment": {"PATH": "/x"}}, lambda: pytest.fail("it ran"))
    assert (answer["errorMessage"], is_error) == ("the event's environment may not set PATH", True)


def test_the_loop_of_lambda_holds_the_wrapper_of_functions_in_zips() -> None:
    wrapper = (HERE.parent / "wrapper" / "scrapectl_wrapper.py").read_text()
    assert (HERE / "scraper_base" / "scrapectl_wrapper.py").read_text() == wrapper
