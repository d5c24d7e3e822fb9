"""Tells whether IAM policy documents allow an action, as far as the cloud's own checks need it."""

from __future__ import annotations

import operator
import re
from functools import cache
from typing import Any


def matches(pattern: str, value: str) -> bool:
    """Whether `value` fits a pattern with `*` and `?`."""
    return _compiled(pattern).match(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".") + r"\Z", re.DOTALL)


def _same_truth(pattern: str, value: str) -> bool:
    return str(pattern).lower() == value.lower()


_OPERATORS = {
    "Bool": _same_truth,
    "Null": _same_truth,  # whether there is no such key
    "StringEquals": operator.eq,
    "StringNotEquals": operator.ne,
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
}


def allows(documents: list[dict[str, Any]], action: str, resource: str, context: dict[str, str] | None = None) -> bool:
    """Whether identity policies allow `action` on `resource`: some statement allows it and none denies it.

    Args:
        documents: Policy documents, parsed.
        action: Such as `batch:SubmitJob`.
        resource: The ARN.
        context: Condition keys and their values; a key that is absent fails its condition.
    """
    effects = set()
    for document in documents:
        for statement in as_list(document.get("Statement")):
            fits = _fits_action(statement, action) and _fits_resource(statement, resource)
            if fits and _fits_conditions(statement, context or {}):
                effects.add(statement.get("Effect"))
    return "Allow" in effects and "Deny" not in effects


def trusts(document: dict[str, Any], service: str, context: dict[str, str] | None = None) -> bool:
    """Whether a role's trust policy lets an AWS service assume it, `service` such as `scheduler.amazonaws.com`."""
    effects = set()
    for statement in as_list(document.get("Statement")):
        principal = statement.get("Principal", {})
        named = as_list(principal.get("Service")) if isinstance(principal, dict) else as_list(principal)
        fits = service in named and _fits_action(statement, "sts:AssumeRole")
        if fits and _fits_conditions(statement, context or {}):
            effects.add(statement.get("Effect"))
    return "Allow" in effects and "Deny" not in effects


def admits(document: dict[str, Any], service: str, action: str, resource: str, context: dict[str, str]) -> bool:
    """Whether a resource's own policy (a queue's, a topic's, a function's) lets an AWS service do something to it.

    Args:
        document: The policy, parsed.
        service: The principal, such as `events.amazonaws.com`.
        action: Such as `sqs:SendMessage`.
        resource: The resource's ARN.
        context: What the service sends along, such as `aws:SourceArn`.
    """
    effects = set()
    for statement in as_list(document.get("Statement")):
        fits = _names(statement.get("Principal"), service) and _fits_action(statement, action)
        if fits and _fits_resource(statement, resource) and _fits_conditions(statement, context):
            effects.add(statement.get("Effect"))
    return "Allow" in effects and "Deny" not in effects


def _names(principal: Any, service: str) -> bool:
    """Whether a statement's principal is a service, or everyone."""
    if not isinstance(principal, dict):
        return bool(principal == "*")
    return service in as_list(principal.get("Service")) or "*" in as_list(principal.get("AWS"))


def as_list(value: Any) -> list[Any]:
    """IAM lets a single element stand for the list of it."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _fits_action(statement: dict[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(matches(p.lower(), action.lower()) for p in as_list(statement["NotAction"]))
    return any(matches(p.lower(), action.lower()) for p in as_list(statement.get("Action")))


def _fits_resource(statement: dict[str, Any], resource: str) -> bool:
    if "NotResource" in statement:
        return not any(matches(p, resource) for p in as_list(statement["NotResource"]))
    return any(matches(p, resource) for p in as_list(statement.get("Resource")))


def _fits_conditions(statement: dict[str, Any], context: dict[str, str]) -> bool:
    lowered = {key.lower(): value for key, value in context.items()}
    for name, keys in (statement.get("Condition") or {}).items():
        if_exists = name.endswith("IfExists")
        test = _OPERATORS.get(name.removesuffix("IfExists"))
        if test is None:
            return False  # what cannot be judged here does not open a door
        for key, patterns in keys.items():
            value = lowered.get(key.lower())
            if name == "Null":
                value = str(value is None)
            if value is None:
                if if_exists:
                    continue
                return False
            fits = [test(pattern, value) for pattern in as_list(patterns)]
            if not (all(fits) if name.startswith("StringNot") else any(fits)):
                return False
    return True
