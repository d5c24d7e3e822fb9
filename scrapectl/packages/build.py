"""A spec → the zips of its functions and layers, each a folder with its libraries, or what is wrong with them."""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scrapectl.errors import Place, Problem, SpecError
from scrapectl.packages.archive import Member, members_of, stored, write_zip
from scrapectl.packages.folder import UnfitFolder, files_of
from scrapectl.packages.loader import loader_members
from scrapectl.packages.requirements import Requirements, read_requirements
from scrapectl.packages.wheels import PipRefused, name_and_version, unpacked, wheels_for
from scrapectl.shipped import shipped
from scrapectl.spec.model import Function, Spec

MOST_ZIPPED = 52_428_800
MOST_UNZIPPED = 262_144_000
"""Bytes of one zip, and of all that a function and its layers unpack to (AWS-FACTS §9)."""

WRAPPER = "scrapectl_wrapper.py"
_REQUIREMENTS = "requirements.txt"
_MIB = 1024 * 1024
LayerKey = tuple[str, str, str]
"""A layer as it is written, the runtime and the platform that it is for."""


@dataclass
class Packages:
    """Zips of functions by key, and of layers."""

    functions: dict[str, bytes] = field(default_factory=dict)
    layers: dict[LayerKey, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class _Written:
    """One folder or .zip of the spec: where it is, where it is written, and what it is for."""

    path: Path
    text: str
    place: Place
    origin: str
    function: Function

    @property
    def for_python(self) -> bool:
        return self.function.runtime.startswith("python")


def build_packages(spec: Spec) -> Packages:
    """Build the zips of every function that has code.

    Raises:
        SpecError: Code that cannot be packed, libraries that are not pinned or not there, zips that are too large.
        EnvironmentProblem: pip is missing, or cannot reach what it must fetch.
    """
    made, problems = Packages(), list[Problem]()
    for function in spec.functions.values():
        if function.code is not None:
            try:
                _build(spec, function, function.code, made)
            except SpecError as error:
                problems += error.problems
    if problems:
        raise SpecError.of(list(dict.fromkeys(problems)))
    return made


def layer_key(function: Function, layer: str) -> LayerKey:
    """Name a layer of a function: another runtime or platform wants other libraries."""
    return layer, function.runtime, function.platform


def _build(spec: Spec, function: Function, code: str, made: Packages) -> None:
    written = _Written(spec.folder / code, code, function.place_of("code"), f"{function.origin}.code", function)
    loader = spec.loaders.get(function.key)
    members = loader_members(spec, loader) if loader else _members(written)
    if written.for_python:
        members[WRAPPER] = _wrapper()
    made.functions[function.key] = _zip(written, members.values())
    unpacked_size = sum(member.size for member in members.values())
    for number, text in enumerate(function.layers):
        if text.startswith("arn:"):
            continue
        path = f"layers.{number}"
        place = _Written(spec.folder / text, text, function.place_of(path), f"{function.origin}.{path}", function)
        of_layer = _as_layer(place, _members(place))
        made.layers[layer_key(function, text)] = _zip(place, of_layer)
        unpacked_size += sum(member.size for member in of_layer)
    if unpacked_size > MOST_UNZIPPED:
        message = f"{code} with its libraries and layers unpacks to {unpacked_size / _MIB:.0f} MiB; Lambda takes 250."
        raise _wrong(written, message, "Write image: instead of code, which may have 10 GB.")


@functools.cache
def _wrapper() -> Member:
    return stored(WRAPPER, shipped(f"wrapper/{WRAPPER}").read_bytes())


def _members(written: _Written) -> dict[str, Member]:
    """Everything of a folder or a .zip by its name; files of the user's own outrank a library's of the same name."""
    try:
        if not written.path.is_dir():
            return {member.name: member for member in members_of(written.path.read_bytes())}
        own = {member.name: member for member in files_of(written.path)}
        if not written.for_python or _REQUIREMENTS not in own:
            return own
        del own[_REQUIREMENTS]
        return {**_libraries(written), **own}
    except (UnfitFolder, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise _wrong(written, f"{written.text} cannot be packed: {error}.", "Change or remove it.") from error
    except OSError as error:
        raise _wrong(written, f"{error.filename or written.text} cannot be read: {error.strerror}.", "") from error


def _libraries(written: _Written) -> Mapping[str, Member]:
    """What the wheels hold; of two that bring one name, the first by name."""
    requirements = read_requirements(written.path)
    function = written.function
    try:
        wheels = wheels_for(written.path, requirements, function.runtime, function.platform)
    except PipRefused as error:
        line = next((line for name, line in requirements.lines.items() if f"{name}==" in str(error).lower()), None)
        place = _line(written, *(line or (_REQUIREMENTS, 1)))
        hint = f"Only wheels for {function.runtime} on {function.platform} are taken."
        raise SpecError.of([Problem(f"pip: {error}", place, written.origin, hint)]) from error
    _check_pinned(written, requirements, dict(name_and_version(wheel) for wheel in wheels))
    return {member.name: member for wheel in reversed(wheels) for member in unpacked(wheel)}


def _check_pinned(written: _Written, requirements: Requirements, brought: Mapping[str, str]) -> None:
    """What came without being pinned would be another version on another day."""
    problems = []
    for name in sorted(brought.keys() - requirements.pinned):
        wanted = f"{name}=={brought[name]}"
        if name in requirements.lines:
            message, hint, line = f"{name} is not pinned.", f"Write {wanted}.", requirements.lines[name]
        else:
            message, hint = f"{name} comes along and is not pinned.", f"Add the line {wanted}."
            line = (_REQUIREMENTS, requirements.last)
        problems.append(Problem(message, _line(written, *line), written.origin, hint))
    if problems:
        raise SpecError.of(problems)


def _as_layer(written: _Written, members: Mapping[str, Member]) -> list[Member]:
    """Put libraries where Python looks for those of layers; a folder that has that shape already stays as it is."""
    has_it = not written.path.is_dir() or any(name.startswith("python/") for name in members)
    if has_it or not written.for_python:
        return list(members.values())
    return [
        Member(f"python/{each.name}", each.data, each.size, each.crc, each.method, each.executable)
        for each in members.values()
    ]


def _zip(written: _Written, members: Iterable[Member]) -> bytes:
    made = write_zip(members)
    if len(made) > MOST_ZIPPED:
        message = f"{written.text} comes to {len(made) / _MIB:.0f} MiB as a zip with its libraries; Lambda takes 50."
        raise _wrong(written, message, "Put large libraries into a layer, or write image: instead of code.")
    return made


def _wrong(written: _Written, message: str, hint: str) -> SpecError:
    return SpecError.of([Problem(message, written.place, written.origin, hint)])


def _line(written: _Written, file: str, number: int) -> Place:
    """A line of a requirements file, named from where the spec's own file is."""
    return Place(str(Path(written.place.file).parent / written.text / file), number, 1)
