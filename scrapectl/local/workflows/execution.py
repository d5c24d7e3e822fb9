"""One run of a state machine: begun, stopped, timed out or done, with its history, its log and its events."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapectl.local.flows.bus import new_event, put_event
from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.registry import Refusal
from scrapectl.local.workflows.branch import Branch
from scrapectl.local.workflows.failure import StateFailure
from scrapectl.local.workflows.history import History, is_logged, log_line, with_data
from scrapectl.local.workflows.intrinsics import compact
from scrapectl.local.workflows.states import run_scope

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_SAID_IN_EVENTS = (
    *("stopDate", "output", "outputDetails", "error", "cause", "redriveStatusReason", "redriveDate"),
    *("stateMachineVersionArn", "stateMachineAliasArn"),
)
"""What is null in an event when there is nothing to say (measured: LocalStack's test_event_bridge_events_base)."""
_CHANGE = "Step Functions Execution Status Change"


@dataclass(frozen=True)
class Plan:
    """What a run begins with, and keeps whatever becomes of its machine.

    Attributes:
        machine: The machine's ARN.
        definition: As text; `document` is the same, parsed.
        logging: As DescribeStateMachine answers it.
    """

    machine: str
    region: str
    role: str
    definition: str
    document: dict[str, Any]
    logging: dict[str, Any]

    @property
    def name(self) -> str:
        """The machine's name."""
        return self.machine.rpartition(":")[2]


class Execution:
    """A run.

    Args:
        cloud: Where.
        plan: Of what.
        name: Its own name.
        data: Its input, as the text that was sent.

    Attributes:
        status: As DescribeExecution answers it.
        stopped_at: When it ended, in seconds since 1970.
        output: Text of JSON, of a run that SUCCEEDED.
    """

    def __init__(self, cloud: Cloud, plan: Plan, name: str, data: str) -> None:
        self.cloud = cloud
        self.plan = plan
        self.name = name
        self.input = data
        self.arn = plan.machine.replace(":stateMachine:", ":execution:") + f":{name}"
        self.started_at = cloud.clock.now()
        self.status = "RUNNING"
        self.stopped_at: float | None = None
        self.output: str | None = None
        self.error: str | None = None
        self.cause: str | None = None
        self.history = History()
        self._root = Branch(self, self._steps)

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.stopped_at is not None

    def begin(self) -> None:
        """Have its first state entered by a worker, and its end looked after."""
        details = with_data("input", json.loads(self.input), roleArn=self.plan.role)
        self.tell(self.started_at, "ExecutionStarted", 0, details)
        self._publish()
        seconds = self.plan.document.get("TimeoutSeconds")
        if seconds is not None:
            outbox_of(self.cloud).add(self._time_out, float(seconds))
        self._root.on_end = self._finished
        self._root.begin()

    def stop(self, error: str | None = None, cause: str | None = None) -> None:
        """Abort it, and what it waits for; one that has ended stays as it is."""
        with self.cloud.lock:
            if not self.ended:
                self._root.abort(told=False)
                self._end("ABORTED", self.cloud.clock.now(), StateFailure(error, cause))

    def context(self) -> dict[str, Any]:
        """What the context object says of the run and its machine."""
        return {
            "Execution": {
                "Id": self.arn,
                "Input": json.loads(self.input),
                "Name": self.name,
                "RoleArn": self.plan.role,
                "StartTime": shown(self.started_at),
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": self.plan.machine, "Name": self.plan.name},
        }

    def tell(self, at: float, kind: str, previous: int, details: dict[str, Any] | None) -> int:
        """Add an event to the history, and to the log when it wants such; returns its id."""
        number = self.history.add(at, kind, previous, details)
        logging = self.plan.logging
        if is_logged(logging.get("level", "OFF"), kind):
            group = logging["destinations"][0]["cloudWatchLogsLogGroup"]["logGroupArn"]
            name = group.partition(":log-group:")[2].removesuffix(":*")
            day = datetime.fromtimestamp(self.started_at, UTC).strftime("%Y-%m-%d-%H-%M")
            line = log_line(self.history.events[-1], self.arn, with_data=logging["includeExecutionData"])
            with contextlib.suppress(Refusal):  # a log that is gone stops no run
                stream = f"states/{self.plan.name}/{day}/{self.name[:8]}"
                self.cloud.put_log(name, stream, round(at * 1000), line, self.plan.region)
        return number

    def _steps(self, branch: Branch) -> Any:
        return (yield from run_scope(branch, self.plan.document, json.loads(self.input)))

    def _finished(self, result: Any, failure: StateFailure | None) -> None:
        if failure is None:
            self.output = compact(result)
        self._end("SUCCEEDED" if failure is None else "FAILED", self._root.at, failure)

    def _time_out(self) -> None:
        with self.cloud.lock:
            if not self.ended:
                self._root.abort(told=False)
                at = self.started_at + float(self.plan.document["TimeoutSeconds"])
                self._end("TIMED_OUT", at, StateFailure("States.Timeout"))

    def _end(self, status: str, at: float, failure: StateFailure | None) -> None:
        """Note the end once, and tell of it."""
        self.status, self.stopped_at = status, at
        kind = {"SUCCEEDED": "ExecutionSucceeded", "FAILED": "ExecutionFailed", "TIMED_OUT": "ExecutionTimedOut"}
        details: dict[str, Any] = {}
        if failure is None:
            details = with_data("output", json.loads(self.output or "null"))
        else:
            self.error, self.cause = failure.error, failure.cause
            details = {**failure.details}
        # What ends a run from outside follows on no event (measured: LocalStack's test_stop_execution).
        previous = self._root.previous if status in {"SUCCEEDED", "FAILED"} else 0
        self.tell(at, kind.get(status, "ExecutionAborted"), previous, details)
        self._publish()

    def _publish(self) -> None:
        """Tell EventBridge of the status, as AWS does: best effort, null where nothing is to say."""

        def make() -> dict[str, Any]:
            event = new_event(self.cloud, self.plan.region, "aws.states", _CHANGE, self._detail())
            return {**event, "resources": [self.arn]}

        put_event(self.cloud, self.plan.region, make)

    def _detail(self) -> dict[str, Any]:
        told = self.describe(lambda seconds: round(seconds * 1000))
        return {**dict.fromkeys(_SAID_IN_EVENTS), **told}

    def describe(self, time: Callable[[float], Any]) -> dict[str, Any]:
        """What DescribeExecution answers; `time` writes seconds since 1970."""
        may_redrive = self.status in {"FAILED", "ABORTED", "TIMED_OUT"}
        told = {
            "executionArn": self.arn,
            "stateMachineArn": self.plan.machine,
            "name": self.name,
            "status": self.status,
            "startDate": time(self.started_at),
            "stopDate": None if self.stopped_at is None else time(self.stopped_at),
            "input": self.input,
            "inputDetails": {"included": True},
            "output": self.output,
            "outputDetails": None if self.output is None else {"included": True},
            "error": self.error,
            "cause": self.cause,
            "redriveCount": 0,
            "redriveStatus": "REDRIVABLE" if may_redrive else "NOT_REDRIVABLE",
            "redriveStatusReason": None if may_redrive else f"Execution is {self.status} and cannot be redriven",
        }
        return {key: value for key, value in told.items() if value is not None}


def shown(seconds: float) -> str:
    """A time as the context object has it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
