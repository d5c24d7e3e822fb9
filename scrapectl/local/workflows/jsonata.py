"""JSONata as Step Functions speaks it: a template with texts in `{% %}` → its values.

What AWS adds to the language and takes from it is that of "Transforming data with JSONata" (Developer Guide).
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable
from typing import Any

_OPEN, _CLOSE = "{%", "%}"
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


class QueryError(Exception):
    """An expression has no value."""


def filled(template: Any, states: dict[str, Any], variables: dict[str, Any]) -> Any:
    """Compute what stands between `{%` and `%}` at any depth.

    Args:
        template: Of a state: Arguments, Output, Assign, ….
        states: `$states`: input, context, and result or errorOutput where there is one.
        variables: `$name`.

    Raises:
        QueryError: An expression cannot be computed, or gives nothing.
    """
    if isinstance(template, dict):
        return {key: filled(item, states, variables) for key, item in template.items()}
    if isinstance(template, list):
        return [filled(item, states, variables) for item in template]
    if isinstance(template, str) and template.startswith(_OPEN) and template.endswith(_CLOSE):
        return _computed(template.removeprefix(_OPEN).removesuffix(_CLOSE).strip(), states, variables)
    return template


def _computed(text: str, states: dict[str, Any], variables: dict[str, Any]) -> Any:
    from jsonata.jsonata import Jsonata  # noqa: PLC0415 - a sixth of a second that few clouds need
    from jsonata.utils import Utils  # noqa: PLC0415 - as above

    try:
        expression = Jsonata(text)
        expression.set_output_convert_nulls(False)
        frame = expression.create_frame()
        for name, function in _FUNCTIONS.items():
            frame.bind(name, Jsonata.JLambda(function))
        for name, value in {**variables, "states": states}.items():
            frame.bind(name, _with_null(value, Utils.NULL_VALUE))
        found = expression.evaluate(None, frame)
    except Exception as error:  # its own errors, and Python's from the depth of it
        raise QueryError(f"The JSONata expression '{text}' could not be evaluated: {error}") from error
    if found is None:
        raise QueryError(f"The JSONata expression '{text}' returned nothing (undefined)")
    return _plain(found)


def _with_null(value: Any, null: Any) -> Any:
    """JSON in which null is the library's: to it, None is nothing at all."""
    if isinstance(value, dict):
        return {key: _with_null(item, null) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_null(item, null) for item in value]
    return null if value is None else value


def _plain(value: Any) -> Any:
    """Values as JSON has them: the library's own lists, its null, whole numbers."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple | range):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str | bool | int | float):
        return value
    if type(value).__name__ == "NullValue":
        return None
    raise QueryError(f"a value of the kind {type(value).__name__} is no JSON")


def _partition(values: list[Any], size: float) -> list[list[Any]]:
    return [values[at : at + int(size)] for at in range(0, len(values), int(size))]


def _range(first: float, last: float, step: float) -> list[int]:
    return list(range(int(first), int(last) + (1 if step > 0 else -1), int(step)))


def _hash(value: Any, how: str) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return hashlib.new(_HASHES[how], text.encode(), usedforsecurity=False).hexdigest()


def _random(seed: float | None = None) -> float:
    return random.Random(seed).random()  # noqa: S311 - $random promises no more


def _no_eval(_text: str) -> Any:
    raise QueryError("$eval is not supported; use $parse")


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "random": _random,
    "uuid": lambda: str(uuid.uuid4()),
    "parse": json.loads,
    "eval": _no_eval,
}
"""What Step Functions adds, and what it does without."""
