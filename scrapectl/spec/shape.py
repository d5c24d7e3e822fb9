"""Reads a tree of nodes by the JSON Schema: plain values out, and every word the schema does not allow as a problem.

The schema is walked by hand, not by the jsonschema library: the library costs more to import than everything else
here, knows no places, and cannot take `02134` as text where the schema asks for text. `validate` asks the library as
well (`confirm`), and a test holds both to the same verdicts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from scrapectl.spec.findings import one_of, show
from scrapectl.spec.later import is_later_key
from scrapectl.spec.model import OfRun, Unset
from scrapectl.spec.nodes import SETTING_FILE, Mapping, Node, Scalar, Sequence, kind_of
from scrapectl.spec.schema import types_of
from scrapectl.units import format_duration, parse_duration, parse_memory

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.schema import Schema

# What a value that cannot be used becomes: it is left out, so that its default stands and reading goes on.
NOTHING: Final = object()

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
}
_GIVE_VALUE = "Remove the key, or give it a value."
_FEW = 8  # words that read well in a hint
_OTHER_BOOLEANS = frozenset({"yes", "no", "on", "off", "y", "n"})


class Shape:
    """Reads nodes by a schema, noting problems and the places of all paths in `findings`."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def read(self, node: Node, schema: Schema, path: str = "") -> Any:
        """Give the plain value of a node, or NOTHING when it is wrong (which is noted)."""
        if schema.get("x-free") and isinstance(node, Mapping):
            return self.free(node)
        types = types_of(schema)
        if isinstance(node, Mapping) and "object" in types:
            return self.object(node, schema, path)
        if isinstance(node, Sequence) and "array" in types:
            return self.array(node, schema, path)
        if isinstance(node, Scalar):
            return self.scalar(node, schema, path)
        self.wrong_type(node, schema, path)
        return NOTHING

    def object(self, node: Mapping, schema: Schema, path: str) -> dict[str, Any]:
        """Read a map; what is wrong in it is left out."""
        values: dict[str, Any] = {}
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        for key, inner in node.entries.items():
            inside = f"{path}.{key}" if path else key
            self.findings.places[inside] = node.where(key)
            if key in properties:
                value = self.read(inner, properties[key], inside)
            elif isinstance(others, dict):
                self.key(key, schema.get("propertyNames", {}), inside)
                value = self.read(inner, others, inside)
            elif others:
                value = self.free(inner)
            else:
                self.unknown_key(key, properties, path)
                continue
            if value is not NOTHING:
                values[key] = value
        for key in schema.get("required", ()):
            self.missing(node, key, path, values)
        if len(node.entries) < schema.get("minProperties", 0):
            self.findings.add(path, "is empty.", "Write what belongs here.")
        if len(node.entries) > schema.get("maxProperties", len(node.entries)):
            self.findings.add(path, f"holds {len(node.entries)} entries.", f"At most {schema['maxProperties']} fit.")
        return values

    def key(self, key: str, schema: Schema, path: str) -> None:
        """Check a name of a section or a variable."""
        problem = _text_problem(key, schema)
        if problem:
            self.findings.add(path, *problem)

    def unknown_key(self, key: str, properties: Schema, path: str) -> None:
        """Say that a key is not known, or not built yet."""
        inside = f"{path}.{key}" if path else key
        if is_later_key(path, key):
            self.findings.add(inside, "not built yet.", "Leave it out for now.")
            return
        hint = self.findings.suggest(key, properties)
        self.findings.add(path, f"unknown key {show(key)}.", hint, self.findings.places[inside])

    def missing(self, node: Mapping, key: str, path: str, values: dict[str, Any]) -> None:
        """Say that a key which must be there is not, or hangs on a variable that is not set."""
        if key not in node.entries:
            message, hint = f'"{key}" is missing.', f"Add {key}: …"
            if self.findings.place_of(path).file == SETTING_FILE:
                message, hint = f'the file has none, and "{key}" is missing.', "Set a key of one that it has."
            self.findings.add(path, message, hint, self.findings.place_of(path))
            return
        inner = node.entries[key]
        if key not in values and isinstance(inner, Scalar) and inner.template:
            for part in inner.template.parts:
                if isinstance(part, Unset) and part.variable:
                    message = f"the environment variable {show(part.variable)} is not set."
                    self.findings.add(f"{path}.{key}" if path else key, message, f"Set it: export {part.variable}=…")

    def array(self, node: Sequence, schema: Schema, path: str) -> list[Any]:
        """Read a list; what is wrong in it is left out."""
        values: list[Any] = []
        count = len(node.items)
        if count < schema.get("minItems", 0):
            self.findings.add(path, "is an empty list.", "Remove the key, or write what belongs here.")
        if count > schema.get("maxItems", count):
            self.findings.add(path, f"holds {count} items.", f"At most {schema['maxItems']} are allowed.")
        for number, item in enumerate(node.items):
            inside = f"{path}.{number}"
            self.findings.places[inside] = item.place
            value = self.read(item, schema.get("items", {}), inside)
            if value is NOTHING:
                continue
            if schema.get("uniqueItems") and value in values:
                self.findings.add(inside, f"{show(value)} stands here twice.", "Remove one.")
                continue
            # Later checks count what is left, and must still find its place.
            self.findings.places[f"{path}.{len(values)}"] = item.place
            if isinstance(item, Scalar):
                self.findings.comes_from(f"{path}.{len(values)}", item)
            values.append(value)
        return values

    def scalar(self, node: Scalar, schema: Schema, path: str) -> Any:
        """Read one value by the schema's types."""
        types = types_of(schema)
        if node.source:
            self.findings.comes_from(path, node)
            node = node if "string" in types else node.of_any_type()
        if node.template:
            return self.open_text(node, schema, path)
        if node.is_null and "null" in types:
            return {}
        if node.is_null:
            self.findings.add(path, "nothing is written here.", self.instead(schema))
            return NOTHING
        if schema.get("x-text"):
            return self.text(node.text, schema, path)
        return self.typed(node, schema, path)

    def typed(self, node: Scalar, schema: Schema, path: str) -> Any:
        """Read one value as the first of number, boolean and text that it is and the schema allows."""
        types = types_of(schema)
        number = node.as_number() if "number" in types else node.as_int() if "integer" in types else None
        if number is not None:
            return self.number(number, schema, path)
        if node.as_bool() is not None and "boolean" in types:
            return node.as_bool()
        if "string" in types:
            return self.text(node.text, schema, path)
        self.wrong_type(node, schema, path)
        return NOTHING

    def open_text(self, node: Scalar, schema: Schema, path: str) -> Any:
        """Take a text with parts that are not known yet, where the schema lets it stand."""
        if schema.get("x-template"):
            return node.template
        parts = node.template.parts if node.template else ()
        if not any(isinstance(part, Unset) for part in parts):
            part = next(part for part in parts if not isinstance(part, str))
            when = "once a run has begun" if isinstance(part, OfRun) else "once AWS is asked"
            self.findings.add(path, f"{part} is known only {when}.", "Write a plain value here.")
        return NOTHING

    def text(self, text: str, schema: Schema, path: str) -> Any:
        """Check text, and turn durations and memory into numbers."""
        if "enum" in schema and text not in schema["enum"]:
            self.findings.add(path, f"{show(text)} is not known.", self.findings.suggest(text, schema["enum"]))
            return NOTHING
        problem = _text_problem(text, schema)
        if problem:
            self.findings.add(path, *problem)
            return NOTHING
        if schema.get("x-unit") == "duration":
            return self.duration(text, schema, path)
        if schema.get("x-unit") == "memory":
            try:
                return self.number(parse_memory(text), schema, path)
            except ValueError as error:
                self.findings.add(path, f"{error}.")
                return NOTHING
        return text

    def duration(self, text: str, schema: Schema, path: str) -> Any:
        """Turn a duration into seconds within the schema's bounds."""
        seconds = parse_duration(text)
        low, high = (schema.get(bound) for bound in ("x-minimum", "x-maximum"))
        step = parse_duration(schema.get("x-step", "1s"))
        if low and seconds < parse_duration(low):
            self.findings.add(path, f"{text} is too short.", f"Write at least {low}.")
        elif high and seconds > parse_duration(high):
            self.findings.add(path, f"{text} is too long.", f"Write at most {high}.")
        elif seconds % step:
            unit = {60: "minutes", 86400: "days"}[step]
            nearest = format_duration(max(step, round(seconds / step) * step))
            self.findings.add(path, f"{text} is not a whole number of {unit}.", f"Write {nearest}, for example.")
        else:
            return seconds
        return NOTHING

    def number(self, number: float, schema: Schema, path: str) -> Any:
        """Check a number's bounds."""
        low, high = schema.get("minimum"), schema.get("maximum")
        if "enum" in schema and number not in schema["enum"]:
            self.findings.add(path, f"{number} is not allowed.", f"Write {one_of(schema['enum'])}.")
        elif low is not None and number < low:
            self.findings.add(path, f"{number} is too small.", f"Write a number from {low}{_to(high)}.")
        elif high is not None and number > high:
            self.findings.add(path, f"{number} is too large.", f"Write a number{_from(low)} to {high}.")
        else:
            return number
        return NOTHING

    def wrong_type(self, node: Node, schema: Schema, path: str) -> None:
        """Say what stands here, and what should."""
        types = types_of(schema)
        wanted = one_of(_WORDS[name] for name in _WORDS if name in types)
        is_number = isinstance(node, Scalar) and node.as_number() is not None
        found = node.text if isinstance(node, Scalar) and is_number else kind_of(node)
        self.findings.add(path, f"must be {wanted}, not {found}.", self.instead(schema, node))

    def instead(self, schema: Schema, node: Node | None = None) -> str:
        """Say what to write for a value of the wrong type, or (without a node) for none."""
        types = types_of(schema)
        wanted = one_of(_WORDS[name] for name in _WORDS if name in types)
        keys = [*schema.get("required", ()), *schema.get("properties", ())]
        keys += ["name"] if isinstance(schema.get("additionalProperties"), dict) else []
        if "object" in types and "string" not in types and keys:
            wanted = f"{{{keys[0]}: …}}"
        if node is None:
            return f"Remove the key, or write {wanted}." if wanted.startswith("{") else _GIVE_VALUE
        return (isinstance(node, Scalar) and _instead_of(node, types)) or f"Write {wanted}."

    def free(self, node: Node) -> Any:
        """Read any value, by YAML's own types; open texts stay open."""
        if isinstance(node, Mapping):
            return {key: self.free(value) for key, value in node.entries.items()}
        if isinstance(node, Sequence):
            return [self.free(item) for item in node.items]
        if node.template or node.is_null:
            return node.template
        for value in (node.as_bool(), node.as_number()):
            if value is not None:
                return value
        return node.text


