"""A program that runs once → on AWS Lambda, one run for each event.

It is the loop of a custom runtime: "Using the Lambda runtime API for custom runtimes", AWS Lambda's developer guide.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import urllib3

API = "AWS_LAMBDA_RUNTIME_API"  # Lambda names it in the environment of its programs
STARTED_BY = ("bucket", "key", "version", "run")  # what an upload or a workflow writes into an event


def run_anywhere(run: Callable[[], int]) -> int:
    """Run once, or on AWS Lambda once for each event.

    There the function's secrets are in the environment, and during a call what the event names in `environment`, and
    BUCKET, KEY, VERSION and RUN as a job has them; without an upload or a workflow RUN is the request's id.

    Returns:
        The exit code; on Lambda a code other than 0 is the event's failure, and the next event is waited for.
    """
    return _answer_events(run) if API in os.environ else run()


def _answer_events(run: Callable[[], int]) -> int:
    """Answer event after event, for as long as Lambda lets this process live."""
    from scraper_base import scrapectl_wrapper  # noqa: F401, PLC0415 - here it reads the secrets, before the first event

    root = f"http://{os.environ[API]}/2018-06-01/runtime/invocation"
    pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=None), retries=False)
    while True:
        try:
            told = pool.request("GET", f"{root}/next")
        except urllib3.exceptions.HTTPError:  # Lambda is done with this process
            return 0
        request = told.headers["Lambda-Runtime-Aws-Request-Id"]
        verb, answer = _outcome(run, json.loads(told.data), request)
        pool.request("POST", f"{root}/{request}/{verb}", body=json.dumps(answer).encode())


def _outcome(run: Callable[[], int], event: Any, request: str) -> tuple[str, dict[str, Any]]:
    """Run, and say how it ended as the runtime API takes it."""
    from scraper_base.scrapectl_wrapper import WrapperError, environment  # noqa: PLC0415 - as above

    try:
        with environment({"environment": {"RUN": request}}), environment(event), environment(_started_by(event)):
            code = run()
    except WrapperError as error:
        return "error", {"errorType": "WrapperError", "errorMessage": str(error)}
    if code:
        return "error", {"errorType": "RunFailed", "errorMessage": f"exit code {code}: see the log"}
    return "response", {"exit": code}


def _started_by(event: Any) -> Mapping[str, Any]:
    """The variables of a call that an upload or a workflow makes; events of other makers have none."""
    if not isinstance(event, Mapping) or "run" not in event:
        return {}
    return {"environment": {name.upper(): event[name] for name in STARTED_BY if isinstance(event.get(name), str)}}
