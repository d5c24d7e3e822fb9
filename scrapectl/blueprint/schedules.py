"""`jobs.*.schedules` → EventBridge Scheduler schedules that submit the job by a universal target."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from scrapectl import units
from scrapectl.blueprint.pipeline import dead_letter_ref, schedule_group_address
from scrapectl.blueprint.roles import scheduler_role_refs
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.schedule import Schedule
from scrapectl.spec import names
from scrapectl.spec.cron import to_aws
from scrapectl.spec.model import Job
from scrapectl.spec.model import Schedule as Written

SUBMIT_JOB = "arn:{partition}:scheduler:::aws-sdk:batch:submitJob"
MINUTE = 60


def desired(scope: Scope) -> Iterator[Desired]:
    """One schedule for each entry of each job, in the instance's own group."""
    roles = scheduler_role_refs(scope)
    for job in scope.spec.jobs.values():
        for schedule in job.schedules.values():
            address = f"schedule.{scope.base(job.key, schedule.key)}"
            resource = _schedule(scope, job, schedule, roles[job.key])
            wanted = scope.desire(address, resource, schedule, after=(schedule_group_address(scope),))
            yield dataclasses.replace(wanted, tags={})  # a schedule carries none but ours; its group carries the spec's


def _schedule(scope: Scope, job: Job, schedule: Written, role: Ref) -> Schedule:
    return Schedule(
        group=scope.owner,
        name=schedule.name or names.schedule_name(job.key, schedule.key),
        expression=expression(schedule),
        timezone=schedule.timezone,
        flex_minutes=schedule.flex // MINUTE if schedule.flex else None,
        state="ENABLED" if schedule.enabled else "DISABLED",
        start=schedule.from_date,
        end=schedule.to_date,
        target_arn=SUBMIT_JOB.format(partition=scope.facts.partition),
        role_arn=role,
        input=_submit(scope, job, schedule),
        retries=schedule.deliver.retries,
        within_seconds=schedule.deliver.within,
        dead_letter=dead_letter_ref(scope),
    )


def expression(schedule: Written) -> str:
    """AWS's own form: cron(…), rate(…) or at(…)."""
    if schedule.cron is not None:
        return to_aws("cron", schedule.cron)
    if schedule.rate is not None:
        return to_aws("rate", units.format_duration(schedule.rate))
    return to_aws("at", str(schedule.at))


def _submit(scope: Scope, job: Job, schedule: Written) -> dict[str, Any]:
    """A SubmitJob request in the member names that a universal target takes (AWS-FACTS §8.2).

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
        pairs = [
            {"Name": name, "Value": scope.text(schedule.environment[name])} for name in sorted(schedule.environment)
        ]
        request["ContainerOverrides"] = {"Environment": pairs}
    return request
