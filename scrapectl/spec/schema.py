"""Loads the pipeline's JSON Schema, from the wheel or from a checkout, and follows its references."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

_PACKAGE = Path(__file__).resolve().parent.parent
_NAME = "pipeline.schema.json"


def schema_path() -> Path:
    """Say where the schema lies: inside the installed package, or beside it in a checkout."""
    packed = _PACKAGE / "schemas" / _NAME
    return packed if packed.exists() else _PACKAGE.parent / "schemas" / _NAME


@cache
def load_schema() -> Schema:
    """Read the schema, with every `$ref` replaced by what it names (keys beside a `$ref` win)."""
    whole: Schema = json.loads(schema_path().read_text(encoding="utf-8"))
    definitions = whole.pop("$defs")

    def resolve(part: Any) -> Any:
        if isinstance(part, list):
            return [resolve(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" not in part:
            return {key: resolve(value) for key, value in part.items()}
        target = definitions[part["$ref"].removeprefix("#/$defs/")]
        return resolve({**target, **{key: value for key, value in part.items() if key != "$ref"}})

    resolved: Schema = resolve(whole)
    return resolved
