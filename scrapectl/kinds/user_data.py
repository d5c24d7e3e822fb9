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


def program_digest(sources: Mapping[str, str]) -> str:
    """Say which program it is, by what all of its files hold."""
    return hashlib.sha256(json.dumps(sources, sort_keys=True).encode()).hexdigest()[:12]


def packed(sources: Mapping[str, str], runs: Mapping[str, Any]) -> str:
    """Write user data, the same bytes at any time (AWS-FACTS §14: base64 is ours to write in a template)."""
    others = {name: text for name, text in sources.items() if name != START}
    last = json.dumps({**runs, FILES: others}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    text = f"{sources.get(START, '')}{_LAST_LINE}{last}\n"
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def unpacked(user_data: str) -> tuple[str, dict[str, Any] | None]:
    """Read which program user data holds, and what that is to do; of another hand's the first alone says something."""
    raw = base64.b64decode(user_data)
    with contextlib.suppress(OSError, EOFError, zlib.error):
        raw = gzip.decompress(raw)
    head, _, last = raw.decode(errors="replace").rstrip("\n").rpartition(_LAST_LINE)
    try:
        runs = dict(json.loads(last))
        sources = {START: head, **runs.pop(FILES)}
    except (ValueError, KeyError, TypeError):
        return hashlib.sha256(raw).hexdigest()[:12], None
    return program_digest(sources), runs
