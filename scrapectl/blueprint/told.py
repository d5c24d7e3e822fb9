"""Who is told of what: the topic of each failure, and whether anybody must be told at all."""

from __future__ import annotations

from scrapectl.blueprint.scope import Scope
from scrapectl.spec.expected import checked_by_itself
from scrapectl.spec.model import Function, Host, Job, MessageQueue, Trigger, UploadEvent, Workflow


def has_schedules(scope: Scope) -> bool:
    """Whether anything happens by the clock."""
    spec = scope.spec
    runs = [each.schedules for section in (spec.jobs, spec.functions, spec.workflows) for each in section.values()]
    powers = [database.power for database in spec.databases.values() if database.existing is None]
    return any(runs) or any(powers)


def runs_something(scope: Scope) -> bool:
    """Whether there is anything that writes a log."""
    spec = scope.spec
    return bool(spec.started or spec.triggers) or notifies(scope)


def hands_over(scope: Scope) -> bool:
    """Whether AWS hands something over that it may have to give up: a start by the clock, an upload, a call."""
    spec = scope.spec
    return has_schedules(scope) or bool(spec.triggers or spec.functions or checked_by_itself(spec))


def upload_triggers(scope: Scope) -> list[tuple[Trigger, UploadEvent]]:
    """The triggers that uploads set off."""
    triggers = scope.spec.triggers.values()
    return [(trigger, trigger.on) for trigger in triggers if isinstance(trigger.on, UploadEvent)]


def failure_topic(scope: Scope, started: Job | Function | Workflow | Host) -> str | None:
    """Key of the topic that hears of a failed run of this; of a function, when it failed at each of its tries."""
    alerts = scope.spec.alerts
    return started.on_failure or (alerts.to if alerts.failed_runs else None)


def trigger_topic(scope: Scope, trigger: Trigger) -> str | None:
    """Key of the topic that hears when what an upload starts failed; a job's own failure is told by the notifier."""
    return None if trigger.section == "jobs" else failure_topic(scope, scope.spec.functions[trigger.starts])


def watches_runs(scope: Scope) -> bool:
    """Whether the failure of some job is told."""
    return any(failure_topic(scope, job) for job in scope.spec.jobs.values())


def letter_topic(scope: Scope) -> str | None:
    """Key of the topic that hears of what could not be delivered."""
    alerts = scope.spec.alerts
    return alerts.to if alerts.dead_letters and hands_over(scope) else None


def watches_workflows(scope: Scope) -> bool:
    """Whether it is told when a run of a workflow fails that cannot tell itself."""
    return any(failure_topic(scope, workflow) for workflow in scope.spec.workflows.values())


def watches_hosts(scope: Scope) -> bool:
    """Whether it is told when a host could not start, or was lost: of how it ended else, it tells by itself."""
    return any(failure_topic(scope, host) for host in scope.spec.hosts.values())


def reads_letters(scope: Scope) -> bool:
    """Whether some of the instance's dead letters are told: a function that failed leaves one, too."""
    functions = scope.spec.functions.values()
    return letter_topic(scope) is not None or any(failure_topic(scope, function) for function in functions)


def notifies(scope: Scope) -> bool:
    """Whether the instance has a notifier."""
    return watches_runs(scope) or watches_workflows(scope) or watches_hosts(scope) or reads_letters(scope)


def queues_with_alarms(scope: Scope) -> tuple[MessageQueue, ...]:
    """The message queues of ours that an alarm watches, for dead letters or for their age."""
    alerts = scope.spec.alerts
    if alerts.to is None or not (alerts.dead_letters or alerts.queue_age):
        return ()
    return tuple(queue for queue in scope.spec.message_queues.values() if queue.existing is None)
