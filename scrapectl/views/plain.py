"""Turns text from outside into text that a terminal shows and never obeys, and hides values that look secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scrapectl.spec.secrecy import looks_secret

__all__ = ["CONTROLS", "MASK", "clean", "clean_line", "looks_secret", "mask"]

MASK = "********"

# ECMA-48: an escape sequence is ESC and a final byte; CSI takes parameters; OSC, DCS, SOS, PM and APC take a text that
# ends with BEL or ST. The C1 controls are the same openers in one character.
_SEQUENCES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\\\|\x9c)?"
    "|\x1b[ -/]*[0-~]?"
)
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\u2028\u2029\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
    "\ud800-\udfff]"
)


def clean(text: object) -> str:
    """Text without terminal control sequences, C0 and C1 controls, bidirectional and invisible controls.

    Tabs and line feeds stay; a lone surrogate, which no stream can write, goes.
    """
    return CONTROLS.sub("", _SEQUENCES.sub("", str(text)))


def clean_line(text: object) -> str:
    """The same on one line: line ends and tabs become spaces."""
    return " ".join(clean(str(text).replace("\r", "\n")).split())


def mask(value: Any) -> Any:
    """The value with what stands under a secret-looking name hidden, at any depth.

    Names stand as keys of a mapping, as `{"name": …, "value": …}` (in AWS's spelling too), or first in a pair.
    """
    if isinstance(value, Mapping):
        named = {str(key).lower(): key for key in value}
        if set(named) == {"name", "value"}:
            name = str(value[named["name"]])
            return {**value, named["value"]: MASK} if looks_secret(name) else dict(value)
        return {key: _masked(str(key), item) for key, item in value.items()}
    if _is_pair(value) and looks_secret(value[0]):
        return type(value)((value[0], MASK))
    if isinstance(value, list | tuple):
        return [mask(item) for item in value] if isinstance(value, list) else tuple(mask(item) for item in value)
    if isinstance(value, set | frozenset):
        return type(value)(mask(item) for item in value)
    return value


def _masked(name: str, value: Any) -> Any:
    is_text = isinstance(value, str | int | float) and value != "" and not str(value).startswith("arn:")
    return MASK if is_text and looks_secret(name) else mask(value)  # an ARN names a secret and is none


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(item, str) for item in value)  # noqa: PLR2004
