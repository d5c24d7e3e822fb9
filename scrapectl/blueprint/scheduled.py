"""Jobs, functions and workflows with schedules → what each schedule asks AWS for, and the roles that may ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scrapectl.blueprint import access
from scrapectl.blueprint.json_text import json_text
from scrapectl.blueprint.pipeline import dead_letter_arn, schedule_group_arn_of
from scrapectl.blueprint.role import make_role, role_ref, trust_for
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.spec import names
from scrapectl.spec.model import Function, Job, Schedule, Workflow

INLINE_LIMIT = 10_240
"""Characters of all inline policies of a role (AWS-FACTS §11)."""
_NAMED_LIMIT = INLINE_LIMIT - 640
"""What of it the ARNs of what is started may take; the rest is for the statements around them."""


@dataclass(frozen=True)
class Started:
    """Something that the clock starts: what of the spec it is, by which call, and what IAM judges that call on."""

    written: Job | Function | Workflow
    call: str
    action: str
    resources: tuple[str, ...]

    def request(self, scope: Scope, schedule: Schedule) -> dict[str, Any]:
        """The call's input, in the member names that a universal target takes (AWS-FACTS §8.2)."""
        if isinstance(self.written, Job):
            return _submit(scope, self.written, schedule)
        if isinstance(self.written, Function):
            return _invoke(scope, self.written, schedule)
        return _start(scope, self.written, schedule)


def started(scope: Scope) -> Iterator[Started]:
    """Everything that has schedules."""
    for job in scope.spec.jobs.values():
        if job.schedules:
            yield Started(job, "batch:submitJob", "batch:SubmitJob", tuple(access.submit_resources(scope, [job])))
    for function in scope.spec.functions.values():
        if function.schedules:
            arns = tuple(access.call_resources(scope, [function.key]))
            yield Started(function, "lambda:invoke", "lambda:InvokeFunction", arns)
    for workflow in scope.spec.workflows.values():
        if workflow.schedules:
            arn = (scope.arn("workflows", workflow.key),)
            yield Started(workflow, "sfn:startExecution", "states:StartExecution", arn)


def scheduler_role_refs(scope: Scope) -> dict[str, Ref]:
    """What EventBridge Scheduler assumes to start each scheduled thing, by its key."""
    return {one.written.key: role_ref(scope, what) for what, shared in _shared(scope).items() for one in shared}


def scheduler_roles(scope: Scope) -> Iterator[Desired]:
    """The roles themselves."""
    for what, shared in _shared(scope).items():
        actions = dict.fromkeys(one.action for one in shared)
        found = [
            *(access.allow((action,), _resources(shared, action)) for action in actions),
            access.allow(("sqs:SendMessage",), [dead_letter_arn(scope)]),
        ]
        trust = trust_for("scheduler.amazonaws.com", scope, "StringEquals", schedule_group_arn_of(scope))
        description = f"{_describe(shared)} of {scope.owner}"
        yield make_role(scope, what, trust, found, scope.spec, description=description, common=True)


def _describe(shared: list[Started]) -> str:
    return "Submits scheduled jobs" if all(isinstance(one.written, Job) for one in shared) else "Starts by the clock"


def _resources(shared: list[Started], action: str) -> list[str]:
    return [arn for one in shared if one.action == action for arn in one.resources]


def _shared(scope: Scope) -> dict[str, list[Started]]:
    """Share what is scheduled out among roles, as many to each as a policy can name: `scheduler`, `scheduler-2`, ….

    A policy cannot name jobs by our tag instead: AWS looks at a definition's tags only when a submission names its
    revision ("Restrict job submission by resource tags", Batch User Guide), and a schedule names the newest.
    """
    shared: list[list[Started]] = []
    named: set[str] = set()
    for one in started(scope):
        named |= set(one.resources)
        if not shared or sum(len(arn) + len('"",') for arn in named) > _NAMED_LIMIT:
            shared.append([])
            named = set(one.resources)
        shared[-1].append(one)
    return {"scheduler" if not number else f"scheduler-{number + 1}": part for number, part in enumerate(shared)}


def _submit(scope: Scope, job: Job, schedule: Schedule) -> dict[str, Any]:
    """A SubmitJob request.

    It holds only what the schedule itself says, and the definition without revision: a change of the job never
    touches its schedules.
    """
    queue = scope.spec.job_queues[job.queue]
    request: dict[str, Any] = {
        "JobName": names.fit(f"{scope.base(job.key)}_{schedule.key}", names.BATCH_LIMIT),
        "JobQueue": scope.ref("job_queues", job.queue, "arn"),
        "JobDefinition": scope.ref("jobs", job.key, "arn"),
    }
    if schedule.share:
        request["ShareIdentifier"] = schedule.share
    if schedule.priority is not None and queue.shares:
        request["SchedulingPriorityOverride"] = schedule.priority
    if schedule.array:
        request["ArrayProperties"] = {"Size": schedule.array}
    if schedule.environment:
        given = _environment(scope, schedule)
        request["ContainerOverrides"] = {"Environment": [{"Name": name, "Value": given[name]} for name in given]}
    return request


def _invoke(scope: Scope, function: Function, schedule: Schedule) -> dict[str, Any]:
    """An Invoke that nobody waits for, with the event that the wrapper understands."""
    event = {"environment": _environment(scope, schedule)}
    return {
        "FunctionName": scope.ref("functions", function.key, "arn"),
        "InvocationType": "Event",
        "Payload": json_text(event),
    }


def _start(scope: Scope, workflow: Workflow, schedule: Schedule) -> dict[str, Any]:
    """A StartExecution; AWS names the run."""
    given = scope.filled(schedule.input or {})
    return {"StateMachineArn": scope.ref("workflows", workflow.key, "arn"), "Input": json_text(given)}


def _environment(scope: Scope, schedule: Schedule) -> Mapping[str, Any]:
    return {name: scope.text(schedule.environment[name]) for name in sorted(schedule.environment)}
