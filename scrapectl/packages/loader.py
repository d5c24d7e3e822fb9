"""A loader that is run as a function → the files of its zip: the shipped package, what it is to load, its libraries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from scrapectl.errors import Problem, SpecError
from scrapectl.packages.archive import Member, stored
from scrapectl.packages.folder import files_of
from scrapectl.packages.requirements import read_requirements
from scrapectl.packages.wheels import PipRefused, unpacked, wheels_for
from scrapectl.shipped import shipped
from scrapectl.spec.load_document import FILE, load_document
from scrapectl.spec.model import Function, Loader, Spec

_PACKAGE = "loader"


def loader_members(spec: Spec, loader: Loader) -> dict[str, Member]:
    """Give every file of the zip by its name; a warehouse is asked by boto3, which Lambda has.

    Raises:
        SpecError: pip cannot bring the database's client.
        EnvironmentProblem: pip is missing, or cannot reach what it must fetch.
    """
    package = {member.name: member for member in package_members()}
    document = json.dumps(load_document(spec, loader), sort_keys=True, indent=1).encode()
    return {**_libraries(loader), **package, FILE: stored(FILE, document)}


def package_members() -> Iterator[Member]:
    """Yield the files of the loader's package as they are shipped."""
    for member in files_of(shipped(f"loader/{_PACKAGE}")):
        yield replace(member, name=f"{_PACKAGE}/{member.name}")


def _libraries(loader: Loader) -> dict[str, Member]:
    """The client of the loader's database, pinned as it is shipped."""
    folder = shipped(f"loader/function/{loader.into.engine}")
    runner = loader.runner
    if not folder.is_dir() or not isinstance(runner, Function):
        return {}
    try:
        wheels = wheels_for(folder, read_requirements(folder), runner.runtime, runner.platform)
    except PipRefused as error:
        raise SpecError.of([Problem(f"pip: {error}", loader.where, loader.origin, "Write run_on: job.")]) from error
    return {member.name: member for wheel in reversed(wheels) for member in unpacked(wheel)}
