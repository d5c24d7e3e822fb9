"""What belongs to the instance as a whole: its log group, schedule group, dead-letter queue, security group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapectl.blueprint import network
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.told import (
    hands_over,
    has_schedules,
    notifies,
    reads_letters,
    runs_something,
    upload_triggers,
    watches_hosts,
    watches_runs,
    watches_workflows,
)
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Policy, Ref
from scrapectl.kinds.events_rule import rule_arn
from scrapectl.kinds.log_group import LogGroup, log_group_arn
from scrapectl.kinds.schedule_group import ScheduleGroup, schedule_group_arn
from scrapectl.kinds.security_group import SecurityGroup
from scrapectl.kinds.sqs_queue import SqsQueue, queue_arn
from scrapectl.spec import names
from scrapectl.spec.checks.reach import in_network
from scrapectl.spec.expected import checked_by_itself
from scrapectl.spec.model import Job, Trigger

DAY = 86_400
DEAD_LETTER_DAYS = 14
LONGEST_VISIBILITY = 12 * 3600
FAILED_RUNS = "failed-runs"
FAILED_WORKFLOWS = "failed-workflows"
FAILED_LAUNCHES = "failed-launches"
LOST_HOSTS = "lost-hosts"
_SECURITY_GROUP_WHAT = "jobs"
_FUNCTIONS = "functions"
_HOSTS = "hosts"


def desired(scope: Scope) -> Iterator[Desired]:
    """The things of the instance that its jobs and schedules need."""
    spec = scope.spec
    if runs_something(scope):
        group = LogGroup(name=log_group_name(scope), retention=spec.logs.retention // DAY)
        yield scope.desire(_address(scope, "log_group"), group, spec.logs, common=True)
    if has_schedules(scope):
        yield scope.desire(_address(scope, "schedule_group"), ScheduleGroup(name=scope.owner), spec, common=True)
    if hands_over(scope) or notifies(scope):
        yield scope.desire(_dead_address(scope), _dead_letters(scope), spec, common=True)
    if needs_security_group(scope):
        outward = SecurityGroup(
            name=_security_group_name(scope),
            vpc=network.vpc(scope),
            description=f"Jobs of {scope.owner}: nothing in, everything out",
        )
        yield scope.desire(_security_group_address(scope), outward, spec.network, common=True)
    if functions_in_network(scope) and not scope.facts.network.security_groups:
        outward = SecurityGroup(
            name=scope.name(names.SECURITY_GROUP_LIMIT, None, _FUNCTIONS),
            vpc=network.vpc(scope),
            description=f"Functions of {scope.owner}: nothing in, everything out",
        )
        yield scope.desire(_function_group_address(scope), outward, spec.network, common=True)
    if spec.hosts and not scope.facts.network.security_groups:
        outward = SecurityGroup(
            name=scope.name(names.SECURITY_GROUP_LIMIT, None, _HOSTS),
            vpc=network.vpc(scope),
            description=f"Hosts of {scope.owner}: nothing in, everything out",
        )
        yield scope.desire(_host_group_address(scope), outward, spec.network, common=True)


def host_groups(scope: Scope) -> tuple[str | Ref, ...]:
    """The security groups that hosts are in: the network's own, else the one that is made."""
    if not scope.spec.hosts:
        return ()
    return scope.facts.network.security_groups or (Ref(_host_group_address(scope), "id"),)


def _dead_letters(scope: Scope) -> SqsQueue:
    """What could not be delivered; each letter is told once, and then lies hidden for as long as SQS allows."""
    statements = dead_letter_statements(scope)
    return SqsQueue(
        name=_dead_name(scope),
        retention=DEAD_LETTER_DAYS * DAY,
        visibility=LONGEST_VISIBILITY if reads_letters(scope) else 30,
        policy=Policy({"Version": "2012-10-17", "Statement": statements}) if statements else None,
    )


def dead_letter_statements(scope: Scope) -> list[dict[str, Any]]:
    """What the dead-letter queue must allow, so that rules can lay down in it what they could not deliver."""
    rules = [failure_rule_arn(scope, what) for what in failure_rules(scope)]
    rules += [expect_rule_arn(scope, job) for job in checked_by_itself(scope.spec)]
    rules += [trigger_rule_arn(scope, one) for one, _ in upload_triggers(scope) if one.via != "notification"]
    if not rules:
        return []
    return [
        {
            "Sid": "rules",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": dead_letter_arn(scope),
            "Condition": {"ArnEquals": {"aws:SourceArn": rules if len(rules) > 1 else rules[0]}},
        }
    ]


