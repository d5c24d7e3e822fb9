"""Turns documents and lines into what stands on standard output, and messages into what stands on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from scrapectl.views.plain import CONTROLS, clean


def print_document(document: Mapping[str, Any]) -> None:
    """Print the one JSON document of a command."""
    _write(sys.stdout, _json(document, indent=2))


def print_event(event: Mapping[str, Any]) -> None:
    """Print one event of a stream, as one line of JSON."""
    _write(sys.stdout, _json(event))


def print_line(text: object) -> None:
    """Print a line of the answer."""
    _write(sys.stdout, clean(text))


def print_text(text: str) -> None:
    """Print an answer of several lines, which ends its last one itself."""
    _write(sys.stdout, clean(text).rstrip("\n"))


def tell(text: object) -> None:
    """Print a message beside the answer, on standard error."""
    _write(sys.stderr, clean(text))


def _json(value: Mapping[str, Any], indent: int | None = None) -> str:
    """JSON whose text is readable, but for what a terminal would obey: that is spelled as its number."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    return CONTROLS.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _write(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()
