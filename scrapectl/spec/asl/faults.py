"""Gathers what is wrong with a state machine, each with its path in the document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Object: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where (keys and indexes from the top), what, and what to write instead."""

    path: Path
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = ".".join(map(str, self.path))
        return f"{where}: {self.message} {self.hint}".strip(" :")


@dataclass
class Faults:
    """The faults of one document, and what holds for all of it."""

    kind: str = "STANDARD"
    found: list[Fault] = field(default_factory=list)

    def add(self, path: Path, message: str, hint: str = "") -> None:
        """Note a fault."""
        self.found.append(Fault(path, message, hint))


def is_open(value: object) -> bool:
    """True for a leaf that is filled in later (a template, a reference): nothing is known of it yet."""
    return not isinstance(value, str | int | float | bool | dict | list | tuple | None)