def _instead_of(node: Scalar, types: frozenset[str]) -> str:
    """Say how what is written becomes what is meant; "" when nobody can know."""
    if "boolean" in types and node.text.lower() in _OTHER_BOOLEANS:
        return "Write true or false: YAML 1.2 knows no others."
    if "array" in types:
        words = node.text.split()
        return f"Write [{', '.join(words)}]." if node.text.isprintable() and len(words) <= _FEW else "Write [a, b]."
    if node.source and not node.is_one_reference:
        return "Write one reference and nothing beside it."
    if node.quoted and types & {"integer", "number"}:
        unquoted = Scalar(node.text, quoted=False, place=node.place)
        return "Write a number." if unquoted.as_number() is None else "Write the number without quotes."
    return ""


def _text_problem(text: str, schema: Schema) -> tuple[str, str] | None:
    """Say what is wrong with a text and what to write instead, by length and pattern."""
    if len(text) > schema.get("maxLength", len(text)):
        return f"{show(text)} is {len(text)} characters long.", f"At most {schema['maxLength']} are allowed."
    if len(text) < schema.get("minLength", 0):
        return f"{show(text)} is too short.", f"Write at least {schema['minLength']} characters."
    # Python's $ also matches before a last line break; the schema's patterns mean the whole text.
    if "pattern" in schema and (text.endswith("\n") or not re.search(schema["pattern"], text)):
        what, _, instead = schema["patternErrorMessage"].partition(". ")
        return f"{show(text)} {what}.", f"{instead}."
    return None


def _to(high: float | None) -> str:
    return "" if high is None else f" to {high}"


def _from(low: float | None) -> str:
    return "" if low is None else f" from {low}"
