"""requirements.txt → which libraries it names, which of them it pins, and where each stands (pure but for reading)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_NAMED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?P<rest>.*)", re.DOTALL)
_PINNED = re.compile(r"===?\s*[^\s;,*=]+\s*(;.*|--.*|)", re.DOTALL)
_BY_ADDRESS = re.compile(r"@\s*\S+")
_FILES = re.compile(r"(?:-r|-c|--requirement|--constraint)(?:\s*=\s*|\s*)(?P<path>\S+)")
_COMMENT = re.compile(r"(^|\s+)#.*$")


@dataclass
class Requirements:
    """What the lines say.

    Attributes:
        lines: Name of a library to the file and number of the line that asks for it.
        pinned: Names with exactly one version.
        last: Number of the last line of requirements.txt itself.
        digest: Hash of every file that was read.
    """

    lines: dict[str, tuple[str, int]] = field(default_factory=dict)
    pinned: set[str] = field(default_factory=set)
    last: int = 1
    digest: str = ""


def canonical(name: str) -> str:
    """One spelling of a library's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_requirements(folder: Path) -> Requirements:
    """Read a folder's requirements.txt and the files that it names.

    Raises:
        OSError: One of them cannot be read.
        UnicodeDecodeError: One of them is no text.
    """
    found, whole = Requirements(), hashlib.sha256()
    waiting, seen = ["requirements.txt"], set()
    while waiting:
        file = waiting.pop(0)
        if file in seen:
            continue
        seen.add(file)
        text = (folder / file).read_text(encoding="utf-8-sig")
        whole.update(f"{file}\0{len(text)}\0{text}".encode())
        if file == "requirements.txt":
            found.last = max(1, len(text.splitlines()))
        for number, line in _logical_lines(text):
            other = _FILES.match(line)
            if other:
                waiting.append((Path(file).parent / other["path"]).as_posix())
            elif not line.startswith("-"):
                _take(found, line, (file, number))
    found.digest = whole.hexdigest()
    return found


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, joined where they end in a backslash; each with the number of its first."""
    begun, number = "", 0
    for at, line in enumerate(text.splitlines(), 1):
        plain = _COMMENT.sub("", line).strip()
        number = number or at
        if plain.endswith("\\"):
            begun += plain[:-1]
            continue
        whole = (begun + plain).strip()
        if whole:
            yield number, whole
        begun, number = "", 0
    if begun.strip():
        yield number, begun.strip()


def _take(found: Requirements, line: str, place: tuple[str, int]) -> None:
    named = _NAMED.fullmatch(line)
    if named is None:
        return
    name, rest = canonical(named["name"]), named["rest"].strip()
    found.lines.setdefault(name, place)
    if _PINNED.fullmatch(rest) or _BY_ADDRESS.match(rest):
        found.pinned.add(name)
