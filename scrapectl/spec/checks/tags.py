"""Finds tags that AWS refuses, or that are scrapectl's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrapectl.spec.findings import show

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Spec

_MOST = 50
# pipeline, address, on_destroy, tags, applied, and kept or run.
OWN_TAGS = 6
_KEY_LENGTH = 128
_VALUE_LENGTH = 256
_ALLOWED = re.compile(r"[\w .:/=+\-@]*")
# IAM takes two keys that differ only in case as one.
_REFUSED = {"aws:": "AWS", "scrapectl:": "scrapectl"}


def check_tags(spec: Spec, findings: Findings) -> None:
    """Check the tags that go on everything."""
    if len(spec.tags) > _MOST - OWN_TAGS:
        message = f"{len(spec.tags)} tags are too many: AWS takes {_MOST}, and {OWN_TAGS} are scrapectl's own."
        findings.add("tags", message, f"Keep {_MOST - OWN_TAGS} at most.")
    seen: dict[str, str] = {}
    for key, value in spec.tags.items():
        path = f"tags.{key}"
        owner = next((owner for prefix, owner in _REFUSED.items() if key.lower().startswith(prefix)), None)
        if owner:
            findings.add(
                path, f"tags that begin with {show(key.partition(':')[0] + ':')} are {owner}'s own.", "Rename it."
            )
        if not 1 <= len(key) <= _KEY_LENGTH:
            findings.add(path, f"the key has {len(key)} characters.", f"Write 1 to {_KEY_LENGTH}.")
        if len(value) > _VALUE_LENGTH:
            findings.add(path, f"the value has {len(value)} characters.", f"Write {_VALUE_LENGTH} at most.")
        if not _ALLOWED.fullmatch(key) or not _ALLOWED.fullmatch(value):
            findings.add(path, "holds a character that AWS refuses.", "Write letters, digits, blanks and _.:/=+-@.")
        if key.lower() in seen:
            message = f"differs from {show(seen[key.lower()])} in upper and lower case alone, which IAM refuses."
            findings.add(path, message, "Remove one.")
        seen[key.lower()] = key
