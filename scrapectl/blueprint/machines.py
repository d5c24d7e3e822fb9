"""`workflows`, and triggers that start a job or a function → a Step Functions state machine each, with its role."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from scrapectl.blueprint import access
from scrapectl.blueprint.pipeline import log_group_arn_of, log_group_ref
from scrapectl.blueprint.role import make_role, role_ref, trust_for
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.told import failure_topic, trigger_topic
from scrapectl.blueprint.transfers import task_ref
from scrapectl.blueprint.workflow import (
    FunctionCall,
    Given,
    JobCall,
    compile_trigger,
    compile_workflow,
    copies_of,
    each_step,
    looked_at,
)
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.engine.values import Text as Mixed
from scrapectl.kinds.sfn_state_machine import SfnStateMachine, state_machine_arn
from scrapectl.spec import names
from scrapectl.spec.model import (
    CallStep,
    RunStep,
    Step,
    Trigger,
    UploadEvent,
    Workflow,
)

_WHAT = "start"
_BATCH_RULE = "StepFunctionsGetEventsForBatchJobsRule"
"""The rule by which Step Functions hears of the jobs that it waits for (AWS-FACTS §10)."""
_LOG_DELIVERY = (  # AWS-FACTS §10: none of them takes a resource
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)


def desired(scope: Scope) -> Iterator[Desired]:
    """One machine for each workflow and each such trigger; machines that may do the same share a role."""
    seen: set[str] = set()
    for wanted in (*_of_workflows(scope), *_of_triggers(scope)):
        if wanted.address not in seen:
            seen.add(wanted.address)
            yield wanted


def machine_ref(scope: Scope, trigger: Trigger) -> Ref:
    """What an upload trigger starts, as a reference to the machine's ARN that orders."""
    if trigger.section == "workflows":
        return Ref(scope.address("workflows", trigger.starts), "arn", machine_arn(scope, trigger))
    return Ref(_address(scope, trigger), "arn", machine_arn(scope, trigger))


def machine_arn(scope: Scope, trigger: Trigger) -> str:
    """The same as plain text, which orders nothing: for policies and routes."""
    if trigger.section == "workflows":
        return scope.arn("workflows", trigger.starts)
    return state_machine_arn(*scope.place, _name(scope, trigger))


def upload_triggers(scope: Scope, workflow: Workflow) -> list[Trigger]:
    """The triggers whose uploads start a workflow."""
    started = ("workflows", workflow.key)
    return [trigger for trigger in scope.spec.triggers.values() if (trigger.section, trigger.starts) == started]


def _of_workflows(scope: Scope) -> Iterator[Desired]:
    for workflow in scope.spec.workflows.values():
        around = _Around(scope, workflow.steps, workflow.key, failure_topic(scope, workflow))
        leave = [*around.leave(), *access.statements(scope, workflow.access)]
        leave += _look(scope, workflow)
        if workflow.access.submit:
            leave += _wait_for_jobs(scope)
        yield _role(scope, leave, workflow)
        places = {"definition": workflow.place_of("steps" if workflow.states is None else "definition")}
        machine = _machine(scope, scope.physical("workflows", workflow.key), _definition(workflow, around), leave)
        yield scope.desire_entry("workflows", workflow, machine, places=places)


def _look(scope: Scope, workflow: Workflow) -> list[access.Statement]:
    """What it takes to see whether the object of a copy is still there."""
    uploads = [trigger.on.place for trigger in upload_triggers(scope, workflow) if isinstance(trigger.on, UploadEvent)]
    places = looked_at(workflow.steps, uploads)
    return access.statements(scope, replace(workflow.access, read=places)) if places else []


def _of_triggers(scope: Scope) -> Iterator[Desired]:
    """Triggers whose upload starts something that is no workflow, and so needs a machine around it."""
    for trigger in scope.spec.triggers.values():
        if not isinstance(trigger.on, UploadEvent) or trigger.section not in {"jobs", "functions"}:
            continue
        around = _Around(scope, (_started(trigger),), trigger.starts, trigger_topic(scope, trigger))
        leave = around.leave()
        yield _role(scope, leave, trigger)
        machine = _machine(scope, _name(scope, trigger), compile_trigger(trigger, around.given([trigger])), leave)
        yield scope.desire(_address(scope, trigger), machine, trigger)


def _started(trigger: Trigger) -> Step:
    if trigger.section == "jobs":
        return RunStep(origin=trigger.origin, where=trigger.where, job=trigger.starts)
    return CallStep(origin=trigger.origin, where=trigger.where, function=trigger.starts)


def _definition(workflow: Workflow, around: _Around) -> Any:
    """The steps compiled; or the user's own definition, with what it names filled in."""
    scope = around.scope
    if workflow.states is None:
        return compile_workflow(workflow, around.given(upload_triggers(scope, workflow)))
    return {"TimeoutSeconds": workflow.timeout, **scope.filled(workflow.states)}


