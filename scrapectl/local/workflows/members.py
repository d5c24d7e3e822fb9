"""The members of a service's requests and answers, from the PascalCase of state machines and back."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+")


def pascal(name: str) -> str:
    """A service's id as the Java SDK spells it: `DataSync`, `SecretsManager`, `Sfn`, `DynamoDb`, `S3`."""
    return "".join(word[0].upper() + word[1:].lower() for word in _WORD.findall(name))


def sent(value: Any, shape: Any, texts: frozenset[str], problems: list[str]) -> Any:
    """Spell parameters as a service's model does; the keys of maps are data.

    Args:
        value: In PascalCase.
        shape: The model's.
        texts: Members that take JSON, which is sent as text.
        problems: Gets what AWS would refuse.
    """
    kind = shape.type_name if shape is not None else ""
    if kind == "structure" and isinstance(value, dict):
        return _structure(value, shape, texts, problems)
    if kind == "list" and isinstance(value, list):
        return [sent(item, shape.member, texts, problems) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: sent(item, shape.value, texts, problems) for key, item in value.items()}
    if kind == "blob":
        return value.encode() if isinstance(value, str) else json.dumps(value, ensure_ascii=False).encode()
    return value


def _structure(value: dict[str, Any], shape: Any, texts: frozenset[str], problems: list[str]) -> dict[str, Any]:
    spelled = {name.lower(): name for name in shape.members}
    made: dict[str, Any] = {}
    for key, item in value.items():
        name = spelled.get(key.lower())
        if name is None or not key[:1].isupper():
            problems.append(f'The field "{key}" is not supported by Step Functions')
            continue
        if key in texts and not isinstance(item, str):
            item = json.dumps(item, separators=(",", ":"), ensure_ascii=False)  # noqa: PLW2901 - as it is sent
        made[name] = sent(item, shape.members[name], texts, problems)
    missing = [name for name in shape.required_members if name not in made]
    problems += [f"The field '{name[0].upper()}{name[1:]}' is required but was missing" for name in missing]
    return made


def shown(value: Any, shape: Any) -> Any:
    """Spell an answer as a state machine sees it: members in PascalCase, times as text."""
    kind = shape.type_name if shape is not None else ""
    if kind == "structure" and isinstance(value, dict):
        members = shape.members
        return {
            f"{key[0].upper()}{key[1:]}": shown(item, members.get(key))
            for key, item in value.items()
            if item is not None
        }
    if kind == "list" and isinstance(value, list):
        return [shown(item, shape.member) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: shown(item, shape.value) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value
