"""The Java-like patterns of AWS's own models → compiled Python patterns that must match the whole value."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache

#: Patterns that mean something Python cannot say, with the reason; values are not checked against them.
UNREADABLE = {
    r"^(?![^:\\]*/action/|(?i).*<script>.*</script>.*)[^:\\]+$": "budgets: a flag in the middle of an alternative",
}

_SHORTHANDS = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \\t\\n\\x0b\\f\\r"}  # ASCII only, as in Java
# All of Unicode's separators: spaces, line separator, paragraph separator.
_SEPARATORS = " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_WIDE = {
    r"\uD800\uDC00-\uDBFF\uDFFF": "\U00010000-\U0010ffff",  # surrogate pairs: Java counts in UTF-16
    r"\u10000-\u10FFFF": "\U00010000-\U0010ffff",  # sts.arnType, where \u is meant to take five digits
    r"\p{L}\p{Z}\p{N}_": rf"\w{_SEPARATORS}",  # every tag: Python's own \w is letters, numbers and _
}
_PIECE = re.compile(r"\\[pP]\{\w+\}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\.|.", re.DOTALL)


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """Return the pattern ready for `fullmatch`, None when it is listed in `UNREADABLE`.

    AWS matches the whole value whether or not the model writes `^` and `$`. A dot matches a line break here: some
    services compile their patterns so, and refusing what AWS takes would be worse than the other way round.

    Raises:
        re.error: For a pattern that is neither readable nor listed.
    """
    if pattern in UNREADABLE:
        return None
    return re.compile(translated(pattern), re.DOTALL)


def translated(pattern: str) -> str:
    """Return a Java pattern in Python's words."""
    words = {}
    for number, (java, python) in enumerate(_WIDE.items()):
        mark = chr(0xE000 + number)
        pattern = pattern.replace(java, mark)
        words[mark] = python
    out: list[str] = []
    in_class = False
    for piece in _PIECE.findall(pattern):
        # A bracket right after the opening one is a plain character.
        closes = in_class and piece == "]" and out[-1] != "[" and out[-2:] != ["[", "^"]
        out.append(words.get(piece) or _piece(piece, out[-1] if out else "", in_class=in_class))
        in_class = (in_class and not closes) or (not in_class and piece == "[")
    return "".join(out)


def _piece(piece: str, before: str, *, in_class: bool) -> str:
    """Translate one piece of a pattern."""
    if piece[:2] in (r"\p", r"\P"):
        inside = _category(piece[3:-1])
        if in_class:
            return inside
        return f"[^{inside}]" if piece[1] == "P" else f"[{inside}]"
    if piece[0] == "\\" and piece[1:] in _SHORTHANDS:
        inside = _SHORTHANDS[piece[1:]]
        return inside if in_class else f"[{inside}]"
    if piece == r"\z":
        return r"\Z"
    if in_class and (piece in ("[", "&", "|", "~") or (piece == "-" and before in _SHORTHANDS.values())):
        return "\\" + piece
    return piece


@lru_cache(maxsize=64)
def _category(name: str) -> str:
    """Return the inside of a character class for a Unicode category such as `L` or `Zs`, or for `ASCII`."""
    if name == "ASCII":
        return "\\x00-\\x7f"
    if name == "Z":
        return _SEPARATORS
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)).startswith(name):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
