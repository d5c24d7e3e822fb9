"""A program and what it is to do ↔ the user data of an instance, as EC2 takes it: compressed, in base64 (pure).

The program's first file stands in it as it is, and begins it; the other files and what is to be done stand in its
last line, as a comment that holds JSON. cloud-init undoes the compression ("User data formats", cloud-init).
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any

START = "start.py"
FILES = "files"
_LAST_LINE = "\n# "


class Program:
    """The files of a program, of which a plan shows a digest; equal when they are, or when a read found its digest.

    Args:
        sources: The text of each file by its name; None of a program that was read back.
        digest: What tells it from others; by default that of its files.
    """

    def __init__(self, sources: Mapping[str, str] | None, digest: str = "") -> None:
        self.sources = sources
        self.digest = digest or _digest(json.dumps(sources, sort_keys=True).encode())

    def __eq__(self, other: object) -> bool:
        """Tell by the digest."""
        return isinstance(other, Program) and self.digest == other.digest

    def __hash__(self) -> int:
        """Go by the digest."""
        return hash(self.digest)

    def __str__(self) -> str:
        """Show the digest."""
        return self.digest


def packed(program: Program, runs: Mapping[str, Any]) -> str:
    """Write user data, the same bytes at any time (AWS-FACTS §14: base64 is ours to write in a template)."""
    sources = program.sources or {}
    others = {name: text for name, text in sources.items() if name != START}
    last = json.dumps({**runs, FILES: others}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    text = f"{sources.get(START, '')}{_LAST_LINE}{last}\n"
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def unpacked(user_data: str) -> tuple[Program, dict[str, Any]]:
    """Read which program user data holds, and what that is to do; of another hand's the first alone says something."""
    raw = base64.b64decode(user_data)
    with contextlib.suppress(OSError, EOFError, zlib.error):
        raw = gzip.decompress(raw)
    head, _, last = raw.decode(errors="replace").rstrip("\n").rpartition(_LAST_LINE)
    try:
        runs = dict(json.loads(last))
        sources = {START: head, **runs.pop(FILES)}
    except (ValueError, KeyError, TypeError):
        return Program(None, _digest(raw)), {}
    return Program(None, Program(sources).digest), runs


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
