"""Finds what is wrong with the fields of one state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scrapectl.spec.asl.choices import check_choices
from scrapectl.spec.asl.expressions import (
    expression_problem,
    is_jsonata,
    jsonata_problem,
    path_problem,
    reference_problem,
)
from scrapectl.spec.asl.failures import check_failures
from scrapectl.spec.asl.faults import is_open
from scrapectl.spec.asl.requests import check_request
from scrapectl.spec.asl.tables import ENDS, NUMBERS, REFERENCES, REQUIRED, TEMPLATES, belongs_to_other, fields_of
from scrapectl.spec.findings import did_you_mean, one_of, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapectl.spec.asl.faults import Faults, Object, Path

_ARN = r"arn:aws[a-z-]*:"
_OPTIMISED = re.compile(rf"{_ARN}states:::[a-z0-9-]+:[A-Za-z]+(\.[A-Za-z]+(?::2)?)?")
_SDK = re.compile(rf"{_ARN}states:::aws-sdk:[a-z0-9]+:[a-z][A-Za-z0-9]*(\.[A-Za-z]+(?::2)?)?")
_OTHERS = re.compile(
    rf"{_ARN}(lambda:[a-z0-9-]+:\d{{12}}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?"
    r"|states:[a-z0-9-]+:\d{12}:activity:.{1,80})"
)
_PATTERNS = (".sync", ".sync:2", ".waitForTaskToken")
_TIMES = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
_EITHER = (
    *(("Error", "ErrorPath"), ("Cause", "CausePath")),
    *(("TimeoutSeconds", "TimeoutSecondsPath"), ("HeartbeatSeconds", "HeartbeatSecondsPath")),
    *(("MaxConcurrency", "MaxConcurrencyPath"), ("ItemProcessor", "Iterator")),
)


def check_state(state: Object, path: Path, faults: Faults, *, jsonata: bool) -> None:
    """Check one state whose type is known."""
    kind = state["Type"]
    known = fields_of(kind, jsonata=jsonata)
    for field in state:
        if field not in known:
            faults.add((*path, field), *_unknown(kind, field, known, jsonata=jsonata))
        else:
            _check_field(field, state[field], (*path, field), faults, jsonata=jsonata)
    for field in REQUIRED.get(kind, ()):
        if field not in state:
            faults.add(path, f'"{field}" is missing.', f"Write {field}: ….")
    for one, other in _EITHER:
        if one in state and other in state:
            faults.add((*path, other), f"{one} stands here, too.", "Remove one of the two.")
    _check_move(state, path, faults)
    _check_kind(kind, state, path, faults, jsonata=jsonata)
    check_failures(state, path, faults, jsonata=jsonata)


def _unknown(kind: str, field: str, known: set[str], *, jsonata: bool) -> tuple[str, str]:
    if belongs_to_other(kind, field, jsonata=jsonata):
        spoken, other = ("JSONata", "JSONPath") if jsonata else ("JSONPath", "JSONata")
        return (
            f"{field} is {other}'s, and this state speaks {spoken}.",
            f"Write QueryLanguage: {other}, or say it in {spoken}.",
        )
    return f"a {kind} has no field {show(field)}.", did_you_mean(field, sorted(known))


def _check_move(state: Object, path: Path, faults: Faults) -> None:
    """A state goes on or ends; a Choice and an end do neither by these fields (which is told as unknown)."""
    if state["Type"] == "Choice" or state["Type"] in ENDS:
        return
    if "End" in state and state["End"] is not True and not is_open(state["End"]):
        faults.add((*path, "End"), f"{show(state['End'])} says nothing.", "Write End: true, or Next alone.")
    elif ("Next" in state) == ("End" in state):
        both = "Next" in state
        message = "goes on and ends at once." if both else "neither goes on nor ends."
        faults.add(path, message, "Remove Next or End." if both else "Write Next: NAME or End: true.")


def _check_kind(kind: str, state: Object, path: Path, faults: Faults, *, jsonata: bool) -> None:
    if kind == "Choice":
        check_choices(state, path, faults, jsonata=jsonata)
    elif kind == "Task":
        _check_resource(state.get("Resource"), (*path, "Resource"), faults)
        check_request(state, path, faults, jsonata=jsonata)
        limit, beat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
        if type(limit) is int and type(beat) is int and beat >= limit:
            message = f"{beat} is not less than TimeoutSeconds ({limit})."
            faults.add((*path, "HeartbeatSeconds"), message, "Write a shorter one.")
    elif kind == "Wait" and sum(key in state for key in _TIMES) != 1:
        faults.add(path, "waits for one thing alone.", f"Write one of {one_of(_TIMES)}.")
    elif kind == "Parallel" and "Branches" in state and not _is_list_of_maps(state["Branches"]):
        faults.add((*path, "Branches"), "has no branches.", "Write a list of {StartAt: …, States: {…}}.")
    elif kind == "Map" and not isinstance(state.get("ItemProcessor", state.get("Iterator")), dict):
        faults.add(path, '"ItemProcessor" is missing.', "Write ItemProcessor: {StartAt: …, States: {…}}.")


def _is_list_of_maps(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, dict) for item in value)


def _check_resource(resource: Any, path: Path, faults: Faults) -> None:
    if resource is None or is_open(resource):
        return
    if not isinstance(resource, str) or is_jsonata(resource):
        faults.add(path, f"{show(resource)} is no ARN.", "Write text.")
        return
    integration = _SDK.fullmatch(resource) or _OPTIMISED.fullmatch(resource)
    if not integration:
        if not _OTHERS.fullmatch(resource):
            hint = "Write arn:aws:states:::lambda:invoke, arn:aws:states:::aws-sdk:SERVICE:apiAction or the like."
            faults.add(path, f"{show(resource)} is nothing that a Task calls.", hint)
        return
    waits = integration[1]
    if waits is None:
        return
    if waits not in _PATTERNS:
        faults.add(path, f"there is no pattern {show(waits)}.", f"Write {one_of(_PATTERNS)}, or none.")
    elif ":aws-sdk:" in resource and waits != ".waitForTaskToken":
        faults.add(path, f"a call of the SDK has no {waits}.", "Call again until it is done, with a Wait between.")
    elif faults.kind != "STANDARD":
        faults.add(path, f"{waits} works in machines of the type STANDARD alone.", "Remove it.")


def _check_field(field: str, value: Any, path: Path, faults: Faults, *, jsonata: bool) -> None:
    if is_open(value):
        return
    if field in NUMBERS:
        _check_number(field, value, path, faults, jsonata=jsonata)
    elif field in ("InputPath", "OutputPath", "ItemsPath"):
        _check_text(value, path_problem, path, faults, null=field != "ItemsPath")
    elif field == "ResultPath" or field in REFERENCES:
        problem = reference_problem if field == "ResultPath" else path_problem
        _check_text(value, problem, path, faults, null=field == "ResultPath")
    elif field in ("ErrorPath", "CausePath"):
        _check_text(value, expression_problem, path, faults, null=False)
    elif field in TEMPLATES:
        _check_template(value, path, faults, jsonata=jsonata)
    elif field in ("Error", "Cause", "Comment", "Label", "Timestamp") and not isinstance(value, str):
        faults.add(path, f"{show(value)} is no text.", "Put it in quotes.")


def _check_number(field: str, value: Any, path: Path, faults: Faults, *, jsonata: bool) -> None:
    low, high = NUMBERS[field]
    if jsonata and is_jsonata(value):
        return
    numbers = (int, float) if field == "ToleratedFailurePercentage" else (int,)
    if isinstance(value, bool) or not isinstance(value, numbers) or not low <= value <= high:
        faults.add(path, f"{show(value)} is out of bounds.", f"Write a whole number, {low} to {high}.")


def _check_text(value: Any, problem: Callable[[str], str | None], path: Path, faults: Faults, *, null: bool) -> None:
    if value is None and null:
        return
    told = problem(value) if isinstance(value, str) else f"{show(value)} is no text."
    if told:
        faults.add(path, told, "Write one such as $.name.")


def _check_template(value: Any, path: Path, faults: Faults, *, jsonata: bool) -> None:
    """Check what is sent or kept: keys in `.$` are computed in JSONPath, texts in `{% %}` in JSONata."""
    if isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _check_template(item, (*path, number), faults, jsonata=jsonata)
    elif isinstance(value, dict):
        for key, item in value.items():
            if jsonata or not str(key).endswith(".$"):
                _check_template(item, (*path, key), faults, jsonata=jsonata)
            else:
                _check_computed(key, item, value, (*path, key), faults)
    if jsonata and isinstance(value, str) and (problem := jsonata_problem(value)):
        faults.add(path, problem, "Write {% … %}.")


def _check_computed(key: str, item: Any, beside: Object, path: Path, faults: Faults) -> None:
    if key.removesuffix(".$") in beside:
        faults.add(path, f"{show(key.removesuffix('.$'))} stands here, too.", "Remove one of the two.")
    if is_open(item):
        return
    problem = expression_problem(item) if isinstance(item, str) else f"{show(item)} is no path."
    if problem:
        faults.add(path, problem, "Write a path ($.name) or a function (States.Format('…', $.name)).")
