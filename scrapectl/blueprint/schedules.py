"""`schedules` of jobs, functions and workflows → EventBridge Scheduler schedules with universal targets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from scrapectl import units
from scrapectl.blueprint.pipeline import dead_letter_ref, schedule_group_address
from scrapectl.blueprint.scheduled import Started, scheduler_role_refs, started
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.schedule import Schedule
from scrapectl.spec import names
from scrapectl.spec.cron import to_aws
from scrapectl.spec.model import Schedule as Written

MINUTE = 60


def desired(scope: Scope) -> Iterator[Desired]:
    """One schedule for each entry of whatever has some, in the instance's own group."""
    roles = scheduler_role_refs(scope)
    for one in started(scope):
        for schedule in one.written.schedules.values():
            address = f"schedule.{scope.base(one.written.key, schedule.key)}"
            resource = _schedule(scope, one, schedule, roles[one.written.key])
            wanted = scope.desire(address, resource, schedule, after=(schedule_group_address(scope),))
            yield dataclasses.replace(wanted, tags={})  # a schedule carries none but ours; its group carries the spec's


def _schedule(scope: Scope, one: Started, schedule: Written, role: Ref) -> Schedule:
    return Schedule(
        group=scope.owner,
        name=schedule.name or names.schedule_name(one.written.key, schedule.key),
        expression=expression(schedule),
        timezone=schedule.timezone,
        flex_minutes=schedule.flex // MINUTE if schedule.flex else None,
        state="ENABLED" if schedule.enabled else "DISABLED",
        start=schedule.from_date,
        end=schedule.to_date,
        target_arn=f"arn:{scope.facts.partition}:scheduler:::aws-sdk:{one.call}",
        role_arn=role,
        input=one.request(scope, schedule),
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
