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
    """Variables of a file (K=V or `export K=V` a line, taken literally; # begins a comment), then those given.

    Raises:
        UsageError: The file cannot be read, or something is no K=V.
    """
    given = _file_pairs(file) if file is not None else {}
    return given | dict(_pair(pair, f'"{pair.partition("=")[0].strip()}"') for pair in pairs)


def _file_pairs(file: str) -> dict[str, str]:
    """The variables of a file; of a line that is none only its number is told, for it may be part of a secret."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise UsageError(f"--env-file {file} cannot be read: {reason}.") from None
    told = ((number, line.lstrip()) for number, line in enumerate(lines, 1))
    return dict(
        _pair(line.removeprefix("export "), f"{file}:{number}")
        for number, line in told
        if line and not line.startswith("#")
    )


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


def _pair(text: str, where: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or len(name.split()) != 1:
        raise UsageError(f"{where}: a variable is given as K=V, its name without spaces.")
    return name.strip(), value
