"""Text with `${…}` parts that only AWS, the profile or the environment can fill: what stays open after loading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Attribute:
    """`${bucket.raw.name}`: `section` is the singular, `name` the entry's key, `attribute` what is asked of it."""

    section: str
    name: str
    attribute: str

    def __str__(self) -> str:
        return f"${{{self.section}.{self.name}.{self.attribute}}}"


@dataclass(frozen=True, slots=True)
class Fact:
    """`${account}` or `${region}`, as long as only AWS or the profile can tell it."""

    name: Literal["account", "region"]

    def __str__(self) -> str:
        return f"${{{self.name}}}"


@dataclass(frozen=True, slots=True)
class Unset:
    """`${env.X}` with no X in the environment, for the commands that go on without it (never for plan and apply)."""

    variable: str

    def __str__(self) -> str:
        return f"${{env.{self.variable}}}"


@dataclass(frozen=True, slots=True)
class OfRun:
    """`${run}`, or `${bucket}`, `${key}`, `${version}` of the upload that started it: known in a workflow's steps."""

    name: Literal["run", "bucket", "key", "version"]

    def __str__(self) -> str:
        return f"${{{self.name}}}"


Part: TypeAlias = str | Attribute | Fact | Unset | OfRun


@dataclass(frozen=True, slots=True)
class Template:
    """Text with at least one part that is not known yet; `str()` of it is the text as it was written."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return "".join(part.replace("${", "$${") if isinstance(part, str) else str(part) for part in self.parts)


Text: TypeAlias = str | Template
