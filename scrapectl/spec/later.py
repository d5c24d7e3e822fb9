"""Says which words of the language are not built yet: the one list, from a path to its keys."""

from __future__ import annotations

import re

KEYS: dict[str, frozenset[str]] = {
    "": frozenset(
        [
            "limits",
            "budget",
        ]
    ),
    "alerts": frozenset(["missed_runs"]),
    "jobs.*": frozenset(["uses"]),
}
REFERENCES: frozenset[str] = frozenset()


def is_later_key(path: str, key: str) -> bool:
    """True for a key of the language that is not built yet; `path` is what holds it, "" at the top."""
    for pattern, words in KEYS.items():
        if re.fullmatch(pattern.replace(".", r"\.").replace("*", "[^.]+"), path):
            return key in words
    return False
