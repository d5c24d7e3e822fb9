"""Turn a Dockerfile's words, with their quotes, escapes and `$variables`, into plain texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VARIABLE = r"\$\{(?P<name>\w+)(?:(?P<sign>:?[-+])(?P<word>[^}]*))?\}|\$(?P<bare>\w+)"
_IN_QUOTES = re.compile(rf'\\(?P<escaped>["\\$])|{_VARIABLE}')
_PIECE = re.compile(
    rf"""(?P<space>\s+)|'(?P<single>[^']*)'|"(?P<double>(?:\\.|[^"\\])*)"|\\(?P<escaped>.)|{_VARIABLE}|(?P<plain>[^\s'"\\$]+|.)""",
    re.DOTALL,
)


def words(text: str, variables: Mapping[str, str]) -> list[str]:
    """Split at spaces outside quotes; single quotes keep everything as it is."""
    found: list[str] = []
    current: str | None = None
    for piece in _PIECE.finditer(text):
        if piece["space"] is None:
            current = (current or "") + _value(piece, variables)
        elif current is not None:
            found.append(current)
            current = None
    return found if current is None else [*found, current]


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$name`, `${name}`, `${name:-other}` and `${name:+other}`; an unknown name is empty."""
    return _IN_QUOTES.sub(lambda found: _variable(found, variables), text)


def _value(piece: re.Match[str], variables: Mapping[str, str]) -> str:
    if piece["double"] is not None:
        return substitute(piece["double"], variables)
    for literal in ("single", "plain"):
        if piece[literal] is not None:
            return piece[literal]
    return _variable(piece, variables)


def _variable(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if found["escaped"] is not None:
        return found["escaped"]
    value = variables.get(found["name"] or found["bare"], "")
    if found["sign"] and found["sign"].endswith("+"):
        return substitute(found["word"], variables) if value else ""
    if found["sign"] and not value:
        return substitute(found["word"], variables)
    return value
