"""Says what is wrong with a JSONPath, a reference path, an intrinsic function or a JSONata expression of a machine.

The forms are those of the Amazon States Language (states-language.net) and of AWS's "Intrinsics for JSONPath states".
"""

from __future__ import annotations

import re
from typing import Any

from scrapectl.spec.findings import did_you_mean, show

# A name, a quoted name, an index, a slice, a wildcard or a filter; the last three are for paths that may match many.
_STEP = r"""\.[^.\[\]()'"\s,:?*@$]+|\[\s*'(?:[^'\\]|\\.)*'\s*\]|\[\s*"(?:[^"\\]|\\.)*"\s*\]|\[\s*\d+\s*\]"""
_MANY = (
    r"""\.\*|\.\.[^.\[\]()'"\s]*|\[\s*\*\s*\]|\[\s*-?\d*\s*(?::\s*-?\d*\s*){1,2}\]|\[\s*-?\d[\d\s,-]*\]|\[\?\(.*?\)\]"""
)
_MANY_NAMES = r"""\[\s*'[^']*'(?:\s*,\s*'[^']*')+\s*\]"""
# Nothing is tried twice (`*+`): a long path that is wrong at its end must not take for ever.
_REFERENCE = re.compile(rf"\$(?:{_STEP})*+")
_PATH = re.compile(rf"\$(?:\$(?=[.\[]|$))?(?:{_STEP}|{_MANY}|{_MANY_NAMES})*+")
_VARIABLE = re.compile(rf"\$[A-Za-z_][A-Za-z0-9_]*+(?:{_STEP}|{_MANY}|{_MANY_NAMES})*+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'")
_ANYTHING = 99
# How many arguments each takes, at least and at most.
_INTRINSICS = {
    "Array": (0, _ANYTHING),
    "ArrayContains": (2, 2),
    "ArrayGetItem": (2, 2),
    "ArrayLength": (1, 1),
    "ArrayPartition": (2, 2),
    "ArrayRange": (3, 3),
    "ArrayUnique": (1, 1),
    "Base64Decode": (1, 1),
    "Base64Encode": (1, 1),
    "Format": (1, _ANYTHING),
    "Hash": (2, 2),
    "JsonMerge": (3, 3),
    "JsonToString": (1, 1),
    "MathAdd": (2, 2),
    "MathRandom": (2, 3),
    "StringSplit": (2, 2),
    "StringToJson": (1, 1),
    "UUID": (0, 0),
}
_DEEPEST = 10


def path_problem(text: str) -> str | None:
    """Say what is wrong with a path into the data, the context (`$$.…`) or a variable; None when nothing is."""
    if _PATH.fullmatch(text) or _VARIABLE.fullmatch(text):
        return None
    return f"{show(text)} is no JSONPath."


def reference_problem(text: str) -> str | None:
    """The like for a path that must name one place: no wildcards, slices, filters, and not the context."""
    return None if _REFERENCE.fullmatch(text) else f"{show(text)} is no path to one place."


def expression_problem(text: str) -> str | None:
    """Say what is wrong with the value of a `.$` key: a path or an intrinsic function."""
    if text.startswith("$"):
        return path_problem(text)
    if not text.startswith("States."):
        return f"{show(text)} is neither a path nor an intrinsic function."
    try:
        end = _call(text, 0, 1)
    except _WrongError as wrong:
        return str(wrong)
    return None if end == len(text) else f"something stands after the function: {show(text[end:])}."


def jsonata_problem(text: str) -> str | None:
    """Say what is wrong with a text that is JSONata when it stands between `{%` and `%}`."""
    if text.startswith("{%") == text.endswith("%}"):
        return None
    return f"{show(text)} is half a JSONata expression."


def is_jsonata(value: Any) -> bool:
    """True for a text that JSONata computes."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


class _WrongError(Exception):
    """What is wrong with an intrinsic function."""


def _call(text: str, at: int, depth: int) -> int:
    """Read `States.Name(…)` from `at`, and give where it ends."""
    match = re.compile(r"States\.(\w+)\(").match(text, at)
    if match is None:
        raise _WrongError(f"{show(text[at:])} is no intrinsic function.")
    name = match[1]
    if name not in _INTRINSICS:
        raise _WrongError(f"there is no States.{name}. {did_you_mean(name, _INTRINSICS)}")
    if depth > _DEEPEST:
        raise _WrongError(f"functions stand in each other more than {_DEEPEST} deep.")
    arguments: list[str] = []
    end = _skip(text, match.end())
    while not text.startswith(")", end):
        start = end
        end = _skip(text, _argument(text, start, depth))
        arguments.append(text[start:end].strip())
        if text.startswith(",", end):
            end = _skip(text, end + 1)
        elif not text.startswith(")", end):
            raise _WrongError(f"States.{name} is not closed.")
    _count(name, arguments)
    return end + 1


def _argument(text: str, at: int, depth: int) -> int:
    if text.startswith("States.", at):
        return _call(text, at, depth + 1)
    for pattern in (_TEXT, _NUMBER, re.compile("true|false|null"), _VARIABLE, _PATH):
        match = pattern.match(text, at)
        if match:
            return match.end()
    raise _WrongError(f"{show(text[at:])} is no argument.")


def _skip(text: str, at: int) -> int:
    while text.startswith(" ", at):
        at += 1
    return at


def _count(name: str, arguments: list[str]) -> None:
    least, most = _INTRINSICS[name]
    if not least <= len(arguments) <= most:
        raise _WrongError(f"States.{name} takes {least if least == most else f'{least} or more'} arguments.")
    if name == "Format" and arguments[0].startswith("'"):
        places = len(re.findall(r"\{\}", re.sub(r"\\.", "", arguments[0])))
        if places != len(arguments) - 1:
            raise _WrongError(f"States.Format has {places} {{}} for {len(arguments) - 1} values.")
