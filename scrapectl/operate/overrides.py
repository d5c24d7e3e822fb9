"""What a run is asked to have of its own, as words → `Overrides`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scrapectl.errors import UsageError
from scrapectl.units import parse_memory


@dataclass(frozen=True)
class Overrides:
    """What a run has of its own; None and empty leave what the job says. Memory in MiB."""

    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    array: int | None = None
    share: str | None = None
    vcpus: float | None = None
    memory: int | None = None


def read_environment(pairs: Iterable[str], file: str | None = None) -> dict[str, str]:
    """Variables of a file (one K=V a line; lines that begin with # say nothing), then those given one by one.

    Raises:
        UsageError: The file cannot be read, or something is no K=V.
    """
    lines = []
    if file is not None:
        try:
            lines = Path(file).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise UsageError(f"{file} cannot be read: {error}.") from None
    told = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return dict(map(_pair, [*told, *pairs]))


def read_memory(text: str | None) -> int | None:
    """MiB of `4096` or `4 GB`."""
    try:
        return parse_memory(text) if text else None
    except ValueError as error:
        raise UsageError(f"--memory: {error}.") from None


def read_command(text: str | None, words: tuple[str, ...]) -> tuple[str, ...]:
    """The command's words, from one text as a shell would split it, or given one by one."""
    if text and words:
        raise UsageError("--command and words after -- are both given.", "Give one of them.")
    try:
        return words or tuple(shlex.split(text or ""))
    except ValueError as error:
        raise UsageError(f"--command: {error}.") from None


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f'"{name.strip()}": a variable is given as K=V.')
    return name.strip(), value
