"""`docker run` of an image that is not ECR's, as an instance says it → the same in this machine's container engine."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scrapectl.local.engine.choice import Engine, EngineProblem, choose
from scrapectl.local.engine.container import removal_of, ulimits, variables_for

AFTERWARDS = "afterwards"
"""The file of an instance that says what is run when it has ended: nothing of it may stay."""


@dataclass(frozen=True)
class Wanted:
    """What `docker run` is to run.

    Attributes:
        image: Its name; the engine pulls it.
        command: Replaces the image's own unless empty.
        environment: The container's variables.
        volumes: `folder:path`, as the instance sees its folders.
    """

    image: str
    command: Sequence[str]
    environment: Mapping[str, str]
    volumes: Sequence[str]


def become_container(wanted: Wanted, client: Mapping[str, str], scratch: Path) -> None:
    """Become the engine's client, which pulls and runs an image.

    Args:
        wanted: What to run.
        client: The server's variables by which the client finds its engine.
        scratch: The instance's own folder.

    Raises:
        EngineProblem: No engine answers.
    """
    os.environ.update(client)  # with the server's PATH: in the instance's own, `docker` is what calls this
    engine = choose(client)
    if engine is None:
        message = "an image that is not in ECR takes a container engine, and the embedded cloud has none"
        raise EngineProblem(f"{wanted.image}: {message} (see: scrapectl local status)")
    name = f"scrapectl-{scratch.name}-{os.getpid()}"
    _remove_afterwards(engine, name, client, scratch / AFTERWARDS)
    variables, given = variables_for(engine, wanted.environment, scratch / f"environment-{os.getpid()}")
    options = [
        *("--rm", "--name", name, "--label", "scrapectl=local", "--network", "host", "--log-driver", "none"),
        *(*ulimits(), *variables),
        *(word for volume in wanted.volumes for word in ("--volume", _on_this_machine(volume, scratch))),
    ]
    argv = engine.command("run", *options, wanted.image, *wanted.command)
    os.execve(engine.program, argv, {**given, **client})  # noqa: S606 - the engine's client


def _remove_afterwards(engine: Engine, name: str, client: Mapping[str, str], file: Path) -> None:
    """A client that is killed leaves its container behind."""
    file.touch(mode=0o600)
    found = [f"export {key}={shlex.quote(value)}" for key, value in client.items()]
    with file.open("a") as script:
        script.write("\n".join([*found, shlex.join(removal_of(engine, name)), ""]))


def _on_this_machine(volume: str, scratch: Path) -> str:
    """Say a folder as Docker's daemon finds it, which does not see what is mounted for the instance alone."""
    folder, _, path = volume.partition(":")
    for around in (Path(folder), *Path(folder).parents[:-1]):
        own = own_folder(scratch, str(around))
        if own.is_dir():
            return f"{own / Path(folder).relative_to(around)}:{path}"
    return volume


def own_folder(scratch: Path, path: str) -> Path:
    """Where an instance keeps what it finds at a path that it has to itself."""
    return scratch / "own" / path.strip("/").replace("/", "_")
