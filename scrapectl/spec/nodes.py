"""The tree that YAML text becomes: scalars that keep their text, sequences and mappings, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from scrapectl.errors import Place
    from scrapectl.spec.model import Template

# What places name as the file of a value that stands on the command line.
SETTING_FILE = "--set"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_ONE_REFERENCE = re.compile(r"\$\{[^{}]+\}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,18}|[0-9]{1,18}(?:\.[0-9]{0,18})?)(?:[eE][-+]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `quoted` text is text; else YAML 1.2's core schema says what it is, when somebody asks.

    `template` holds what substitution left open; `text` then shows it as it was written. `source` is what was written
    when a reference gave the text, and `secret` that a variable took part whose name looks like a secret's.
    """

    text: str
    quoted: bool
    place: Place
    template: Template | None = None
    source: str = ""
    secret: bool = False

    @property
    def is_null(self) -> bool:
        """True for nothing, `~` and `null`."""
        return not self.quoted and self.text in _NULLS

    @property
    def is_one_reference(self) -> bool:
        """True for what was written as one `${…}` and nothing beside it."""
        return bool(_ONE_REFERENCE.fullmatch(self.source))

    def as_bool(self) -> bool | None:
        """Give the boolean this is, or None when it is none."""
        return None if self.quoted else _BOOLS.get(self.text)

    def as_int(self) -> int | None:
        """Give the integer this is, or None when it is none."""
        if self.quoted or not _INT.fullmatch(self.text):
            return None
        return int(self.text, 0) if self.text[:2] in ("0o", "0x") else int(self.text)

    def as_number(self) -> int | float | None:
        """Give the number this is, or None when it is none; infinities and NaN are text here."""
        whole = self.as_int()
        if whole is not None or self.quoted or not _FLOAT.fullmatch(self.text):
            return whole
        return float(self.text)

    def of_any_type(self) -> Scalar:
        """Give the value of one reference as it takes its key's type: "4" is a number where a number belongs."""
        return replace(self, quoted=False) if self.is_one_reference and self.text not in _NULLS else self

    def at(self, place: Place) -> Scalar:
        """Give the same value, standing elsewhere."""
        return replace(self, place=place)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """A map, in the order of the file; `keys` says where each key stands."""

    entries: dict[str, Node]
    keys: dict[str, Place]
    place: Place

    def where(self, key: str) -> Place:
        """Say where a key stands."""
        return self.keys.get(key, self.place)


Node: TypeAlias = Scalar | Sequence | Mapping


def kind_of(node: Node) -> str:
    """Say what a node is, in words for people."""
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node, Mapping):
        return "a map"
    if node.is_null:
        return "nothing"
    if node.as_bool() is not None:
        return "true or false"
    return "text" if node.as_number() is None else "a number"
