"""Turns a field's value, of any shape a kind may give it, into plain JSON values and short text, secrets hidden."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
from collections.abc import Mapping
from typing import Any

from scrapectl.engine.plan import Change
from scrapectl.engine.resource import FieldChange
from scrapectl.engine.values import Policy, Ref, Text, unknown
from scrapectl.views.plain import MASK, clean, looks_secret, mask

SHORT = 100  # characters of a new thing's value that a plan shows; what differs is shown whole


def plain_value(value: Any) -> Any:
    """The value as JSON takes it; references as text, sets in order."""
    if isinstance(value, Policy):
        value = value.document
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Ref | Text):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {clean(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain_value(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    return _plain_leaf(value)


def _plain_leaf(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dt.date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else clean(value)


def shown(value: Any) -> Any:
    """The plain value with what looks secret hidden."""
    return mask(plain_value(mask(value)))  # pairs are known before they become lists, maps after dataclasses did


def short(value: Any, limit: int | None = None) -> str:
    """One line of text for a value; cut when it is longer than `limit`."""
    text = json.dumps(shown(value), ensure_ascii=False)
    return text if limit is None or len(text) <= limit else f"{text[: limit - 1]}…"


def split_fields(change: Change) -> list[FieldChange]:
    """A change's fields; of one that is a map only the entries that differ: `environment.ZIP`."""
    return [part for field in change.fields for part in _split(field)]


def _split(field: FieldChange) -> list[FieldChange]:
    before, after = field.before, field.after
    if field.hidden or not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return [field]
    parts = []
    for key in sorted({*before, *after}, key=str):
        was, will = before.get(key), after.get(key)
        if was != will:
            secret = looks_secret(str(key)) and not _is_arn(was, will)
            hide = (lambda item: MASK if item is not None else None) if secret else (lambda item: item)
            name = f"{field.name}.{key}"
            parts.append(
                dataclasses.replace(field, name=name, before=hide(was), after=hide(will), unknown=unknown(will))
            )
    return parts or [field]


def _is_arn(*values: Any) -> bool:
    return all(value is None or str(value).startswith("arn:") for value in values)
