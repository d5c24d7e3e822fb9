"""An execution's history → lines that tell how it went, and the runs of jobs and functions that it began."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.operate.logs import Line
from scrapectl.operate.patience import patiently
from scrapectl.operate.run import Run
from scrapectl.operate.workflows import told_cause

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

_ABSENT = ("ExecutionDoesNotExist",)
_PAGE = 1000
_ENTERED = re.compile(r"(Task|Parallel|Map|Wait)StateEntered")
_WENT_WRONG = re.compile(r"(Failed|TimedOut|Aborted)$")
_ENDS = {
    "ExecutionSucceeded": "succeeded",
    "ExecutionFailed": "failed",
    "ExecutionTimedOut": "took longer than its time limit",
    "ExecutionAborted": "was stopped",
}
_LONGEST = 2000  # characters of a cause that are told
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ANSWERED = {"TaskSucceeded", "TaskFailed", "LambdaFunctionSucceeded", "LambdaFunctionFailed"}
_DONE = {"TaskStateExited", "ParallelStateExited", "MapStateExited"}


@dataclass(frozen=True)
class _Call:
    """What a task calls: `submitJob.sync`, `describeTaskExecution`, or `invoke` and which function."""

    resource: str = ""
    function: str = ""


_NOTHING = _Call()


@dataclass
class History:
    """The events of an execution, and how far they have been read and told; implements `Feed`."""

    run: str
    arn: str
    since: float = 0.0
    began: list[Run] = field(default_factory=list)
    _token: str | None = None
    _seen: int = 0
    _lines: list[Line] = field(default_factory=list)
    _state_of: dict[int, str] = field(default_factory=dict)
    _entered: set[str] = field(default_factory=set)
    _calls: dict[int, _Call] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        """The execution."""
        return (self.arn,)

    def load(self, aws: Aws) -> None:
        """Read what has happened since; the last page is read again, for it may have grown."""
        while True:
            answer = self._page(aws)
            for event in answer.get("events", ()) if answer else ():
                if event["id"] > self._seen:
                    self._seen = event["id"]
                    self._take(event)
            token = (answer or {}).get("nextToken")
            if not token:
                return
            self._token = token

    def next(self, aws: Aws) -> list[Line] | None:
        """What has happened since it was last told."""
        self.load(aws)
        told, self._lines = [line for line in self._lines if line.at >= self.since], []
        return told or None

    def _page(self, aws: Aws) -> Any:
        ask: dict[str, Any] = {"executionArn": self.arn, "maxResults": _PAGE, "includeExecutionData": True}
        if self._token:
            ask["nextToken"] = self._token
        return patiently(functools.partial(aws.call, "stepfunctions", "get_execution_history", absent=_ABSENT, **ask))

    def _take(self, event: Mapping[str, Any]) -> None:
        entered = event.get("stateEnteredEventDetails") or {}
        before = event.get("previousEventId", 0)
        state = self._state_of[event["id"]] = entered.get("name") or self._state_of.get(before, "")
        called = self._calls[event["id"]] = _called(event) or self._calls.get(before, _NOTHING)
        at = event["timestamp"].timestamp()
        self._lines.extend(Line(self.run, at, text) for text in self._told(event, state, called))
        began = _began(event, called)
        if began and all(began.id != known.id for known in self.began):
            self.began.append(Run(began.id, state, began.state, at, kind=began.kind, of=began.of, part_of=self.run))

    def _told(self, event: Mapping[str, Any], state: str, called: _Call) -> Iterator[str]:
        kind = event["type"]
        details = _details(event)
        if kind == "ExecutionStarted":
            yield f"started with {details.get('input') or '{}'}"
        elif kind in _ENDS:
            yield f"{_ENDS[kind]}{_cause(details)}"
        elif _ENTERED.fullmatch(kind) and state not in self._entered:  # a poll comes by again and again
            self._entered.add(state)
            yield f"{state}: begins"
        elif _WENT_WRONG.search(kind):
            yield f"{state}: {_words(kind)}{_cause(details)}"
        elif kind == "TaskSubmitted" and (job := _job_id(details)):
            yield f"{state}: job {job}"
        elif kind in _DONE and not called.resource.startswith("describe"):  # which only looks how something gets on
            yield f"{state}: done"


def _called(event: Mapping[str, Any]) -> _Call | None:
    """What a task calls, from the event that schedules it; nothing, when a state begins."""
    if event["type"].endswith("StateEntered"):
        return _NOTHING
    details = event.get("taskScheduledEventDetails")
    if details is not None:
        return _Call(str(details.get("resource", "")), str(_json(details.get("parameters")).get("FunctionName", "")))
    plain = event.get("lambdaFunctionScheduledEventDetails")  # a task whose resource is the function itself
    return None if plain is None else _Call("invoke", str(plain.get("resource", "")))


def _began(event: Mapping[str, Any], called: _Call) -> Run | None:
    """The job that was submitted, or the call that was answered: a function's id is known when it has ended."""
    details = _details(event)
    if called.resource.startswith("submitJob") and event["type"] in {"TaskSubmitted", "TaskSucceeded"}:
        job = _job_id(details)
        return Run(job, "", "SUBMITTED") if job else None
    if called.resource.startswith("invoke") and event["type"] in _ANSWERED:
        known = _request_id(details)
        ended = "SUCCEEDED" if event["type"].endswith("Succeeded") else "FAILED"
        return Run(known, "", ended, kind="function", of=called.function) if known else None
    return None


def _job_id(details: Mapping[str, Any]) -> str:
    told = _json(details.get("output"))
    return str(told.get("JobId", "")) if _UUID.fullmatch(str(told.get("JobId", ""))) else ""


def _request_id(details: Mapping[str, Any]) -> str:
    """Of the answer's metadata; of an error it stands in the cause, where the runtime tells it."""
    answer, cause = _json(details.get("output")), _json(details.get("cause"))
    found = str((answer.get("SdkResponseMetadata") or {}).get("RequestId") or cause.get("requestId") or "")
    return found if _UUID.fullmatch(found) else ""


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an event says of itself, under a name that its type makes."""
    found = (value for name, value in event.items() if name.endswith("EventDetails"))
    details: Mapping[str, Any] = next(found, {})
    return details


def _cause(details: Mapping[str, Any]) -> str:
    text = ": ".join(part for part in (details.get("error"), told_cause(details.get("cause"))) if part)
    return f": {text[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}" if text else ""


def _words(kind: str) -> str:
    """`TaskTimedOut` → `timed out`."""
    found = _WENT_WRONG.search(kind)
    return {"Failed": "failed", "TimedOut": "timed out", "Aborted": "stopped"}[found[1]] if found else kind


def _json(text: Any) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
