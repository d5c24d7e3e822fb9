"""Gathers what is wrong with a spec, each with its path, so that all of it is told at once and at its place."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from scrapectl.errors import Place, Problem, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapectl.spec.nodes import Scalar

_SHOWN = 60
_SUGGESTED = 200
_LISTED = 12


class Findings:
    """The problems found so far, and the place of every path of the spec."""

    def __init__(self, file: str) -> None:
        self.start = Place(file, 1, 1)
        self.places: dict[str, Place] = {}
        # What was written where a reference gave the value: a message names it, because the value stands elsewhere.
        self.sources: dict[str, str] = {}
        self.secrets: set[str] = set()
        self._problems: dict[Problem, None] = {}
        self._spoiled: set[str] = set()

    def add(self, path: str, message: str, hint: str = "", place: Place | None = None) -> None:
        """Note a problem; without a place it is where the path, or the nearest thing around it, stands."""
        if path in self.secrets:
            message, hint = (
                f"the value of {show(self.sources[path])} is wrong here.",
                "It looks secret and is not shown.",
            )
        elif path in self.sources:
            message = f"{message.removesuffix('.')} (from {show(self.sources[path])})."
        self._problems[Problem(message, place or self.place_of(path), _printable(path), hint)] = None
        parts = path.split(".")
        self._spoiled.update(".".join(parts[: count + 1]) for count in range(len(parts)))

    def comes_from(self, path: str, node: Scalar) -> None:
        """Note which reference gave the value of a path, and whether a message may show it."""
        self.sources.pop(path, None)
        self.secrets.discard(path)
        if node.source:
            self.sources[path] = node.source
        if node.source and node.secret:
            self.secrets.add(path)

    @property
    def problems(self) -> list[Problem]:
        """Give the problems in the order they were found, each once."""
        return list(self._problems)

    def suggest(self, word: str, known: Iterable[str], otherwise: str = "") -> str:
        """Suggest the known word that is closest; not for the thousandth problem, because looking takes its time."""
        return did_you_mean(word, known, otherwise) if len(self._problems) < _SUGGESTED else otherwise

    def place_of(self, path: str) -> Place:
        """Say where a path stands; of a path nobody wrote, where the nearest thing around it stands."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, self.start)

    def is_sound(self, path: str) -> bool:
        """True when nothing at or under the path is wrong: what depends on several keys is asked only then."""
        return path not in self._spoiled

    def refuse_if_any(self) -> None:
        """Raise everything found.

        Raises:
            SpecError: When there is at least one problem.
        """
        if self._problems:
            raise SpecError.of(self.problems)


def show(text: object) -> str:
    """Quote text from the spec for a message: cut, and free of control characters."""
    return f'"{shortened(text)}"'


def shortened(text: object, length: int = _SHOWN) -> str:
    """Cut text from the spec for a message, free of control characters."""
    plain = _printable(str(text)[: length + 1])
    return f"{plain[:length]}…" if len(plain) > length else plain


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Suggest the known word that is closest; else list them, or say `otherwise`."""
    words = list(known)
    close = [known for known in words if known.lower() == word.lower()]
    close = close or (get_close_matches(word, words, 1, 0.6) if len(word) <= _SHOWN else [])
    if close:
        return f'Did you mean "{close[0]}"?'
    if otherwise or not words:
        return otherwise
    return f"Write {one_of(words)}".removesuffix(", …") + ("." if len(words) <= _LISTED else " and so on.")


def one_of(words: Iterable[object]) -> str:
    """Join words for people: `a`, `a or b`, `a, b or c`; at most a dozen."""
    listed = [str(word) for word in words]
    if len(listed) > _LISTED:
        return ", ".join([*listed[:_LISTED], "…"])
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"
