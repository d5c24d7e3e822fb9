"""Turns "15m" into seconds and "2 GB" into MiB, and back."""

from __future__ import annotations

import re

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_MEMORY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)\s?(MB|MiB|GB|GiB)?", re.IGNORECASE)


def parse_duration(text: str) -> int:
    """Read `90s`, `15m`, `36h` or `7d` as seconds.

    Raises:
        ValueError: With a message that says what to write instead.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration. Write a number and s, m, h or d: 90s, 15m, 36h, 7d")
    return int(match[1]) * SECONDS[match[2]]


def format_duration(seconds: int) -> str:
    """Write seconds in the largest unit that holds them whole: 5400 is `90m`, 0 is `0s`."""
    for unit in "dhm":
        if seconds and seconds % SECONDS[unit] == 0:
            return f"{seconds // SECONDS[unit]}{unit}"
    return f"{seconds}s"


def parse_memory(text: str | int) -> int:
    """Read `2048` (MiB), `"512 MB"` or `"2 GB"` as MiB; GB and GiB are both 1024 MiB, as AWS counts.

    Raises:
        ValueError: With a message that says what to write instead.
    """
    match = _MEMORY.fullmatch(str(text))
    if match is None:
        raise ValueError(f"{text!r} is no amount of memory. Write MiB as a number (2048), or a text such as 2 GB")
    factor = 1024 if (match[2] or "").lower().startswith("g") else 1
    mib = float(match[1]) * factor
    if mib != int(mib):
        raise ValueError(f"{text!r} is not a whole number of MiB. Write MiB as a number (2048)")
    return int(mib)


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun in the right form: `1 job`, `2 jobs`, `2 policies`."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def format_memory(mib: int) -> str:
    """Write MiB for people: 2048 is `2 GB`, 1536 is `1536 MB`."""
    return f"{mib // 1024} GB" if mib and mib % 1024 == 0 else f"{mib} MB"
