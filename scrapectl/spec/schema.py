"""Loads the pipeline's JSON Schema, from the wheel or from a checkout, as editors read it and as the walk does."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

_PACKAGE = Path(__file__).resolve().parent.parent


def schema_path(of: str = "pipeline") -> Path:
    """Say where a schema lies: inside the installed package, or beside it in a checkout."""
    name = f"{of}.schema.json"
    packed = _PACKAGE / "schemas" / name
    return packed if packed.exists() else _PACKAGE.parent / "schemas" / name


def types_of(schema: Schema) -> frozenset[str]:
    """List the types that a schema allows, in JSON Schema's words; none when it allows all."""
    types = schema.get("type", ())
    return frozenset([types] if isinstance(types, str) else types)


@cache
def load_published(of: str = "pipeline") -> Schema:
    """Read a schema as it is published; that of the pipeline is what editors complete from."""
    whole: Schema = json.loads(schema_path(of).read_text(encoding="utf-8"))
    return whole


@cache
def load_schema() -> Schema:
    """Read the schema as it holds once references are filled in: one plain tree.

    Every `$ref` is replaced by what it names (keys beside a `$ref` win). Every `anyOf` is replaced by its first part:
    it is always a value itself, or text with a `${…}` in its place, which is gone by then.
    """
    published = load_published()

    def resolve(part: Any) -> Any:
        if isinstance(part, list):
            return [resolve(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            target = _named(published, part["$ref"])
            return resolve({**target, **{key: value for key, value in part.items() if key != "$ref"}})
        plain = {key: resolve(value) for key, value in part.items() if key != "anyOf"}
        return {**resolve(part["anyOf"][0]), **plain} if "anyOf" in part else plain

    resolved: Schema = resolve({key: value for key, value in published.items() if key != "$defs"})
    return resolved


def _named(published: Schema, reference: str) -> Schema:
    """Follow a `$ref`, such as `#/$defs/schedule/properties/cron`."""
    found = published
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found
