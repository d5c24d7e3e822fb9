"""Policies and a request → whether they allow it, as IAM judges."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

Policy = Mapping[str, Any]


def allows(policies: Sequence[Policy], action: str, resource: str, context: Mapping[str, Any] | None = None) -> bool:
    """Tell whether policies allow an action on a resource: an explicit Deny wins, nothing said is no.

    Args:
        policies: Policy documents, each with `Statement`. Principals are not looked at.
        action: Such as `s3:GetObject`; case does not matter.
        resource: An ARN, or `*` for an action that knows no resource.
        context: Condition keys and their values, a text or a list of texts; the case of keys does not matter.

    Raises:
        ValueError: For a condition whose operator is not known here; it is never guessed.
    """
    known = {key.lower(): value for key, value in (context or {}).items()}
    effects = {one.get("Effect") for one in _statements(policies) if _applies(one, action, resource, known)}
    return "Allow" in effects and "Deny" not in effects


def _statements(policies: Sequence[Policy]) -> Iterator[Mapping[str, Any]]:
    for policy in policies:
        statements = policy.get("Statement") or []
        yield from [statements] if isinstance(statements, Mapping) else statements


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, Any]) -> bool:
    return (
        _names(statement, "Action", action.lower(), lower=True)
        and _names(statement, "Resource", resource, lower=False)
        and all(
            _condition_holds(operator, key.lower(), wanted, context)
            for operator, keys in (statement.get("Condition") or {}).items()
            for key, wanted in keys.items()
        )
    )


def _names(statement: Mapping[str, Any], field: str, value: str, *, lower: bool) -> bool:
    """Whether `Action` or `Resource` names the value, or `NotAction` or `NotResource` does not."""
    if f"Not{field}" in statement:
        return not any(matches(one.lower() if lower else one, value) for one in _list(statement[f"Not{field}"]))
    return any(matches(one.lower() if lower else one, value) for one in _list(statement.get(field, [])))


def _list(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple | set | frozenset) else [str(value)]


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> re.Pattern[str]:
    """A pattern of IAM, where `*` is any text and `?` any one character, and nothing else is special."""
    return re.compile("".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern), re.DOTALL)


def matches(pattern: str, value: str) -> bool:
    """Whether a text fits a pattern of IAM."""
    return _glob(pattern).fullmatch(value) is not None


def _condition_holds(operator: str, key: str, wanted: Any, context: Mapping[str, Any]) -> bool:
    """One line of a Condition. A key that is not there fails it, unless the operator says otherwise."""
    name = operator.removesuffix("IfExists")
    if name == "Null":
        return (key not in context) == (str(wanted).lower() == "true")
    positive = name.replace("Not", "", 1)
    if positive not in _SAME:
        raise ValueError(f"the condition operator {operator} is not known")
    if key not in context:
        return name != operator or name != positive
    found = any(_SAME[positive](one, value) for one in _list(wanted) for value in _list(context[key]))
    return found == (positive == name)


#: Operator → whether what is wanted and what is there are the same.
_SAME: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
    **dict.fromkeys(("StringLike", "ArnLike", "ArnEquals"), matches),
}
