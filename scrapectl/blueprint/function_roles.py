"""What a function does → the role it runs as: one for each distinct set of access, as for jobs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from scrapectl.blueprint import access
from scrapectl.blueprint.filesystems import mount_statements
from scrapectl.blueprint.load_access import load_role, load_statements
from scrapectl.blueprint.pipeline import dead_letter_arn, log_group_arn_of
from scrapectl.blueprint.role import make_role, role_ref, trust_of
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.secret_access import secret_statements
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.spec.checks.reach import in_network
from scrapectl.spec.model import Function, MessageEvent, Trigger

_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
# AWS-FACTS §21; AWS allows nothing narrower for the interfaces of a function, and the tool that checks them.
_INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
_TAKE = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")


def function_roles(scope: Scope) -> Iterator[Desired]:
    """The roles, each once."""
    seen: set[str] = set()
    for function in scope.spec.functions.values():
        description = f"What functions of {scope.owner} with this access may do"
        trust = trust_of("lambda.amazonaws.com")
        role = make_role(
            scope, _what(scope, function), trust, _leave(scope, function), function, description=description
        )
        if role.address not in seen:
            seen.add(role.address)
            yield role


def function_role_ref(scope: Scope, function: Function) -> Ref:
    """What a function runs as."""
    return role_ref(scope, _what(scope, function))


def message_triggers(scope: Scope) -> list[tuple[Trigger, MessageEvent]]:
    """The triggers by which messages start functions."""
    triggers = scope.spec.triggers.values()
    return [(trigger, trigger.on) for trigger in triggers if isinstance(trigger.on, MessageEvent)]


def _leave(scope: Scope, function: Function) -> list[access.Statement]:
    """Its log, the letters of its failures, what its access says, and what it takes to stand where it stands."""
    found = [
        access.allow(_LOG, [f"{log_group_arn_of(scope)}:*"]),
        access.allow(("sqs:SendMessage",), [dead_letter_arn(scope)]),
        *access.statements(scope, function.access),
        *mount_statements(scope, function.mounts.values()),
        *secret_statements(scope, function.secrets.values()),
        *load_statements(scope, function),
    ]
    if queues := _queues(scope, function):
        found.append(access.allow(_TAKE, [scope.arn("message_queues", queue) for queue in queues]))
    if in_network(function):
        found.append(access.allow(_INTERFACES, ["*"]))
    return found


def _queues(scope: Scope, function: Function) -> list[str]:
    """The message queues that start it."""
    return sorted({event.queue for trigger, event in message_triggers(scope) if trigger.starts == function.key})


def _what(scope: Scope, function: Function) -> str:
    """Names a role by what it may do, so that a function that comes or goes never renames another's."""
    loads = load_role(scope, function)
    if loads is not None:
        return loads
    may = (
        access.intent(function.access),
        sorted(map(str, function.mounts.values())),
        sorted({secret.secret or str(secret.arn) for secret in function.secrets.values()}),
        _queues(scope, function),
        in_network(function),
    )
    return f"function-{hashlib.sha256(repr(may).encode()).hexdigest()[:6]}"
