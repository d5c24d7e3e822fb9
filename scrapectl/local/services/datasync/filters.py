r"""SIMPLE_PATTERN filters of DataSync → whether a path passes (pure).

Patterns are parted by `|`; `*` stands for anything; a backslash before `*`, `|` or itself takes its meaning away; what
a pattern names is meant with all that is in it (DataSync User Guide, "Filtering the data transferred").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache


@cache
def patterns_of(text: str) -> tuple[str, ...]:
    """Cut a filter's value into its patterns, escapes left in."""
    found = [""]
    escaped = False
    for letter in text:
        if letter == "|" and not escaped:
            found.append("")
            continue
        found[-1] += letter
        escaped = letter == "\\" and not escaped
    return tuple(pattern for pattern in found if pattern)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    words: list[str] = []
    escaped = False
    for letter in pattern.rstrip("/") if not pattern.endswith("\\/") else pattern:
        if letter == "\\" and not escaped:
            escaped = True
            continue
        words.append(".*" if letter == "*" and not escaped else re.escape(letter))
        escaped = False
    return re.compile("".join(words) + r"(/.*)?\Z", re.DOTALL)


def fits(pattern: str, path: str) -> bool:
    """Whether a path from the location's root, with a slash before it, is what a pattern names or inside of it."""
    return _compiled(pattern).match(path) is not None


def passes(path: str, includes: Iterable[str], excludes: Iterable[str]) -> bool:
    """Whether a path is copied: some pattern to include fits, where there are any, and none to exclude."""
    wanted = tuple(includes)
    if wanted and not any(fits(pattern, path) for pattern in wanted):
        return False
    return not any(fits(pattern, path) for pattern in excludes)


def of_rules(rules: Iterable[Mapping[str, str]] | None) -> tuple[str, ...]:
    """The patterns of the filter rules of a task or an execution."""
    return tuple(pattern for rule in rules or () for pattern in patterns_of(rule.get("Value", "")))
