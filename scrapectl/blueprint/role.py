"""What every role that is made has in common: its name, its path, whom it trusts and for whose sake."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scrapectl.blueprint import access
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Policy, Ref
from scrapectl.kinds.iam_role import IamRole, role_arn, role_path
from scrapectl.spec import names
from scrapectl.spec.model import Function, Host, Job


def make_role(
    scope: Scope, what: str, trust: Policy, found: Iterable[access.Statement], written: Any, **more: Any
) -> Desired:
    """Want a role for `what`, with one policy of these statements and the pipeline's boundary."""
    role = IamRole(
        name=role_name(scope, what),
        path=role_path(scope.facts.region, scope.owner),
        trust=trust,
        policy=Policy({"Version": "2012-10-17", "Statement": list(found)}),
        boundary=scope.spec.iam.boundary,
        description=more.pop("description"),
    )
    places = {"policy": written.place_of("access")} if isinstance(written, Job | Function | Host) else {}
    if scope.spec.iam.boundary:
        places["boundary"] = scope.spec.iam.place_of("boundary")
    return scope.desire(role_address(scope, what), role, written, places=places or None, **more)


def role_ref(scope: Scope, what: str) -> Ref:
    """The role's ARN, as a reference that orders."""
    path = role_path(scope.facts.region, scope.owner)
    arn = role_arn(scope.facts.partition, scope.facts.account, path, role_name(scope, what))
    return Ref(role_address(scope, what), "arn", arn)


def role_name(scope: Scope, what: str) -> str:
    """The role's physical name."""
    return names.role_name(scope.spec.pipeline, scope.spec.stage, None, what, scope.facts.region)


def role_address(scope: Scope, what: str) -> str:
    """The role's address."""
    return f"iam_role.{scope.base(None, what)}"


def trust_for(principal: str, scope: Scope, operator: str, source: str) -> Policy:
    """Who may assume a role, for whose sake: the confused-deputy conditions of AWS-FACTS §21."""
    condition: dict[str, dict[str, str]] = {"StringEquals": {"aws:SourceAccount": scope.facts.account}}
    condition.setdefault(operator, {})["aws:SourceArn"] = source
    return trust_of(principal, condition)


def trust_of(principal: str, condition: dict[str, dict[str, str]] | None = None) -> Policy:
    """A trust without conditions, for services that send neither source: Lambda and EC2 (AWS-FACTS §21)."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    if condition:
        statement["Condition"] = condition
    return Policy({"Version": "2012-10-17", "Statement": [statement]})
