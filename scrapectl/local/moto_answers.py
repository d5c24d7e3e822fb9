"""moto's answers, written as moto writes them in a quarter of the time: an attribute's names, and XML.

For each member of each answer moto asks six classes under which names a backend may hold it; and it writes XML through
a handler of events. Names are remembered for a class and a place in the model, and XML is joined from its pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import moto.core.serialize

_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
serialize: Any = moto.core.serialize
slowly_picked = serialize.ResponseSerializer.get_value
slowly_written = serialize.xmltodict.unparse


def _picked(serializer: Any, value: Any, key: str, shape: Any) -> Any:
    """A member of what a backend answered, under the first of its names that is there."""
    picker = serializer._value_picker  # noqa: SLF001 - moto's
    if type(picker) is serialize.DefaultAttributePicker:
        return serialize.get_value(value, key, None)
    if type(picker) is not serialize.XFormedAttributePicker:
        return slowly_picked(serializer, value, key, shape)
    held = (serialize.get_value(value, name, serialize.MISSING) for name in _names(picker, value, key, shape))
    found = next((each for each in held if each is not serialize.MISSING), None)
    if picker.response_transformers:
        path = ".".join([*serializer.path, key])
        ends = (change for end, change in picker.response_transformers.items() if path.endswith(end))
        return next(ends, lambda same: same)(found)
    return found


def _names(picker: Any, value: Any, key: str, shape: Any) -> tuple[str, ...]:
    """The names under which a class may hold a member; kept with the member's shape, which lives as long as moto."""
    known: dict[Any, tuple[str, ...]] = vars(shape).setdefault("_names_by_class", {})
    found = known.get((type(value), key))
    if found is None:
        context = serialize.AttributePickerContext(value, key, shape)
        found = known[type(value), key] = tuple(dict.fromkeys(picker.get_possible_keys(context)))
    return found


def written(document: Mapping[str, Any], *, full_document: bool = True, pretty: bool = False, **given: Any) -> Any:
    """XML of a document in xmltodict's words, short where an element is empty."""
    if pretty or given != {"short_empty_elements": True} or len(document) != 1:
        return slowly_written(document, full_document=full_document, pretty=pretty, **given)
    pieces = [_HEAD] if full_document else []
    for name, value in document.items():
        _write(name, value, pieces.append)
    return "".join(pieces)


def _write(name: str, value: Any, put: Callable[[str], None]) -> None:
    for each in value if isinstance(value, list | tuple) else (value,):
        if isinstance(each, Mapping):
            _write_element(name, each, put)
        else:
            text = escape(_text(each))
            put(f"<{name}>{text}</{name}>" if text else f"<{name}/>")


def _write_element(name: str, element: Mapping[str, Any], put: Callable[[str], None]) -> None:
    attributes = "".join(f" {key[1:]}={quoteattr(_text(value))}" for key, value in element.items() if key[:1] == "@")
    text = escape(_text(element.get("#text")))
    children = [(key, value) for key, value in element.items() if key[:1] != "@" and key != "#text" and value != []]
    if not (text or children):
        put(f"<{name}{attributes}/>")
        return
    put(f"<{name}{attributes}>")
    for key, value in children:
        _write(key, value, put)
    put(f"{text}</{name}>")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


serialize.ResponseSerializer.get_value = _picked
serialize.xmltodict = SimpleNamespace(unparse=written)