@dataclass(frozen=True)
class _Around:
    """Steps, with what they need of the world: what is named in the machine, and what its role may do.

    Attributes:
        name: The workflow's key, or what else is typed to run it again.
        topic: Key of the topic that hears of a failure.
    """

    scope: Scope
    steps: tuple[Step, ...]
    name: str
    topic: str | None

    def given(self, triggers: Iterable[Trigger]) -> Given:
        """What the compiler is told."""
        scope = self.scope
        return Given(
            pipeline=scope.owner,
            partition=scope.facts.partition,
            jobs={key: _job(scope, key, self.topic) for key in self._jobs()},
            functions={key: _function(scope, key) for key in self._functions()},
            tasks=self._tasks(),
            topic=scope.ref("topics", self.topic, "arn") if self.topic else None,
            commands=_commands(scope, self.name),
            uploads=tuple(trigger.on.place for trigger in triggers if isinstance(trigger.on, UploadEvent)),
            text=scope.text,
        )

    def leave(self) -> list[access.Statement]:
        """What the machine's role may do (AWS-FACTS §21), beside writing its log."""
        scope = self.scope
        found = [access.allow(_LOG_DELIVERY, ["*"])]
        if jobs := self._jobs():
            submit = access.submit_resources(scope, [scope.spec.jobs[key] for key in jobs])
            found += [access.allow(("batch:SubmitJob",), submit), *_wait_for_jobs(scope)]
        if functions := self._functions():
            arns = [scope.arn("functions", key) for key in functions]
            found.append(access.allow(("lambda:InvokeFunction",), [*arns, *(f"{arn}:*" for arn in arns)]))
        if tasks := self._tasks():
            runs = [Mixed((task, "/execution/*")) for task in tasks]
            found.append(access.allow(("datasync:StartTaskExecution",), tasks))
            found.append(access.allow(("datasync:DescribeTaskExecution",), runs))
        return [*found, *access.publish_statements(scope, [self.topic] if self.topic else [])]

    def _jobs(self) -> list[str]:
        return sorted({step.job for step in each_step(self.steps) if isinstance(step, RunStep)})

    def _functions(self) -> list[str]:
        return sorted({step.function for step in each_step(self.steps) if isinstance(step, CallStep)})

    def _tasks(self) -> tuple[Ref, ...]:
        copies = enumerate(copies_of(self.steps), 1)
        return tuple(task_ref(self.scope, self.name, number) for number, _ in copies)


def _wait_for_jobs(scope: Scope) -> list[access.Statement]:
    """What `.sync` takes beside the submission; AWS allows the first two on nothing narrower than we can name."""
    partition, region, account = scope.place
    rule = f"arn:{partition}:events:{region}:{account}:rule/{_BATCH_RULE}"
    return [
        access.allow(("batch:DescribeJobs", "batch:TerminateJob"), ["*"]),
        access.allow(("events:DescribeRule", "events:PutRule", "events:PutTargets"), [rule]),
    ]


def _job(scope: Scope, key: str, topic: str | None) -> JobCall:
    job = scope.spec.jobs[key]
    return JobCall(
        name=names.fit(scope.base(key), names.BATCH_LIMIT),
        definition=scope.ref("jobs", key, "arn"),
        queue=scope.ref("job_queues", job.queue, "arn"),
        share=job.share,
        array=job.array,
        longest=(job.retries + 1) * job.timeout,
        told=topic is not None and failure_topic(scope, job) == topic,
    )


def _function(scope: Scope, key: str) -> FunctionCall:
    return FunctionCall(arn=scope.ref("functions", key, "arn"), timeout=scope.spec.functions[key].timeout)


def _commands(scope: Scope, name: str) -> tuple[str, ...]:
    """What to type when a run failed: its log, and to run it again."""
    where = ["--pipeline", scope.spec.pipeline]
    where += ["--stage", scope.spec.stage] if scope.spec.stage else []
    there = shlex.join([*where, "--region", scope.facts.region])
    return f"scrapectl logs {{run}} {there}", f"scrapectl run {shlex.quote(name)} {there}"


def _machine(scope: Scope, name: str, definition: Any, leave: list[access.Statement]) -> SfnStateMachine:
    group = Ref(log_group_ref(scope).address, "arn", log_group_arn_of(scope))
    return SfnStateMachine(name=name, definition=definition, role=role_ref(scope, _what(leave)), log_group=group)


def _role(scope: Scope, leave: list[access.Statement], written: Workflow | Trigger) -> Desired:
    partition, region, account = scope.place
    machines = f"arn:{partition}:states:{region}:{account}:stateMachine:*"
    trust = trust_for("states.amazonaws.com", scope, "ArnLike", machines)
    description = f"What state machines of {scope.owner} that do this may do"
    return make_role(scope, _what(leave), trust, leave, written, description=description)


def _what(leave: list[access.Statement]) -> str:
    """Names a role by what it may do, so that a workflow that comes or goes never renames another's."""
    return f"machine-{hashlib.sha256(repr(leave).encode()).hexdigest()[:6]}"


def _name(scope: Scope, trigger: Trigger) -> str:
    return trigger.name or names.trigger_machine_name(scope.spec.pipeline, scope.spec.stage, trigger.key)


def _address(scope: Scope, trigger: Trigger) -> str:
    return f"sfn_state_machine.{scope.base(trigger.key, _WHAT)}"
