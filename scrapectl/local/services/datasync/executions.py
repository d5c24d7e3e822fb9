"""Executions of tasks: one at a time of each, the others wait; what they copy is copied by workers, in no request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.paging import page, tag_map
from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.datasync.access import try_access
from scrapectl.local.services.datasync.copy import End, TransferProblem, chosen, copy, end_of
from scrapectl.local.services.datasync.filters import of_rules
from scrapectl.local.services.datasync.state import (
    ENDED,
    Execution,
    Task,
    find_task,
    invalid,
    new_id,
    shown_time,
    state_in,
    state_of,
)

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_NEXT = {"LAUNCHING": "PREPARING", "PREPARING": "TRANSFERRING", "TRANSFERRING": "VERIFYING", "VERIFYING": "SUCCESS"}
_LASTS = {
    "LAUNCHING": "transfer_launch",
    "PREPARING": "transfer_prepare",
    "TRANSFERRING": "transfer_copy",
    "VERIFYING": "transfer_verify",
}
_PARTS = {"PREPARING": "Prepare", "TRANSFERRING": "Transfer", "VERIFYING": "Verify"}
_MOST_QUEUED = 50


@operation("datasync", "StartTaskExecution")
def start(call: Call) -> Params:
    """Start one, or queue it behind the one that runs."""
    params, cloud = call.params, call.cloud
    task = find_task(call, params["TaskArn"])
    options = {**task.document["Options"], **(params.get("OverrideOptions") or {})}
    if task.status(cloud.clock.now()) == "CREATING":
        raise invalid(f"Task {task.arn.rsplit('/', 1)[-1]} is in state CREATING; it must be AVAILABLE.")
    if task.open and options["TaskQueueing"] == "DISABLED":
        raise invalid(f"Task {task.arn.rsplit('/', 1)[-1]} is busy: an execution of it is running.")
    if len(task.open) > _MOST_QUEUED:
        raise invalid(f"Task {task.arn.rsplit('/', 1)[-1]} is busy: too many of its executions are queued.")
    document = {
        "TaskExecutionArn": f"{task.arn}/execution/{new_id('exec')}",
        "Options": options,
        "Includes": params.get("Includes") or task.document.get("Includes") or [],
        "Excludes": params.get("Excludes") or task.document.get("Excludes") or [],
        "StartTime": shown_time(cloud.clock.now()),
        "TaskMode": task.document["TaskMode"],
        "EstimatedFilesToTransfer": 0,
        "EstimatedBytesToTransfer": 0,
        "FilesTransferred": 0,
        "BytesTransferred": 0,
        "BytesWritten": 0,
    }
    run = Execution(document, tag_map(params.get("Tags")))
    task.executions.append(run)
    Course(cloud, call.region, task).begin_next(cloud.clock.now())
    return {"TaskExecutionArn": run.arn}


@dataclass(frozen=True)
class Course:
    """The way of a task's executions, one after the other."""

    cloud: Cloud
    region: str
    task: Task

    def begin_next(self, now: float) -> None:
        """Launch the oldest that waits, when none runs."""
        if self.task.open and self.task.open[0].status == "QUEUED":
            run = self.task.open[0]
            run.document["LaunchTime"] = shown_time(now)
            self._enter(run, "LAUNCHING", now)

    def _enter(self, run: Execution, status: str, at: float) -> None:
        """Begin a phase, and have the next one begin when its time has passed."""
        run.status, run.begun[status] = status, at
        run.due = at + getattr(self.cloud.delays, _LASTS[status])
        outbox_of(self.cloud).add(lambda: self._advance(run), run.due - self.cloud.clock.now())

    def _advance(self, run: Execution) -> None:
        """Go on to the next phase; its work is done without the cloud's lock, before its time begins to pass."""
        with self.cloud.lock:
            status, at = _NEXT.get(run.status), run.due
            if status in {None, "SUCCESS"}:  # None: it was cancelled meanwhile
                self.end(run, at)
                return
            run.status, run.begun[status] = status, at
        problem = None
        try:
            self._work(run)
        except TransferProblem as raised:
            problem = raised
        with self.cloud.lock:
            if problem:
                self.end(run, at, problem)
            elif run.status not in ENDED:
                self._enter(run, status, at)

    def end(self, run: Execution, at: float, problem: TransferProblem | None = None) -> None:
        """Note how it ended, unless that is known, and let the next one begin."""
        if run.status in ENDED:
            return
        result: dict[str, Any] = {"TotalDuration": round(1000 * (at - run.begun.get("LAUNCHING", at)))}
        for phase, part in _PARTS.items():
            reached = phase in run.begun
            failed = problem is not None and phase == run.status
            result[f"{part}Status"] = "ERROR" if failed else "SUCCESS" if reached else "PENDING"
            result[f"{part}Duration"] = round(1000 * (at - run.begun[phase])) if reached else 0
        if problem:
            result |= {"ErrorCode": problem.code, "ErrorDetail": problem.detail}
        run.status = "ERROR" if problem else "SUCCESS"
        run.document |= {"Result": result, "EndTime": shown_time(at)}
        self.begin_next(at)

    def _work(self, run: Execution) -> None:
        if run.status == "PREPARING":
            source, _ = self._ends()
            files = chosen(source, of_rules(run.document["Includes"]), of_rules(run.document["Excludes"]))
            run.paths = sorted(files)
            size = sum(files.values())
            run.document |= {"EstimatedFilesToTransfer": len(files), "EstimatedBytesToTransfer": size}
        elif run.status == "TRANSFERRING":
            everything = run.document["Options"]["TransferMode"] == "ALL"
            count, size = copy(*self._ends(), run.paths, everything=everything)
            run.document |= {"FilesTransferred": count, "BytesTransferred": size, "BytesWritten": size}

    def _ends(self) -> tuple[End, End]:
        """Both ends, tried anew: a role may have gone since the location was made."""
        found = []
        with self.cloud.lock:
            for end in ("Source", "Destination"):
                location = state_in(self.cloud, self.region).locations[self.task.document[f"{end}LocationArn"]]
                try:
                    try_access(self.cloud, self.region, location)
                except Refusal as refusal:
                    raise TransferProblem("LocationAccess", refusal.message) from refusal
                found.append(end_of(self.cloud, self.region, location))
        return found[0], found[1]


