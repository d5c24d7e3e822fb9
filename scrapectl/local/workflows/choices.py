"""Which rule of a Choice state holds for its data."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from scrapectl.local.workflows.payloads import Scene

_HOW: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_COMPARISON = re.compile(
    r"(String|Numeric|Boolean|Timestamp)(LessThanEquals|GreaterThanEquals|LessThan|GreaterThan|Equals)"
)


def next_of(state: dict[str, Any], scene: Scene) -> dict[str, Any] | None:
    """The first rule that holds, with its `Next`; else the state's own Default and Assign; None without a Default.

    Raises:
        StateFailure: A rule asks for what is not there.
    """
    for rule in state["Choices"]:
        if holds(rule, scene):
            found: dict[str, Any] = rule
            return found
    return {"Next": state["Default"], "Assign": state.get("Assign")} if "Default" in state else None


def holds(rule: dict[str, Any], scene: Scene) -> bool:
    """Whether a rule holds."""
    if "And" in rule:
        return all(holds(one, scene) for one in rule["And"])
    if "Or" in rule:
        return any(holds(one, scene) for one in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], scene)
    name = next(key for key in rule if key not in {"Variable", "Next", "Comment", "Assign"})
    if name == "IsPresent":
        return scene.has(rule["Variable"]) is rule[name]
    return _passes(name, rule[name], scene.at(rule["Variable"], "Variable"), scene)


def _passes(name: str, wanted: Any, value: Any, scene: Scene) -> bool:
    """Whether a value passes one comparison."""
    if name.startswith("Is"):
        return _is(name, value) is wanted
    if name == "StringMatches":
        return isinstance(value, str) and _matches(value, wanted)
    if name.endswith("Path"):
        name, wanted = name.removesuffix("Path"), scene.at(wanted, name)
    kind, how = _COMPARISON.fullmatch(name).groups()  # type: ignore[union-attr] # what else there is was refused
    one, other = _typed(kind, value), _typed(kind, wanted)
    return one is not None and other is not None and _HOW[how](one, other)


def _typed(kind: str, value: Any) -> Any:
    """A value as its kind compares; None when it is of another."""
    if kind == "Timestamp":
        return _time(value)
    if kind == "Boolean":
        return value if isinstance(value, bool) else None
    if kind == "Numeric":
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    return value if isinstance(value, str) else None


def _is(name: str, value: Any) -> bool:
    if name == "IsNull":
        return value is None
    return _typed(name.removeprefix("Is"), value) is not None


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _matches(value: str, pattern: str) -> bool:
    r"""`*` is any text, `\*` a star; nothing else is special."""
    escaped = "".join(
        ".*" if part == "*" else re.escape(part.replace("\\", "")) for part in re.findall(r"\\.|.", pattern)
    )
    return re.fullmatch(escaped, value, re.DOTALL) is not None
