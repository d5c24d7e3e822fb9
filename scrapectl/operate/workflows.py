"""State machines that stand → executions of them: started, listed, described, ended."""

from __future__ import annotations

import functools
import json
import re
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from scrapectl.operate.functions import refuse_for_jobs
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.patience import patiently
from scrapectl.operate.run import Run
from scrapectl.operate.tagged import Found

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

_START = "_start"  # ends the address of the machine that a trigger has around a job or a function
_ABSENT = ("ExecutionDoesNotExist", "StateMachineDoesNotExist")
# Step Functions, "StartExecution": what a name may not hold; 80 characters.
_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_STATES = {"TIMED_OUT": "FAILED", "ABORTED": "FAILED", "PENDING_REDRIVE": "PENDING"}
_SAID = {"TIMED_OUT": "it took longer than its time limit", "ABORTED": "stopped"}
_AT_ONCE = 1000  # that ListExecutions tells


@dataclass(frozen=True)
class StandingWorkflow:
    """A state machine as AWS has it; `around` is true of one that a trigger has around a job or a function."""

    name: str
    arn: str
    around: bool = False

    kind: ClassVar[str] = "workflow"

    @property
    def physical(self) -> str:
        """Its name in AWS."""
        return self.arn.rpartition(":")[2]

    def execution(self, name: str) -> str:
        """The ARN of a run of it."""
        return f"{self.arn.replace(':stateMachine:', ':execution:', 1)}:{name}"


def standing_workflows(found: Iterable[Found]) -> list[StandingWorkflow]:
    """The machines of the spec's workflows and triggers."""
    return [
        StandingWorkflow(each.key.removesuffix(_START), each.entry["stateMachineArn"], each.key.endswith(_START))
        for each in found
    ]


def execution_request(workflow: StandingWorkflow, overrides: Overrides) -> dict[str, Any]:
    """The StartExecution request of a run, with a name of ours: the variables are its input.

    Raises:
        UsageError: An override that only jobs have.
    """
    refuse_for_jobs(workflow, overrides)
    given = json.dumps(dict(overrides.environment))
    return {"stateMachineArn": workflow.arn, "name": execution_name(), "input": given}


def execution_name() -> str:
    """`20261121T183657-1a2b3c4d`: sorts by time, and is never a name in a spec."""
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"


def start_execution(aws: Aws, workflow: StandingWorkflow, request: Mapping[str, Any]) -> Run:
    """Start it; by its name the same request twice is one run, so that a lost answer may be repeated."""
    patiently(functools.partial(aws.call, "stepfunctions", "start_execution", **request))
    now = time.time()
    return Run(request["name"], workflow.name, "RUNNING", now, now, kind="workflow", of=workflow.arn)


def list_executions(aws: Aws, workflows: Sequence[StandingWorkflow], most: int) -> list[Run]:
    """All that go on, and the newest `most` of any state: two calls for each machine, however many runs."""
    asks = []
    for each in workflows:
        newest = functools.partial(_newest, aws, each, most)
        going = functools.partial(_pages, aws, each, statusFilter="RUNNING", maxResults=_AT_ONCE)
        asks += [newest, going]
    runs = {(run.of, run.id): run for found in aws.gather(asks) for run in found}
    return sorted(runs.values(), key=lambda run: (-run.created, run.id))


def _newest(aws: Aws, workflow: StandingWorkflow, most: int) -> list[Run]:
    """Of one page alone: ListExecutions tells the newest first."""
    ask: dict[str, Any] = {"stateMachineArn": workflow.arn, "maxResults": min(max(most, 1), _AT_ONCE)}
    answer = aws.call("stepfunctions", "list_executions", absent=_ABSENT, **ask)
    return [_run(entry, workflow) for entry in (answer or {}).get("executions", ())]


def _pages(aws: Aws, workflow: StandingWorkflow, **ask: Any) -> list[Run]:
    entries = aws.pages(
        "stepfunctions", "list_executions", "executions", absent=_ABSENT, stateMachineArn=workflow.arn, **ask
    )
    return [_run(entry, workflow) for entry in entries or ()]


def find_execution(aws: Aws, workflows: Sequence[StandingWorkflow], name: str) -> Run | None:
    """The run of a name: each machine is asked, for a name alone does not tell of which it is."""
    if not _NAME.fullmatch(name):
        return None
    found = aws.gather([functools.partial(_described, aws, each, name) for each in workflows])
    return next((run for run in found if run is not None), None)


def describe_executions(aws: Aws, runs: Sequence[Run], workflows: Sequence[StandingWorkflow]) -> list[Run]:
    """The same runs as they are now; those that AWS has forgotten (90 days after their end) are left out."""
    known = {each.arn: each for each in workflows}
    asks = [functools.partial(_described, aws, known[run.of], run.id) for run in runs if run.of in known]
    parts = {run.id: run.part_of for run in runs}
    return [replace(run, part_of=parts[run.id]) for run in aws.gather(asks) if run is not None]


def stop_executions(aws: Aws, runs: Sequence[Run], reason: str) -> None:
    """End them, side by side; Step Functions ends the jobs that they wait for."""
    ask = functools.partial(aws.call, "stepfunctions", "stop_execution", error="Stopped", cause=reason)
    aws.gather([functools.partial(ask, executionArn=execution_of(run)) for run in runs])


def execution_of(run: Run) -> str:
    """The ARN of a run."""
    return StandingWorkflow(run.name, run.of).execution(run.id)


def _described(aws: Aws, workflow: StandingWorkflow, name: str) -> Run | None:
    arn = workflow.execution(name)
    answer = patiently(
        functools.partial(aws.call, "stepfunctions", "describe_execution", absent=_ABSENT, executionArn=arn)
    )
    return None if answer is None else _run(answer, workflow)


def told_cause(cause: str | None) -> str | None:
    """Say in a line what came of a job: its cause is all of its description, with the values of its variables."""
    try:
        job = json.loads(cause or "null")
    except ValueError:  # one that is too long is cut
        return "its job's description is too long" if '"Environment":' in (cause or "") else cause
    if not isinstance(job, dict) or "JobId" not in job:
        return cause
    code = (job.get("Container") or {}).get("ExitCode")
    exited = None if code is None else f"exit code {code}"
    return ": ".join(text for text in (f"job {job['JobId']}", exited, job.get("StatusReason")) if text)


def _run(entry: Mapping[str, Any], workflow: StandingWorkflow) -> Run:
    """Read an entry of DescribeExecution, or of ListExecutions, which says nothing of why."""
    status = entry["status"]
    said = [_SAID.get(status), entry.get("error"), told_cause(entry.get("cause"))]
    state = _STATES.get(status, status)
    return Run(
        id=entry["name"],
        name=workflow.name,
        state=state,
        created=entry["startDate"].timestamp(),
        started=entry["startDate"].timestamp(),
        stopped=entry["stopDate"].timestamp() if entry.get("stopDate") else None,
        reason=": ".join(text for text in said if text) or None if state == "FAILED" else None,
        kind="workflow",
        of=workflow.arn,
    )
