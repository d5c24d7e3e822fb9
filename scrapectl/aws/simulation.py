"""(who, policy statements) → which of their actions IAM would not allow, by its own simulator."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scrapectl.aws.session import Session

_ALLOWED = "allowed"
_EVERYTHING = "*"


def not_allowed(session: Session, source: str, statements: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Simulate every action of each statement on its resources, under its conditions; (action, resource) refused.

    A pattern in a resource is tried with one name that it matches, and of a condition's values each by itself: one
    request has one. Policies of the resources themselves, and session policies, take no part (SimulatePrincipalPolicy,
    IAM API).

    Args:
        session: Who asks; it needs iam:SimulatePrincipalPolicy.
        source: ARN of the IAM user or role.
        statements: Allow statements with Action, Resource and at most StringEquals and ArnLike conditions.

    Raises:
        AwsError: The simulator refuses; AccessDenied when it may not be asked.
    """
    asks = [
        functools.partial(_refused, session, source, statement, context)
        for statement in statements
        for context in _contexts(statement.get("Condition") or {})
    ]
    return sorted({found for answers in session.gather(asks) for found in answers})


def _contexts(condition: Mapping[str, Mapping[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """What a request may carry that fits a condition."""
    keys = [(key, _list(value)) for keys in condition.values() for key, value in keys.items()]
    for values in itertools.product(*(values for _, values in keys)):
        yield [
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for (key, _), value in zip(keys, values, strict=True)
        ]


def _refused(
    session: Session, source: str, statement: Mapping[str, Any], context: list[dict[str, Any]]
) -> list[tuple[str, str]]:
    resources = [_example(resource) for resource in _list(statement["Resource"])]
    given: dict[str, Any] = {} if _EVERYTHING in resources else {"ResourceArns": resources}
    if context:
        given["ContextEntries"] = context
    results = session.pages(
        "iam",
        "simulate_principal_policy",
        "EvaluationResults",
        PolicySourceArn=source,
        ActionNames=_list(statement["Action"]),
        **given,
    )
    return [found for result in results for found in _decisions(result)]


def _decisions(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was refused: of several resources IAM tells each below their action, or each as a result of its own."""
    action, each = result["EvalActionName"], result.get("ResourceSpecificResults") or ()
    for one in each:
        if one["EvalResourceDecision"] != _ALLOWED:
            yield action, one["EvalResourceName"]
    if not each and result["EvalDecision"] != _ALLOWED:
        yield action, result.get("EvalResourceName", _EVERYTHING)


def _example(pattern: str) -> str:
    return pattern if pattern == _EVERYTHING else pattern.replace("*", "any").replace("?", "x")


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
