"""`alerts` and `on_failure` → the notifier with the rule that wakes it, and the alarms on message queues."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapectl.blueprint import access
from scrapectl.blueprint.message_queues import dead_letter_address, dead_letter_name
from scrapectl.blueprint.notices import notices
from scrapectl.blueprint.pipeline import (
    FAILED_LAUNCHES,
    FAILED_RUNS,
    FAILED_WORKFLOWS,
    LOST_HOSTS,
    dead_letter_arn,
    dead_letter_ref,
    failure_rule_arn,
    failure_rule_name,
    failure_rules,
    log_group_arn_of,
    log_group_ref,
)
from scrapectl.blueprint.role import make_role, role_ref, trust_of
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.told import (
    failure_topic,
    letter_topic,
    notifies,
    queues_with_alarms,
    reads_letters,
    watches_hosts,
    watches_runs,
)
from scrapectl.blueprint.zipped import code_digest, zip_files
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.autoscaling_group import autoscaling_group_arn
from scrapectl.kinds.batch_job_definition import job_definition_arn
from scrapectl.kinds.cloudwatch_alarm import CloudwatchAlarm
from scrapectl.kinds.events_rule import EventsRule, RuleTarget
from scrapectl.kinds.lambda_event_source import LambdaEventSource
from scrapectl.kinds.lambda_function import LambdaFunction, Permission, function_arn
from scrapectl.spec import names
from scrapectl.spec.model import MessageQueue

WHAT = "notifier"
_MINUTE = 60


def desired(scope: Scope) -> Iterator[Desired]:
    """The notifier when anybody is told of runs or letters; an alarm or two for each message queue."""
    if notifies(scope):
        yield from _notifier(scope)
    for what in failure_rules(scope):
        yield scope.desire(f"events_rule.{scope.base(None, what)}", _rule(scope, what), scope.spec.alerts, common=True)
    if reads_letters(scope):
        source = LambdaEventSource(function=_name(scope), source=dead_letter_arn(scope))
        address = f"lambda_event_source.{scope.base(None, WHAT)}"
        after = (_address(scope), f"sqs_queue.{scope.base(None, 'dead')}")
        yield scope.desire(address, source, scope.spec.alerts, common=True, after=after)
    for queue in queues_with_alarms(scope):
        yield from _alarms(scope, queue)


def _notifier(scope: Scope) -> Iterator[Desired]:
    description = f"Tells of failed runs and dead letters of {scope.owner}"
    yield make_role(
        scope, WHAT, trust_of("lambda.amazonaws.com"), _leave(scope), scope.spec.alerts, description=description
    )
    package = zip_files({**scope.facts.notifier, "routes.json": notices(scope)})
    wakes = [Permission(what, "events.amazonaws.com", failure_rule_arn(scope, what)) for what in failure_rules(scope)]
    function = LambdaFunction(
        name=_name(scope),
        code=code_digest(package),
        package=package,
        handler="notifier.handler",
        runtime="python3.13",
        role=role_ref(scope, WHAT),
        memory=256,
        timeout=_MINUTE,
        log_group=log_group_ref(scope),
        permissions=frozenset(wakes),
        on_failure=dead_letter_ref(scope),
        description=description,
    )
    yield scope.desire(_address(scope), function, scope.spec.alerts, common=True)


def _leave(scope: Scope) -> list[access.Statement]:
    """What the notifier reads and whom it may tell."""
    group = log_group_arn_of(scope)
    topics = {failure_topic(scope, started) for started in scope.spec.started} | {letter_topic(scope)}
    found = [
        access.allow(("logs:CreateLogStream", "logs:GetLogEvents", "logs:PutLogEvents"), [f"{group}:*"]),
        *access.publish_statements(scope, [topic for topic in topics if topic]),
        access.allow(("sqs:SendMessage",), [dead_letter_arn(scope)]),  # what it could not tell is told from there
    ]
    if watches_runs(scope):
        ask = ("batch:DescribeJobDefinitions", "batch:DescribeJobs", "batch:ListJobs")
        found.append(access.allow(ask, ["*"]))  # AWS allows nothing narrower
    if watches_hosts(scope):
        look = ("autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeScalingActivities")
        found.append(access.allow(look, ["*"]))  # AWS allows nothing narrower
        groups = [autoscaling_group_arn(*scope.place, name) for name in _groups(scope)]
        found.append(access.allow(("autoscaling:TerminateInstanceInAutoScalingGroup",), groups))
    if reads_letters(scope):
        take = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
        found.append(access.allow(take, [dead_letter_arn(scope)]))
    return found


def _rule(scope: Scope, what: str) -> EventsRule:
    source, kind, detail, description = _WATCHED[what](scope)
    target = RuleTarget(id=WHAT, arn=Ref(_address(scope), "arn", _arn(scope)), dead_letter=dead_letter_ref(scope))
    return EventsRule(
        name=failure_rule_name(scope, what),
        pattern={"source": [source], "detail-type": [kind], "detail": detail},
        description=f"{description} of {scope.owner}, to be told",
        targets=frozenset({target}),
    )


def _failed_runs(scope: Scope) -> tuple[str, str, dict[str, Any], str]:
    """Failed jobs of ours; children of an array have an index, and their parent tells for them."""
    detail = {
        "status": ["FAILED"],
        "jobDefinition": [{"prefix": prefix} for prefix in _definitions(scope)],
        "arrayProperties": {"index": [{"exists": False}]},
    }
    return "aws.batch", "Batch Job State Change", detail, "Failed runs"


def _failed_workflows(scope: Scope) -> tuple[str, str, dict[str, Any], str]:
    """Runs that the machine's own time limit ended, of which no state can tell, and those of the user's own states."""
    watched = [workflow for workflow in scope.spec.workflows.values() if failure_topic(scope, workflow)]
    status = ["FAILED", "TIMED_OUT"] if any(workflow.states is not None for workflow in watched) else ["TIMED_OUT"]
    machines = [scope.arn("workflows", workflow.key) for workflow in watched]
    detail = {"status": status, "stateMachineArn": machines}
    return "aws.states", "Step Functions Execution Status Change", detail, "Failed runs of workflows"


def _failed_launches(scope: Scope) -> tuple[str, str, dict[str, Any], str]:
    """Instances that groups of ours could not start ("Amazon EC2 Auto Scaling event reference")."""
    detail = {"AutoScalingGroupName": _groups(scope)}
    return "aws.autoscaling", "EC2 Instance Launch Unsuccessful", detail, "Hosts that could not start"


def _lost_hosts(scope: Scope) -> tuple[str, str, dict[str, Any], str]:
    """Any instance that has ended: the event names no group, so that the notifier asks for it."""
    del scope
    detail = {"state": ["stopped", "terminated"]}
    return "aws.ec2", "EC2 Instance State-change Notification", detail, "Instances that ended, among them hosts"


def _groups(scope: Scope) -> list[str]:
    """The groups of the hosts of which somebody is told."""
    return [scope.physical("hosts", host.key) for host in scope.spec.hosts.values() if failure_topic(scope, host)]


_WATCHED = {
    FAILED_RUNS: _failed_runs,
    FAILED_WORKFLOWS: _failed_workflows,
    FAILED_LAUNCHES: _failed_launches,
    LOST_HOSTS: _lost_hosts,
}


def _definitions(scope: Scope) -> list[str]:
    """How the ARNs of our definitions begin; the notifier then tells its own from a neighbour's by the whole name."""
    fixed = sorted(f"{job.name}:" for job in scope.spec.jobs.values() if job.name)
    return [job_definition_arn(*scope.place, name) for name in (f"{scope.base()}-", *fixed)]


