"""Tells whether an event fits an event pattern, by EventBridge's rules.

The rules are those of "Comparison operators for use in event patterns" (EventBridge User Guide) and of
aws/event-ruler: a list offers alternatives, an array of the event fits when one of its elements does, all fields
below an array of objects must fit within one element, and `exists` looks at leaves only.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from functools import cache
from typing import Any

_ABSENT = object()
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Pattern = dict[str, Any]


def fits(pattern: Pattern, event: Any) -> bool:
    """Whether an event, or a part of it, fits a pattern: every field of the pattern must.

    Args:
        pattern: Field names and, for each, a list of alternatives or a pattern for what is below.
        event: A JSON object as a dict; a list of them where the event has an array.
    """
    if isinstance(event, list):
        return any(fits(pattern, element) for element in event) if event else fits(pattern, _ABSENT)
    return all(_field_fits(name, wanted, event) for name, wanted in pattern.items())


def _field_fits(name: str, wanted: Any, event: Any) -> bool:
    if name == "$or" and isinstance(wanted, list):
        return any(fits(alternative, event) for alternative in wanted)
    value = event.get(name, _ABSENT) if isinstance(event, dict) else _ABSENT
    if isinstance(wanted, dict):
        return fits(wanted, value)
    leaves = _leaves(value)
    return any(_fits_one(rule, leaves) for rule in wanted)


def _leaves(value: Any) -> list[Any]:
    """The values that a field has: an array's are its elements', at any depth; objects are none."""
    if value is _ABSENT or isinstance(value, dict):
        return []
    if isinstance(value, list):
        return [leaf for element in value for leaf in _leaves(element)]
    return [value]


def _fits_one(rule: Any, leaves: list[Any]) -> bool:
    if isinstance(rule, dict) and "exists" in rule:
        wanted: bool = rule["exists"]
        return bool(leaves) == wanted
    return any(_leaf_fits(rule, leaf) for leaf in leaves)


def _leaf_fits(rule: Any, leaf: Any) -> bool:
    if not isinstance(rule, dict):
        return _equal(rule, leaf)
    ((name, wanted),) = rule.items()
    return _OPERATORS[name](wanted, leaf)


def _equal(wanted: Any, leaf: Any) -> bool:
    """JSON's equality: true is not 1."""
    return isinstance(wanted, bool) == isinstance(leaf, bool) and bool(wanted == leaf)


def _numeric(wanted: list[Any], leaf: Any) -> bool:
    if isinstance(leaf, bool) or not isinstance(leaf, int | float):
        return False
    return all(_COMPARE[wanted[at]](leaf, wanted[at + 1]) for at in range(0, len(wanted), 2))


def _prefix(wanted: Any, leaf: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(leaf, str) and leaf.lower().startswith(wanted["equals-ignore-case"].lower())
    return isinstance(leaf, str) and leaf.startswith(wanted)


def _suffix(wanted: Any, leaf: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(leaf, str) and leaf.lower().endswith(wanted["equals-ignore-case"].lower())
    return isinstance(leaf, str) and leaf.endswith(wanted)


def _ignore_case(wanted: str, leaf: Any) -> bool:
    return isinstance(leaf, str) and leaf.lower() == wanted.lower()


def _wildcard(wanted: str, leaf: Any) -> bool:
    return isinstance(leaf, str) and _compiled(wanted).fullmatch(leaf) is not None


@cache
def _compiled(wildcard: str) -> re.Pattern[str]:
    """`*` is any text; a backslash takes away what the next character means."""
    pieces = re.findall(r"\\.|\*|[^*\\]+|\\", wildcard, re.DOTALL)
    regex = "".join(".*" if piece == "*" else re.escape(piece.removeprefix("\\") or "\\") for piece in pieces)
    return re.compile(regex, re.DOTALL)


def _cidr(wanted: str, leaf: Any) -> bool:
    try:
        return isinstance(leaf, str) and ipaddress.ip_address(leaf) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _anything_but(wanted: Any, leaf: Any) -> bool:
    """A leaf that is none of the values, or does not fit the operator that is given (its list: none of them)."""
    if isinstance(wanted, dict):
        ((name, values),) = wanted.items()
        many = values if isinstance(values, list) else [values]
        return not any(_OPERATORS[name](value, leaf) for value in many)
    many = wanted if isinstance(wanted, list) else [wanted]
    return not any(_equal(value, leaf) for value in many)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}


def problem(pattern: Any) -> str | None:
    """Return why PutRule refuses a pattern; None when it does not."""
    if not isinstance(pattern, dict):
        return "Filter is not an object"
    if not pattern:
        return "Empty patterns are not allowed"
    for name, wanted in pattern.items():
        found = _alternatives_problem(wanted) if name == "$or" else _field_problem(name, wanted)
        if found:
            return found
    return None


def _alternatives_problem(wanted: Any) -> str | None:
    if not isinstance(wanted, list) or len(wanted) < 2:  # noqa: PLR2004 - one alternative is none
        return "There must have at least 2 Objects in $or relationship"
    return next((found for alternative in wanted if (found := problem(alternative))), None)


def _field_problem(name: str, wanted: Any) -> str | None:
    if isinstance(wanted, dict):
        return problem(wanted)
    if not isinstance(wanted, list):
        return f'"{name}" must be an object or an array'
    if not wanted:
        return "Empty arrays are not allowed"
    return next((found for rule in wanted if (found := _rule_problem(rule))), None)


def _rule_problem(rule: Any) -> str | None:
    if isinstance(rule, list):
        return "Match value must be String, number, true, false, or null"
    if not isinstance(rule, dict):
        return None
    if len(rule) != 1:
        return "Only one key allowed in match expression"
    ((name, wanted),) = rule.items()
    if name == "exists":
        return None if isinstance(wanted, bool) else "exists match pattern must be either true or false."
    if name not in _OPERATORS:
        return f"Unrecognized match type {name}"
    good = _numeric_is_good(wanted) if name == "numeric" else _value_is_good(name, wanted)
    return None if good else f"{name} match pattern is not valid"


def _numeric_is_good(wanted: Any) -> bool:
    if not isinstance(wanted, list) or len(wanted) not in {2, 4}:
        return False
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in wanted[1::2])
    return numbers and all(isinstance(name, str) and name in _COMPARE for name in wanted[0::2])


def _value_is_good(name: str, wanted: Any) -> bool:
    if name == "anything-but":
        if isinstance(wanted, dict):
            ((inner, values),) = wanted.items() if len(wanted) == 1 else (("", None),)
            many = values if isinstance(values, list) else [values]
            return inner in {"prefix", "suffix", "equals-ignore-case", "wildcard"} and _texts(many)
        many = wanted if isinstance(wanted, list) else [wanted]
        return bool(many) and all(isinstance(value, str | int | float) for value in many)
    if name in {"prefix", "suffix"} and isinstance(wanted, dict):
        return set(wanted) == {"equals-ignore-case"} and isinstance(wanted["equals-ignore-case"], str)
    return isinstance(wanted, str)


def _texts(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, str) for value in values)
