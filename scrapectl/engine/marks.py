"""Marks on a resource's fields, which say how each may change, and the fields that carry them."""

from __future__ import annotations

import dataclasses
import enum
import functools
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_type_hints

if TYPE_CHECKING:
    from scrapectl.engine.resource import Resource

T = TypeVar("T")


class Mark(enum.Enum):
    """How a field may change, or whether it is compared at all."""

    IDENTITY = "identity"
    FIXED = "fixed"
    DEFAULTED = "defaulted"
    SECRET = "secret"  # noqa: S105 - the name of a mark
    LOCAL = "local"


Identity = Annotated[T, Mark.IDENTITY]
"""Names the resource (several fields may, together)."""
Fixed = Annotated[T, Mark.FIXED]
"""AWS cannot change it: a difference replaces the resource."""
Defaulted = Annotated[T | None, Mark.DEFAULTED]
"""No spec key controls it: None accepts what AWS chose."""
Secret = Annotated[T | None, Mark.SECRET]
"""Never shown; None leaves what stands."""
Local = Annotated[T, Mark.LOCAL]
"""Ours alone: AWS has no such property, so it is never compared (a folder to build, revisions to keep)."""


def marks(cls: type[Resource]) -> dict[str, frozenset[Mark]]:
    """Each field of a kind, in declared order, with its marks."""
    kind: Any = cls  # a class is hashable, whatever its instances are
    return _marks(kind)


@functools.cache
def _marks(cls: Any) -> dict[str, frozenset[Mark]]:
    hints = get_type_hints(cls, include_extras=True)
    names = [f.name for f in dataclasses.fields(cls)]
    return {name: frozenset(a for a in get_args(hints[name]) if isinstance(a, Mark)) for name in names}


def fields_with(cls: type[Resource], mark: Mark) -> tuple[str, ...]:
    """The names of the fields that carry a mark."""
    return tuple(name for name, found in marks(cls).items() if mark in found)


def compared_fields(cls: type[Resource]) -> tuple[str, ...]:
    """The fields whose difference counts: all but identities and what is ours alone."""
    return tuple(name for name, found in marks(cls).items() if not found & {Mark.IDENTITY, Mark.LOCAL})
