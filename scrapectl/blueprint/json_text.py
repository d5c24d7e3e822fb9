"""Plain values with references among them → JSON text with the same references inside (pure)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scrapectl.engine.values import Ref, Text


def json_text(value: Any) -> Any:
    """Write a value as JSON, keys in order; text with references in it is a `Text`.

    Of a name, ARN or address that AWS makes it is known that JSON needs no escape for it.
    """
    parts: list[str | Ref] = []
    for part in _parts(value):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    if any(isinstance(part, Ref) for part in parts):
        return Text(tuple(parts))
    return "".join(map(str, parts))


def _parts(value: Any) -> Iterator[str | Ref]:
    if isinstance(value, Ref):
        yield from ('"', value, '"')
    elif isinstance(value, Text):
        yield '"'
        for part in value.parts:
            yield part if isinstance(part, Ref) else json.dumps(part, ensure_ascii=False)[1:-1]
        yield '"'
    elif isinstance(value, Mapping):
        yield "{"
        for number, key in enumerate(sorted(value)):
            yield f"{',' if number else ''}{json.dumps(key, ensure_ascii=False)}:"
            yield from _parts(value[key])
        yield "}"
    elif isinstance(value, list | tuple):
        yield "["
        for number, item in enumerate(value):
            yield "," if number else ""
            yield from _parts(item)
        yield "]"
    else:
        yield json.dumps(value, ensure_ascii=False)
