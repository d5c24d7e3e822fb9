"""JSONPath as the Amazon States Language has it: a path and a value → what it names, or the value with a part set."""

from __future__ import annotations

import copy
import json
import operator
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

_TOKEN = re.compile(
    r"""\.\.(?P<deep>[^.\[\]()'"\s,:?*@$]+|\*)?|\.(?P<name>[^.\[\]()'"\s,:?*@$]+)|\.(?P<all>\*)"""
    r"""|\[\s*(?P<star>\*)\s*\]|\[\s*\?\((?P<filter>.*?)\)\s*\]|\[\s*(?P<index>-?\d+)\s*\]"""
    r"""|\[\s*(?P<slice>-?\d*\s*:\s*-?\d*(?:\s*:\s*-?\d*)?)\s*\]|\[\s*(?P<indexes>-?\d+(?:\s*,\s*-?\d+)+)\s*\]"""
    r"""|\[\s*(?P<names>(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?:\s*,\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))*)\s*\]"""
)
_QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")
_TEST = re.compile(r"\s*(@[^\s=!<>&|]*)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?))?\s*$")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Step = tuple[str, str]


class NoSuchPathError(Exception):
    """A path names nothing in the value it is applied to."""


def find(path: str, value: Any) -> Any:
    """Return what a path names: one value, or the list of all when it may name several.

    Args:
        path: What follows the root, such as `.a[0]`; "" is the value itself.
        value: What it is looked up in.

    Raises:
        NoSuchPathError: One place was named, and there is none.
    """
    steps = _steps(path)
    found = list(_walk(steps, value))
    if any(kind not in {"name", "index"} for kind, _ in steps):
        return found
    if not found:
        raise NoSuchPathError(path)
    return found[0]


def place(path: str, value: Any, part: Any) -> Any:
    """Return a copy of a value in which a path names `part`; maps on the way are made.

    Raises:
        NoSuchPathError: Something on the way is no map, or a list has no such place.
    """
    steps = _steps(path)
    if not steps:
        return part
    whole = copy.deepcopy(value)
    at = whole
    for number, (kind, key) in enumerate(steps):
        last = number == len(steps) - 1
        if kind == "name" and isinstance(at, dict):
            at[key] = part if last else at.get(key, {})
            at = at[key]
        elif kind == "index" and isinstance(at, list) and int(key) < len(at):
            at[int(key)] = part if last else at[int(key)]
            at = at[int(key)]
        else:
            raise NoSuchPathError(path)
    return whole


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    at = 0
    while at < len(path):
        match = _TOKEN.match(path, at)
        if match is None:
            raise NoSuchPathError(path)
        steps.append(_step(match))
        at = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    kind = next((name for name, text in match.groupdict().items() if text is not None), "deep")
    text = match[kind] or "*"
    if kind == "names":
        names = [(single or double).replace("\\", "") for single, double in _QUOTED.findall(text)]
        return ("name", names[0]) if len(names) == 1 else ("names", json.dumps(names))
    return ("all" if kind == "star" else kind, text)


def _walk(steps: tuple[Step, ...], value: Any) -> Iterator[Any]:
    if not steps:
        yield value
        return
    (kind, text), rest = steps[0], steps[1:]
    for found in _STEPS[kind](text, value):
        yield from _walk(rest, found)


def _name(text: str, value: Any) -> Iterator[Any]:
    if isinstance(value, dict) and text in value:
        yield value[text]


def _names(text: str, value: Any) -> Iterator[Any]:
    for name in json.loads(text):
        yield from _name(name, value)


def _index(text: str, value: Any) -> Iterator[Any]:
    if isinstance(value, list) and -len(value) <= int(text) < len(value):
        yield value[int(text)]


def _indexes(text: str, value: Any) -> Iterator[Any]:
    for number in text.split(","):
        yield from _index(number, value)


def _slice(text: str, value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value[slice(*(int(part) if part.strip() else None for part in text.split(":")))]


def _all(_text: str, value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _deep(text: str, value: Any) -> Iterator[Any]:
    yield from _all("", value) if text == "*" else _name(text, value)
    for inner in _all("", value):
        yield from _deep(text, inner)


def _filter(text: str, value: Any) -> Iterator[Any]:
    for item in _all("", value):
        if any(all(_holds(test, item) for test in either.split("&&")) for either in text.split("||")):
            yield item


def _holds(test: str, item: Any) -> bool:
    """Whether an item passes `@.size > 3` or has `@.size`."""
    match = _TEST.match(test)
    if match is None:
        raise NoSuchPathError(test)
    path, compare, wanted = match.groups()
    try:
        found = find(path[1:], item)
    except NoSuchPathError:
        return False
    if compare is None:
        return True
    try:
        return _COMPARE[compare](found, json.loads(re.sub(r"^'(.*)'$", r'"\1"', wanted)))
    except (TypeError, ValueError):
        return False


_STEPS: dict[str, Callable[[str, Any], Iterator[Any]]] = {
    "name": _name,
    "names": _names,
    "index": _index,
    "indexes": _indexes,
    "slice": _slice,
    "all": _all,
    "deep": _deep,
    "filter": _filter,
}
