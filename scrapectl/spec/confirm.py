"""Asks jsonschema about a spec in which nothing wrong was found: the published schema, as editors read it, decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec.findings import shortened
from scrapectl.spec.nodes import Mapping, Node, Scalar, Sequence
from scrapectl.spec.schema import load_published, load_schema, types_of

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.schema import Schema


_SHOWN = 160


def confirm(tree: Node, findings: Findings) -> None:
    """Note what the published schema refuses in a spec whose stage, settings and references are filled in."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only `validate` pays for the library

    for error in Draft202012Validator(load_published()).iter_errors(as_data(tree, load_schema())):
        inner = _innermost(error)
        path = ".".join(str(step) for step in inner.absolute_path)
        message = f"the published schema refuses what scrapectl takes: {shortened(inner.message, _SHOWN)}."
        findings.add(path, message, "Editors will underline it. Please report this as a defect of scrapectl.")


def as_data(node: Node, schema: Schema) -> Any:
    """Give a tree as plain data: each value of the type that its key takes, so that `ZIP: 02134` is text."""
    if isinstance(node, Mapping):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        rest = others if isinstance(others, dict) else {}
        return {key: as_data(inner, properties.get(key, rest)) for key, inner in node.entries.items()}
    if isinstance(node, Sequence):
        return [as_data(item, schema.get("items", {})) for item in node.items]
    return _value(node, schema)


def _value(node: Scalar, schema: Schema) -> Any:
    types = types_of(schema)
    if node.template:
        return node.text
    if node.is_null:
        return None
    node = node if "string" in types else node.of_any_type()
    if schema.get("x-text") or types == {"string"}:
        return node.text
    for value in (node.as_bool(), node.as_number()):
        if value is not None:
            return value
    return node.text


def _innermost(error: ValidationError) -> ValidationError:
    """Of a value that is neither right nor a reference, say what is wrong with the value."""
    while error.context:
        error = error.context[0]
    return error