def _alarms(scope: Scope, queue: MessageQueue) -> Iterator[Desired]:
    alerts = scope.spec.alerts
    to = frozenset({scope.ref("topics", str(alerts.to), "arn")})
    dead = Ref(dead_letter_address(scope, queue), "name", dead_letter_name(scope, queue))
    if alerts.dead_letters:
        told = f"Messages of {queue.key} of {scope.owner} were given up: they lie in {dead.value}."
        metric: dict[str, Any] = {"metric": "ApproximateNumberOfMessagesVisible", "threshold": 1.0, "description": told}
        yield _alarm(scope, queue, "dead", metric, {"dimensions": {"QueueName": dead}, "actions": to})
    if alerts.queue_age is not None:
        told = f"A message of {queue.key} of {scope.owner} has waited longer than {alerts.queue_age} s."
        metric = {"metric": "ApproximateAgeOfOldestMessage", "threshold": float(alerts.queue_age), "description": told}
        name = scope.ref("message_queues", queue.key, "name")
        yield _alarm(scope, queue, "age", metric, {"dimensions": {"QueueName": name}, "actions": to})


def _alarm(scope: Scope, queue: MessageQueue, what: str, metric: dict[str, Any], watched: dict[str, Any]) -> Desired:
    alarm = CloudwatchAlarm(
        name=scope.name(names.ALARM_LIMIT, queue.key, what),
        namespace="AWS/SQS",
        statistic="Maximum",
        period=_MINUTE,
        comparison="GreaterThanOrEqualToThreshold",
        **metric,
        **watched,
    )
    return scope.desire(f"cloudwatch_alarm.{scope.base(queue.key, what)}", alarm, queue)


def _name(scope: Scope) -> str:
    return scope.name(names.FUNCTION_LIMIT, None, WHAT)


def _address(scope: Scope) -> str:
    return f"lambda_function.{scope.base(None, WHAT)}"


def _arn(scope: Scope) -> str:
    return function_arn(*scope.place, _name(scope))