@operation("datasync", "DescribeTaskExecution")
def describe(call: Call) -> Params:
    """Answer one."""
    _, run = _find(call)
    return {**run.document, "Status": run.status}


@operation("datasync", "ListTaskExecutions")
def list_all(call: Call) -> Params:
    """Answer those of a task, or all."""
    params, state = call.params, state_of(call)
    tasks = [find_task(call, params["TaskArn"])] if params.get("TaskArn") else list(state.tasks.values())
    found = [run for task in tasks for run in task.executions]
    listed, token = page(found, params.get("MaxResults"), params.get("NextToken"), code="InvalidRequestException")
    rows = [{"TaskExecutionArn": run.arn, "Status": run.status, "TaskMode": "BASIC"} for run in listed]
    return {"TaskExecutions": rows, "NextToken": token}


@operation("datasync", "CancelTaskExecution")
def cancel(call: Call) -> Params:
    """End one that has not ended; what was copied stays."""
    task, run = _find(call)
    if run.status in ENDED:
        raise invalid(f"Execution {run.arn.rsplit('/', 1)[-1]} has ended.")
    problem = TransferProblem("Cancelled", "Task execution was cancelled.")
    Course(call.cloud, call.region, task).end(run, call.cloud.clock.now(), problem)
    return {}


def _find(call: Call) -> tuple[Task, Execution]:
    arn = call.params["TaskExecutionArn"]
    for task in state_of(call).tasks.values():
        for run in task.executions:
            if run.arn == arn:
                return task, run
    raise invalid(f"Task execution {arn.rsplit('/', 1)[-1]} is not found.")