def failure_rules(scope: Scope) -> list[str]:
    """What rules wake the notifier: failed jobs, and runs of workflows and hosts that cannot tell themselves."""
    watched = {FAILED_RUNS: watches_runs(scope), FAILED_WORKFLOWS: watches_workflows(scope)}
    watched |= dict.fromkeys((FAILED_LAUNCHES, LOST_HOSTS), watches_hosts(scope))
    return [what for what, wanted in watched.items() if wanted]


def failure_rule_name(scope: Scope, what: str) -> str:
    """The name of such a rule."""
    return scope.name(names.RULE_LIMIT, None, what)


def failure_rule_arn(scope: Scope, what: str) -> str:
    """Its ARN."""
    return rule_arn(*scope.place, failure_rule_name(scope, what))


def trigger_rule_name(scope: Scope, trigger: Trigger) -> str:
    """The rule that hears of the uploads of a trigger."""
    return trigger.name or scope.name(names.RULE_LIMIT, trigger.key)


def trigger_rule_arn(scope: Scope, trigger: Trigger) -> str:
    """Its ARN."""
    return rule_arn(*scope.place, trigger_rule_name(scope, trigger))


def expect_rule_name(scope: Scope, job: Job) -> str:
    """The rule that hears of a job's success, so that its items are checked."""
    return scope.name(names.RULE_LIMIT, job.key, "expect")


def expect_rule_arn(scope: Scope, job: Job) -> str:
    """Its ARN."""
    return rule_arn(*scope.place, expect_rule_name(scope, job))


def log_group_name(scope: Scope) -> str:
    """`/scrapectl/{owner}`."""
    return names.fit(f"/scrapectl/{scope.owner}", names.LOG_GROUP_LIMIT)


def log_group_ref(scope: Scope) -> Ref:
    """The log group's name, as a reference that orders."""
    return Ref(_address(scope, "log_group"), "name", log_group_name(scope))


def log_group_arn_of(scope: Scope) -> str:
    """The log group's ARN without `:*`."""
    return log_group_arn(*scope.place, log_group_name(scope))


def schedule_group_address(scope: Scope) -> str:
    """The address that every schedule comes after."""
    return _address(scope, "schedule_group")


def schedule_group_arn_of(scope: Scope) -> str:
    """What the scheduler role's trust names as its source (AWS-FACTS §8.2)."""
    return schedule_group_arn(*scope.place, scope.owner)


def dead_letter_arn(scope: Scope) -> str:
    """The ARN of the instance's dead-letter queue."""
    return queue_arn(*scope.place, _dead_name(scope))


def dead_letter_ref(scope: Scope) -> Ref:
    """The dead-letter queue's ARN, as a reference that orders."""
    return Ref(_dead_address(scope), "arn", dead_letter_arn(scope))


def needs_security_group(scope: Scope) -> bool:
    """Whether one must be made: an environment of ours stands in a network that names none."""
    ours = any(environment.existing is None for environment in scope.spec.compute_environments.values())
    return ours and not scope.facts.network.security_groups


def job_groups(scope: Scope) -> tuple[str | Ref, ...]:
    """The security groups that jobs are in: the network's own, else the one that is made."""
    return scope.facts.network.security_groups or ((security_group_ref(scope),) if needs_security_group(scope) else ())


def function_groups(scope: Scope) -> tuple[str | Ref, ...]:
    """The security groups that functions in the network are in; none when no function is."""
    if not functions_in_network(scope):
        return ()
    return scope.facts.network.security_groups or (Ref(_function_group_address(scope), "id"),)


def functions_in_network(scope: Scope) -> bool:
    """Whether some function stands in the network."""
    return any(in_network(function) for function in scope.spec.functions.values())


def security_group_ref(scope: Scope) -> Ref:
    """The security group's id, which only AWS knows."""
    return Ref(_security_group_address(scope), "id")


def _address(scope: Scope, kind: str) -> str:
    return f"{kind}.{scope.base()}"


def _dead_name(scope: Scope) -> str:
    return names.dead_letter_name(scope.spec.pipeline, scope.spec.stage, None)


def _dead_address(scope: Scope) -> str:
    return f"sqs_queue.{scope.base(None, 'dead')}"


def _security_group_name(scope: Scope) -> str:
    return scope.name(names.SECURITY_GROUP_LIMIT, None, _SECURITY_GROUP_WHAT)


def _function_group_address(scope: Scope) -> str:
    return f"security_group.{scope.base(None, _FUNCTIONS)}"


def _host_group_address(scope: Scope) -> str:
    return f"security_group.{scope.base(None, _HOSTS)}"


def _security_group_address(scope: Scope) -> str:
    return f"security_group.{scope.base(None, _SECURITY_GROUP_WHAT)}"
