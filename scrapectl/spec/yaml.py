"""Turns YAML 1.2 text into nodes that keep their text and place, and refuses what is hostile or ambiguous."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from scrapectl.errors import Place, Problem, SpecError, UsageError
from scrapectl.spec.nodes import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
# Counted with every alias written out: what a spec of a thousand jobs stays under, and an alias bomb does not.
MAX_NODES = 60_000

_TEXT_TAGS = {"!", "tag:yaml.org,2002:str"}
_PLAIN_TAGS = {None, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", *_TEXT_TAGS}
_FIRST_PRINTABLE = 0x20
_C1_CONTROLS = range(0x7F, 0xA0)
# What libyaml says, and how it comes about most often.
_MEND = {
    "mapping values are not allowed": 'Mend the indentation, or put a value that holds ": " in quotes.',
    "could not find expected ':'": 'Write name: value; put text that begins with "{", "[", "*" or "&" in quotes.',
    "expected ',' or": "Close what was opened, or put a comma between two entries.",
    "unexpected end of stream": "Close the quotes.",
    "expected <document start>": "Remove what stands before, or mend the indentation.",
    "did not find expected key": "Mend the indentation, or close the quotes above.",
    "did not find expected '-' indicator": "Begin each item of a list with -, in one column.",
}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_text(path: Path, name: str) -> str:
    """Read a spec file; its size is looked at before its content.

    Raises:
        UsageError: When it cannot be read.
        SpecError: When it is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.", "Name the spec's file with -f FILE.") from None
    if len(data) > MAX_BYTES:
        _refuse("is larger than 1 MiB.", Place(name, 1, 1), "A spec is a short text; keep data out of it.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        _refuse("is not UTF-8 text.", Place(name, line, column), "Save the file as UTF-8.")


def parse(text: str, file: str) -> Mapping:  # noqa: RET503 - _refuse never returns
    """Parse one document whose top is a map.

    Raises:
        SpecError: With one problem and its place.
    """
    node = parse_value(text, file)
    if isinstance(node, Mapping):
        return node
    if isinstance(node, Scalar) and node.is_null:
        _refuse("the spec is empty.", node.place, 'Start with "pipeline: my-name".')
    what = "a list" if isinstance(node, Sequence) else "a single value"
    _refuse(f"the spec is {what}.", node.place, 'Write a map of keys, starting with "pipeline: my-name".')


def parse_value(text: str, file: str) -> Node:
    """Parse one document of any shape; an empty one is null.

    Raises:
        SpecError: With one problem and its place.
    """
    if len(text) > MAX_BYTES:
        _refuse("is larger than 1 MiB.", Place(file, 1, 1), "A spec is a short text; keep data out of it.")
    _refuse_control_characters(text, file)
    try:
        return _Composer(text, file).document()
    except yaml.MarkedYAMLError as error:
        _refuse_syntax(error, text, file)
    except yaml.YAMLError as error:
        _refuse(f"is not YAML ({error}).", Place(file, 1, 1))


class _Composer:
    """Pulls parser events into nodes, counting what they would weigh with every alias written out."""

    def __init__(self, text: str, file: str) -> None:
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self.file = file
        self.anchors: dict[str, tuple[Node, int] | None] = {}
        self.weight = 0

    def place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def document(self) -> Node:
        next(self.events)
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            return Scalar("", quoted=False, place=Place(self.file, 1, 1))
        node = self.node(next(self.events), 1)
        next(self.events)
        more = next(self.events)
        if not isinstance(more, yaml.StreamEndEvent):
            _refuse("a second document starts here.", self.place(more), "A spec is one document; remove the ---.")
        return node

    def node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        self.add(1, event)
        if depth > MAX_DEPTH:
            _refuse(f"is nested more than {MAX_DEPTH} deep.", self.place(event))
        if event.tag not in _PLAIN_TAGS:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            _refuse(f"the tag {tag!r} is not allowed.", self.place(event), "Write the plain value without a tag.")
        before = self.weight
        if event.anchor:
            self.anchors[event.anchor] = None
        node = self.content(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = (node, self.weight - before + 1)
        return node

    def content(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            quoted = bool(event.style) or event.tag in _TEXT_TAGS
            return Scalar(event.value, quoted=quoted, place=self.place(event))
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
                items.append(self.node(item, depth + 1))
            return Sequence(tuple(items), self.place(event))
        return self.mapping(event, depth)

    def mapping(self, event: Any, depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(key := next(self.events), yaml.MappingEndEvent):
            place = self.place(key)
            if not isinstance(key, yaml.ScalarEvent):
                _refuse("a key must be plain text.", place, "Write name: value.")
            name = self.node(key, depth + 1).text  # type: ignore[union-attr]
            if name == "<<":
                _refuse('merge keys "<<" are not part of YAML 1.2.', place, "Write the keys out.")
            if name in entries:
                first = keys[name].line
                _refuse(f'the key "{name}" stands here twice.', place, f"The first is in line {first}; remove one.")
            keys[name] = place
            entries[name] = self.node(next(self.events), depth + 1)
        return Mapping(entries, keys, self.place(event))

    def alias(self, event: Any) -> Node:
        if event.anchor not in self.anchors:
            _refuse(f"the alias *{event.anchor} has no anchor above it.", self.place(event))
        found = self.anchors[event.anchor]
        if found is None:
            _refuse(f"the alias *{event.anchor} stands inside itself.", self.place(event))
        node, weight = found
        self.add(weight, event)
        return node

    def add(self, weight: int, event: Any) -> None:
        self.weight += weight
        if self.weight > MAX_NODES:
            _refuse(f"holds more than {MAX_NODES} values.", self.place(event), "Keep data out of the spec.")


def _refuse(message: str, place: Place, hint: str = "") -> NoReturn:
    raise SpecError.of([Problem(message, place, "", hint)])


def _refuse_syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        _refuse(f"is not YAML ({error.problem}).", Place(file, 1, 1))
    place = Place(file, mark.line + 1, mark.column + 1)
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    if "\t" in line[: mark.column + 1]:
        tab = line.index("\t") + 1
        _refuse("a tab is used for indentation.", Place(file, place.line, tab), "Use spaces.")
    if line[mark.column : mark.column + 1] in ("@", "`", "%"):
        _refuse(f"a plain value cannot start with {line[mark.column]}.", place, "Put it in quotes.")
    problem = str(error.problem or error.context)
    hint = next((hint for words, hint in _MEND.items() if words in problem), "")
    _refuse(f"is not YAML: {problem}.", place, hint)


def _refuse_control_characters(text: str, file: str) -> None:
    """Find what YAML forbids; the C parser does not say where it is, and a terminal should never see it."""
    if text.isprintable():
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.isprintable():
            continue
        for column, character in enumerate(line, 1):
            if (ord(character) < _FIRST_PRINTABLE and character not in "\t\r") or ord(character) in _C1_CONTROLS:
                _refuse(f"holds the control character {character!r}.", Place(file, number, column), "Remove it.")
