"""Finds what is wrong with the rules of a Choice state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec.asl.expressions import is_jsonata, path_problem
from scrapectl.spec.asl.faults import is_open
from scrapectl.spec.findings import did_you_mean, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapectl.spec.asl.faults import Faults, Object, Path

_COMPARED = {
    "String": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
    "Numeric": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
    "Timestamp": ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
    "Boolean": ("Equals",),
}
_TYPE_OF = {f"{kind}{how}": kind for kind, all_of in _COMPARED.items() for how in all_of} | {"StringMatches": "String"}
_PATHS = frozenset(f"{kind}{how}Path" for kind, all_of in _COMPARED.items() for how in all_of)
_IS = frozenset({"IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"})
_COMPARISONS = frozenset(_TYPE_OF) | _PATHS | _IS
_BESIDE = frozenset({"Next", "Comment", "Assign"})
_JSONATA = frozenset({"Condition", "Next", "Comment", "Assign", "Output"})
_VALUES: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Numeric": (int, float),
    "Timestamp": (str,),
    "Boolean": (bool,),
}


def targets_of_choice(state: Object, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield where the rules of a Choice go, and where that is said."""
    rules = state.get("Choices")
    for number, rule in enumerate(rules if isinstance(rules, list | tuple) else ()):
        if isinstance(rule, dict) and "Next" in rule:
            yield (*path, "Choices", number, "Next"), rule["Next"]


def check_choices(state: Object, path: Path, faults: Faults, *, jsonata: bool) -> None:
    """Check the rules of a Choice state."""
    rules = state.get("Choices")
    if not isinstance(rules, list | tuple) or not rules:
        if rules is not None:
            faults.add((*path, "Choices"), "has no rules.", "Write a list of at least one.")
        return
    for number, rule in enumerate(rules):
        where = (*path, "Choices", number)
        if not isinstance(rule, dict):
            faults.add(where, "is no rule.", "Write a map.")
            continue
        if "Next" not in rule:
            faults.add(where, '"Next" is missing.', "Write the state that it goes to.")
        if jsonata:
            _check_condition(rule, where, faults)
        else:
            _check_rule({key: value for key, value in rule.items() if key not in _BESIDE}, where, faults)


def _check_condition(rule: Object, path: Path, faults: Faults) -> None:
    for key in rule:
        if key not in _JSONATA:
            faults.add((*path, key), f"unknown field {show(key)} in JSONata.", "Write Condition: {% … %}.")
    condition = rule.get("Condition")
    if condition is None:
        faults.add(path, '"Condition" is missing.', "Write Condition: {% … %}.")
    elif not isinstance(condition, bool) and not is_open(condition) and not is_jsonata(condition):
        faults.add((*path, "Condition"), f"{show(condition)} is no condition.", "Write {% … %}, true or false.")


def _check_rule(rule: Object, path: Path, faults: Faults) -> None:
    """Check a test, or tests joined by And, Or and Not."""
    joined = [key for key in ("And", "Or", "Not") if key in rule]
    if joined:
        for key in rule:
            if key != joined[0]:
                faults.add((*path, key), f"{key} cannot stand beside {joined[0]}.", "Remove one.")
        inner = rule[joined[0]]
        tests = inner if isinstance(inner, list | tuple) else [inner]
        if joined[0] != "Not" and (not isinstance(inner, list | tuple) or not inner):
            faults.add((*path, joined[0]), "is no list of tests.", "Write a list of at least one.")
            return
        for number, test in enumerate(tests):
            where = (*path, joined[0]) if joined[0] == "Not" else (*path, joined[0], number)
            _check_inner(test, where, faults)
        return
    _check_test(rule, path, faults)


def _check_inner(test: Any, path: Path, faults: Faults) -> None:
    if not isinstance(test, dict):
        faults.add(path, "is no test.", "Write a map with Variable.")
        return
    if "Next" in test:
        faults.add((*path, "Next"), "Next stands in the rule alone, not in its tests.", "Remove it.")
    _check_rule({key: value for key, value in test.items() if key not in ("Next", "Comment")}, path, faults)


def _check_test(test: Object, path: Path, faults: Faults) -> None:
    variable = test.get("Variable")
    if variable is None:
        faults.add(path, '"Variable" is missing.', "Write Variable: $.name.")
    elif isinstance(variable, str) and (problem := path_problem(variable)):
        faults.add((*path, "Variable"), problem, "Write one such as $.name.")
    compared = [key for key in test if key != "Variable"]
    for key in compared:
        if key not in _COMPARISONS:
            faults.add((*path, key), f"there is no comparison {show(key)}.", did_you_mean(key, sorted(_COMPARISONS)))
        else:
            _check_value(key, test[key], (*path, key), faults)
    if len(compared) != 1:
        what = "compares with nothing." if not compared else "compares twice."
        faults.add(path, what, "Write one comparison, such as StringEquals.")


def _check_value(key: str, value: Any, path: Path, faults: Faults) -> None:
    if is_open(value):
        return
    if key in _PATHS:
        problem = path_problem(value) if isinstance(value, str) else f"{show(value)} is no path."
        if problem:
            faults.add(path, problem, "Write one such as $.name.")
        return
    wanted = (bool,) if key in _IS else _VALUES[_TYPE_OF[key]]
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        words = {str: "text", bool: "true or false", int: "a number", float: "a number"}
        faults.add(path, f"{show(value)} is nothing that {key} compares with.", f"Write {words[wanted[0]]}.")
