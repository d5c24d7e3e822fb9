"""A request's parameters → the same as they may be shown: secrets masked, bytes by their size."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from scrapectl.spec.secrecy import looks_secret

MASK = "********"
_PAIR = {"name", "value"}


def shown(shape: Any, params: Mapping[str, Any], hidden: Sequence[str]) -> dict[str, Any]:
    """Mask what botocore's model calls sensitive, what stands under a secret's name, and every hidden value.

    Args:
        shape: botocore's input shape of the operation, None where it takes nothing.
        params: What is sent.
        hidden: Values that are never shown, also as part of a text.
    """
    return {name: _member(shape, name, value, hidden) for name, value in params.items()}


def _member(shape: Any, name: str, value: Any, hidden: Sequence[str]) -> Any:
    members = shape.members if shape is not None and shape.type_name == "structure" else {}
    return _value(members.get(name), value, hidden)


def _value(shape: Any, value: Any, hidden: Sequence[str]) -> Any:
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if shape is not None and shape.metadata.get("sensitive") and not isinstance(value, Mapping | list | tuple):
        return MASK
    if isinstance(value, Mapping):
        return _mapping(shape, value, hidden)
    if isinstance(value, list | tuple):
        inner = shape.member if shape is not None and shape.type_name == "list" else None
        return [_value(inner, item, hidden) for item in value]
    return _text(value, hidden) if isinstance(value, str) else value


def _mapping(shape: Any, value: Mapping[str, Any], hidden: Sequence[str]) -> dict[str, Any]:
    """A structure by its members; a map's keys are the user's, and a variable's name may say that it is a secret."""
    if shape is not None and shape.type_name == "map":
        return {key: _named(key, _value(shape.value, item, hidden)) for key, item in value.items()}
    found = {key: _member(shape, key, item, hidden) for key, item in value.items()}
    named = {key.lower(): key for key in value}
    if set(named) == _PAIR and looks_secret(str(value[named["name"]])):
        found[named["value"]] = MASK
    return found


def _named(key: str, value: Any) -> Any:
    plain = isinstance(value, str) and value and not value.startswith("arn:")
    return MASK if plain and looks_secret(key) else value


def _text(text: str, hidden: Sequence[str]) -> str:
    """A text that is JSON hides what stands in it; one that hides nothing stays as it is."""
    if text[:1] in {"{", "["}:
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        if document is not None:
            masked = _value(None, document, hidden)
            return text if masked == document else json.dumps(masked, ensure_ascii=False)
    for value in hidden:
        text = text.replace(value, MASK)
    return text
