"""Finds what is wrong with Retry and Catch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec.asl.expressions import is_jsonata, reference_problem
from scrapectl.spec.asl.faults import is_open
from scrapectl.spec.asl.tables import RESERVED_ERRORS
from scrapectl.spec.findings import did_you_mean, show

if TYPE_CHECKING:
    from scrapectl.spec.asl.faults import Faults, Object, Path

_ALL = "States.ALL"
_RETRY = frozenset({"ErrorEquals", "Comment", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds"}) | {
    "JitterStrategy"
}
_CATCH = frozenset({"ErrorEquals", "Comment", "Next", "ResultPath", "Assign", "Output"})
# At least and at most; AWS, "Error handling in Step Functions".
_NUMBERS = {
    "IntervalSeconds": (1, 99_999_999),
    "MaxAttempts": (0, 99_999_999),
    "MaxDelaySeconds": (1, 31_622_399),
}


def check_failures(state: Object, path: Path, faults: Faults, *, jsonata: bool) -> None:
    """Check what a state retries and catches."""
    for key, known in (("Retry", _RETRY), ("Catch", _CATCH)):
        rules = state.get(key, ())
        if not isinstance(rules, list | tuple):
            faults.add((*path, key), "is no list.", f"Write {key}: [{{ErrorEquals: [{_ALL}], …}}].")
            continue
        for number, rule in enumerate(rules):
            where = (*path, key, number)
            if not isinstance(rule, dict):
                faults.add(where, "is no map.", "Write {ErrorEquals: […], …}.")
                continue
            for word in rule:
                if word not in known:
                    faults.add((*where, word), f"unknown field {show(word)}.", did_you_mean(word, sorted(known)))
            _check_errors(rule, where, faults, last=number == len(rules) - 1)
            if key == "Retry":
                _check_retry(rule, where, faults)
            else:
                _check_catch(rule, where, faults, jsonata=jsonata)


def _check_errors(rule: Object, path: Path, faults: Faults, *, last: bool) -> None:
    errors: Any = rule.get("ErrorEquals")
    if not isinstance(errors, list | tuple) or not errors:
        where = (*path, "ErrorEquals") if "ErrorEquals" in rule else path
        faults.add(where, "names no errors.", f"Write ErrorEquals: [{_ALL}].")
        return
    for number, error in enumerate(errors):
        where = (*path, "ErrorEquals", number)
        if not isinstance(error, str) and not is_open(error):
            faults.add(where, f"{show(error)} is no name of an error.", "Write text.")
        elif isinstance(error, str) and error.startswith("States.") and error not in RESERVED_ERRORS:
            faults.add(where, f"there is no error {show(error)}.", did_you_mean(error, RESERVED_ERRORS))
    if _ALL in errors and (len(errors) > 1 or not last):
        message = f"{_ALL} stands alone, and in the last entry."
        faults.add((*path, "ErrorEquals"), message, "Give it an entry of its own, after the others.")


def _check_retry(rule: Object, path: Path, faults: Faults) -> None:
    for key, (low, high) in _NUMBERS.items():
        value = rule.get(key, low)
        if not is_open(value) and (type(value) is not int or not low <= value <= high):
            faults.add((*path, key), f"{show(value)} is out of bounds.", f"Write a whole number, {low} to {high}.")
    rate = rule.get("BackoffRate", 1)
    if not is_open(rate) and (isinstance(rate, bool) or not isinstance(rate, int | float) or rate < 1):
        faults.add((*path, "BackoffRate"), f"{show(rate)} is out of bounds.", "Write a number from 1.")
    if rule.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
        faults.add((*path, "JitterStrategy"), f"{show(rule['JitterStrategy'])} is not known.", "Write FULL or NONE.")
    longest, first = rule.get("MaxDelaySeconds"), rule.get("IntervalSeconds", 1)
    if type(longest) is int and type(first) is int and longest <= first:
        message = f"{longest} is not more than IntervalSeconds ({first})."
        faults.add((*path, "MaxDelaySeconds"), message, "Write a longer one.")


def _check_catch(rule: Object, path: Path, faults: Faults, *, jsonata: bool) -> None:
    if "Next" not in rule:
        faults.add(path, '"Next" is missing.', "Write the state that it goes to.")
    if "Output" in rule and not jsonata:
        faults.add((*path, "Output"), "Output is JSONata's.", "Write ResultPath: $.failure.")
    if "ResultPath" not in rule:
        return
    where, written = (*path, "ResultPath"), rule["ResultPath"]
    if jsonata:
        faults.add(where, "ResultPath is JSONPath's.", "Write Output: {% $states.errorOutput %}.")
    elif isinstance(written, str) and not is_jsonata(written) and (problem := reference_problem(written)):
        faults.add(where, problem, "Write one such as $.failure.")
