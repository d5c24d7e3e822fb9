"""Texts that only a run completes → paths and intrinsic functions of the Amazon States Language."""

from __future__ import annotations

import re
from typing import Any

from scrapectl.blueprint.workflow.given import Given
from scrapectl.engine.values import Ref
from scrapectl.engine.values import Text as Mixed
from scrapectl.spec.model import OfRun, Template, Text

RUN = "$$.Execution.Name"
PATHS = {"run": RUN, "bucket": "$.bucket", "key": "$.key", "version": "$.version"}


def field(name: str, text: Text, given: Given) -> dict[str, Any]:
    """Give a member of a payload: `{"Value": "…"}`, or `{"Value.$": "…"}` when a run completes it."""
    parts = text.parts if isinstance(text, Template) else (text,)
    if not any(isinstance(part, OfRun) for part in parts):
        return {name: given.text(text)}
    if len(parts) == 1 and isinstance(parts[0], OfRun):
        return {f"{name}.$": PATHS[parts[0].name]}
    pieces: list[str | Ref] = []
    paths = []
    for part in parts:
        if isinstance(part, OfRun):
            pieces.append("{}")
            paths.append(PATHS[part.name])
        else:
            pieces += _literal(part if isinstance(part, str) else given.text(Template((part,))))
    whole = ["States.Format('", *pieces, f"', {', '.join(paths)})"]
    return {f"{name}.$": _joined(whole)}


def pairs(environment: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Give an environment as Batch takes it, by name."""
    return [{"Name": name, **environment[name]} for name in sorted(environment)]


def escaped(text: str) -> str:
    """Escape what has a meaning in the text of an intrinsic function (AWS, "Reserved characters")."""
    return re.sub(r"(['{}\\])", r"\\\1", text)


def _literal(value: Any) -> list[str | Ref]:
    """What stands in the text; of a name or ARN that AWS makes it is known that it needs no escape."""
    parts = value.parts if isinstance(value, Mixed) else (value,)
    return [part if isinstance(part, Ref) else escaped(str(part)) for part in parts]


def _joined(pieces: list[str | Ref]) -> Any:
    if any(isinstance(piece, Ref) for piece in pieces):
        return Mixed(tuple(pieces))
    return "".join(map(str, pieces))
