"""Turns an event pattern into the one spelling of its meaning: what is an alternative has no order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_ORDERED = "numeric"  # {"numeric": [">", 0, "<=", 5]}: comparisons and their bounds, by turns


def canonical_pattern(pattern: Any, name: str = "") -> Any:
    """Order every list of alternatives, and drop repeats; references inside stay what they are.

    Args:
        pattern: Plain JSON values; mappings and sequences of any type.
        name: The key that the value stands under.
    """
    if isinstance(pattern, Mapping):
        return {key: canonical_pattern(value, key) for key, value in pattern.items()}
    if not isinstance(pattern, list | tuple):
        return pattern
    if name == _ORDERED:
        return list(pattern)
    spelled = {_spelling(value): value for value in map(canonical_pattern, pattern)}
    return [spelled[text] for text in sorted(spelled)]


def _spelling(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
