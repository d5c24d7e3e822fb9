"""What a task waits for after its call: a Batch job, another run, or whoever holds its token; ended when it is."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.registry import Refusal
from scrapectl.local.workflows.branch import Steps, Watch
from scrapectl.local.workflows.failure import StateFailure
from scrapectl.local.workflows.integrations import Caller, Integration, job_failure
from scrapectl.local.workflows.members import shown

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_ABORTED = "The task that waited for it was stopped or timed out"  # AWS gives no reason of its own


@dataclass(frozen=True)
class Ended:
    """How what was waited for ended: with a result, or a failure."""

    result: Any


@dataclass
class Tokens:
    """Tasks that wait for their token, and what was answered to them."""

    waiting: set[str] = field(default_factory=set)
    answers: dict[str, Ended] = field(default_factory=dict)


def tokens_of(cloud: Cloud) -> Tokens:
    """Return the cloud's one table of tokens."""
    return cloud.store(Tokens, "global")


def awaited_by(integration: Integration, caller: Caller, begun: Any, limits: tuple[str, float]) -> Steps:
    """Wait for the end of what a call began.

    Args:
        integration: What was called.
        caller: As whom.
        begun: What the call answered.
        limits: The task's token, "" without one, and its deadline.

    Raises:
        StateFailure: It failed, or takes too long: then it is told to end, as when the run is stopped.
    """
    token, deadline = limits
    look, end_it = _ways(integration, caller, begun, token)
    ended: Ended | None = None
    try:
        ended = yield Watch(look, deadline)
    finally:
        if ended is None:
            _end(end_it)
    if isinstance(ended.result, StateFailure):
        raise ended.result
    return ended.result


def end(integration: Integration, caller: Caller, token: str, begun: Any) -> None:
    """End what a call began that nobody waits for any more."""
    if integration.pattern:
        _end(_ways(integration, caller, begun, token)[1])


def _end(act: Callable[[], Any]) -> None:
    with contextlib.suppress(Refusal):  # it has ended, or the role may not
        act()


def _ways(
    integration: Integration, caller: Caller, begun: Any, token: str
) -> tuple[Callable[[], Ended | None], Callable[[], Any]]:
    """How to look whether it has ended, and how to end it."""
    if token:
        table = tokens_of(caller.cloud)
        table.waiting.add(token)
        return functools.partial(table.answers.pop, token, None), functools.partial(table.waiting.discard, token)
    if integration.type == "batch":
        reason = {"jobId": begun["JobId"], "reason": _ABORTED}
        return (
            functools.partial(_job, caller, begun["JobId"]),
            functools.partial(caller.call, "batch", "TerminateJob", reason),
        )
    arn = begun["ExecutionArn"]
    return (
        functools.partial(_run, caller, arn, parsed=integration.pattern == "sync:2"),
        functools.partial(caller.call, "stepfunctions", "StopExecution", {"executionArn": arn}),
    )


def _job(caller: Caller, job: str) -> Ended | None:
    """A job that has ended, as DescribeJobs answers it; None while it goes on."""
    found = caller.cloud.call("batch", "DescribeJobs", {"jobs": [job]}, caller.region)["jobs"]
    if found and found[0]["status"] not in {"SUCCEEDED", "FAILED"}:
        return None
    model = moto_private.get_service_model("batch").shape_for("JobDetail")
    told = shown(found[0], model) if found else {"JobId": job, "Status": "FAILED", "StatusReason": "It is not known"}
    return Ended(told if told["Status"] == "SUCCEEDED" else job_failure(told))


def _run(caller: Caller, arn: str, *, parsed: bool) -> Ended | None:
    """A run that has ended; `parsed`: its input and output are JSON, not text."""
    answer = caller.cloud.call("stepfunctions", "DescribeExecution", {"executionArn": arn}, caller.region)
    if answer["status"] == "RUNNING":
        return None
    told = shown(answer, moto_private.get_service_model("stepfunctions").shape_for("DescribeExecutionOutput"))
    for name in ("StartDate", "StopDate"):
        told[name] = round(answer[f"{name[0].lower()}{name[1:]}"].timestamp() * 1000)
    for name in ("Input", "Output") if parsed else ():
        if name in told:
            told[name] = json.loads(told[name])
    return Ended(told if answer["status"] == "SUCCEEDED" else job_failure(told))
