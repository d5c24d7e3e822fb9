"""Values that compare by meaning, and references to what AWS will answer: the leaves of a resource's fields."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ref:
    """An output of another resource; `value` when names alone determine it (it then orders, and is never unknown)."""

    address: str
    output: str
    value: str | None = None

    def __str__(self) -> str:
        return self.value if self.value is not None else f"({self.address} {self.output}, known after apply)"


@dataclass(frozen=True)
class Text:
    """Text with references inside, as in `${database.results.endpoint}/x`."""

    parts: tuple[str | Ref, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


class Allowing:
    """A value that only says who may: it holds nothing up that it names (policies, permissions)."""


@dataclass(frozen=True, eq=False)
class Policy(Allowing):
    """An IAM policy document; equal when AWS would read the same: lists of one, order of lists and of statements."""

    document: Mapping[str, Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.canonical() == other.canonical()

    def __hash__(self) -> int:
        return hash(self.canonical())

    def canonical(self) -> str:
        """The one spelling of this policy's meaning, as JSON text; it takes no part in what is sent."""
        return json.dumps(_canonical_policy(self.document), sort_keys=True, default=str)

    def to_json(self) -> str:
        """The document as AWS takes it."""
        return json.dumps(self.document, separators=(",", ":"))

    @classmethod
    def from_json(cls, document: str | Mapping[str, Any]) -> Policy:
        """Read a document as AWS gives it: text, or a dict that boto3 decoded already."""
        return cls(json.loads(document) if isinstance(document, str) else document)


def _canonical_policy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _canonical_policy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [_canonical_policy(item) for item in value]
        unique = {json.dumps(item, sort_keys=True, default=str): item for item in items}
        ordered = [unique[text] for text in sorted(unique)]
        return ordered[0] if len(ordered) == 1 else ordered
    return value


def transform(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """Rebuild a value of any depth with each leaf (anything that is no container) replaced by `leaf(it)`."""
    if isinstance(value, Ref | Text):
        return leaf(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: transform(getattr(value, f.name), leaf) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    if isinstance(value, Mapping):
        return {transform(key, leaf): transform(item, leaf) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(transform(item, leaf) for item in value)
    return leaf(value)


def leaves(value: Any, without: tuple[type, ...] = ()) -> Iterator[Any]:
    """Every leaf of a value, keys of mappings included; values of the types `without` are passed over."""
    if isinstance(value, without):
        return
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Text):
        yield from value.parts
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for f in dataclasses.fields(value):
            yield from leaves(getattr(value, f.name), without)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(key, without)
            yield from leaves(item, without)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from leaves(item, without)
    else:
        yield value


def refs(value: Any) -> tuple[Ref, ...]:
    """Every reference in a value, in order, without repeats."""
    return tuple(dict.fromkeys(leaf for leaf in leaves(value) if isinstance(leaf, Ref)))


def unknown(value: Any) -> bool:
    """Whether some part of the value is known only after apply."""
    return any(isinstance(leaf, Ref) and leaf.value is None for leaf in leaves(value))


def resolve(value: Any, lookup: Callable[[Ref], str | None]) -> Any:
    """Put values in place of references; one that `lookup` does not know stays as it is."""

    def found(ref: Ref) -> str | Ref:
        known = lookup(ref)
        if known is None:
            known = ref.value
        return ref if known is None else known

    def leaf(item: Any) -> Any:
        if isinstance(item, Ref):
            return found(item)
        if isinstance(item, Text):
            parts = tuple(found(part) if isinstance(part, Ref) else part for part in item.parts)
            return Text(parts) if any(isinstance(part, Ref) for part in parts) else "".join(map(str, parts))
        return item

    return transform(value, leaf)
