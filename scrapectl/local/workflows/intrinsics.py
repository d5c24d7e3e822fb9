"""The intrinsic functions of the Amazon States Language: a call as text → its value.

After AWS's "Intrinsics for JSONPath states" (Step Functions Developer Guide).
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import uuid
from collections.abc import Callable
from typing import Any, Self

_NAME = re.compile(r"States\.(\w+)\(")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'")
_WORDS = {"true": True, "false": False, "null": None}
_PATH = re.compile(r"""\$(?:[^\s,()\[\]'"]|\[(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\?\(.*?\)|[^\]'"])*\])*""")
_PIECES = re.compile(r"\\.|\{\}|.", re.DOTALL)  # of a template: what is escaped, a place, anything else
_MOST = {"range": 1000, "text": 10_000}
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


class IntrinsicError(Exception):
    """Why a function has no value."""


class Reader:
    """Reads one call from left to right.

    Args:
        text: Such as `States.Format('{}-x', $.a)`.
        find: Gives what a path names.
    """

    def __init__(self, text: str, find: Callable[[str], Any]) -> None:
        self._text = text
        self._find = find
        self._at = 0

    def value(self) -> Any:
        """The value of the whole text.

        Raises:
            IntrinsicError: It cannot be read, or a function takes no such arguments.
        """
        found = self._call()
        if self._text[self._at :].strip():
            raise IntrinsicError(f"something stands after the function: {self._text[self._at :]}")
        return found

    def _call(self) -> Any:
        name = self._take(_NAME)
        if name is None or name[1] not in FUNCTIONS:
            raise IntrinsicError(f"{self._text[self._at :]} is no intrinsic function")
        arguments = []
        self._skip()
        while not self._is(")"):
            arguments.append(self._argument())
            self._skip()
            if not self._is(")", ","):
                raise IntrinsicError(f"States.{name[1]} is not closed")
            if self._is(","):
                self._at += 1
                self._skip()
        self._at += 1
        try:
            return FUNCTIONS[name[1]](*arguments)
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise IntrinsicError(f"The function 'States.{name[1]}' had the following error: {error}") from error

    def _argument(self) -> Any:
        if self._text.startswith("States.", self._at):
            return self._call()
        text = self._take(_TEXT)
        if text is not None:
            return Literal(text[1])
        number = self._take(_NUMBER)
        if number is not None:
            return json.loads(number[0])
        for word, value in _WORDS.items():
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return value
        path = self._take(_PATH)
        if path is None:
            raise IntrinsicError(f"{self._text[self._at :]} is no argument")
        return self._find(path[0])

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return match

    def _is(self, *marks: str) -> bool:
        return self._text.startswith(marks, self._at)

    def _skip(self) -> None:
        while self._is(" "):
            self._at += 1


class Literal(str):  # noqa: SLOT000 - it carries one more
    """Text that stands in the call itself: `raw` keeps its backslashes, which Format looks at."""

    raw: str

    def __new__(cls, raw: str) -> Self:
        """Take the backslashes off what they escape."""
        made = super().__new__(cls, re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL))
        made.raw = raw
        return made


def compact(value: Any) -> str:
    """JSON without blanks, as Step Functions writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _format(template: str, *values: Any) -> str:
    raw = template.raw if isinstance(template, Literal) else template
    pieces = _PIECES.findall(raw)
    if pieces.count("{}") != len(values):
        raise ValueError(f"{pieces.count('{}')} places for {len(values)} values")
    words = iter([value if isinstance(value, str) else compact(value) for value in values])
    return "".join(next(words) if piece == "{}" else piece[-1] for piece in pieces)


def _range(first: float, last: float, step: float) -> list[int]:
    numbers = [int(number) for number in (first, last, step)]
    found = list(range(numbers[0], numbers[1] + (1 if numbers[2] > 0 else -1), numbers[2]))
    if len(found) > _MOST["range"]:
        raise ValueError("an array holds at most 1000 numbers")
    return found


def _partition(values: list[Any], size: int) -> list[list[Any]]:
    return [_listed(values)[at : at + size] for at in range(0, len(values), size)]


def _unique(values: list[Any]) -> list[Any]:
    return list({compact(value): value for value in _listed(values)}.values())


def _merge(one: dict[str, Any], other: dict[str, Any], deep: object) -> dict[str, Any]:
    if deep is not False:
        raise ValueError("only the shallow merging mode is supported")  # AWS's own words say so
    if not isinstance(one, dict) or not isinstance(other, dict):
        raise TypeError("both must be JSON objects")
    return one | other


def _split(text: str, marks: str) -> list[str]:
    return [part for part in re.split(f"[{re.escape(marks)}]", text) if part]


def _random(start: int, end: int, seed: int | None = None) -> int:
    source = random.Random(seed)  # noqa: S311 - States.MathRandom promises no more
    return source.randrange(int(start), int(end))


def _add(one: float, other: float) -> int:
    if any(isinstance(number, bool) or not isinstance(number, int | float) for number in (one, other)):
        raise TypeError("both must be numbers")
    return round(one) + round(other)


def _listed(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise TypeError("the first argument must be an array")
    return values


def _short(text: Any) -> bytes:
    if not isinstance(text, str) or len(text) > _MOST["text"]:
        raise ValueError("takes text of up to 10000 characters")
    return text.encode()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Array": lambda *values: list(values),
    "ArrayContains": lambda values, one: one in _listed(values),
    "ArrayGetItem": lambda values, at: _listed(values)[at],
    "ArrayLength": lambda values: len(_listed(values)),
    "ArrayPartition": _partition,
    "ArrayRange": _range,
    "ArrayUnique": _unique,
    "Base64Decode": lambda text: base64.b64decode(_short(text)).decode(),
    "Base64Encode": lambda text: base64.b64encode(_short(text)).decode(),
    "Format": _format,
    "Hash": lambda value, how: hashlib.new(
        _HASHES[how], (value if isinstance(value, str) else compact(value)).encode(), usedforsecurity=False
    ).hexdigest(),
    "JsonMerge": _merge,
    "JsonToString": compact,
    "MathAdd": _add,
    "MathRandom": _random,
    "StringSplit": _split,
    "StringToJson": json.loads,
    "UUID": lambda: str(uuid.uuid4()),
}
