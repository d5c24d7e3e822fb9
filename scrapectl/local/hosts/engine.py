"""`docker login` and `docker run` of an instance → the image's build folder from ECR, run as a process.

It pulls by the instance's own keys, so that its role has to allow it; an image of ECR that is no build folder of ours
cannot be run here, and one from elsewhere takes a container engine.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scrapectl.local.engine.choice import EngineProblem
from scrapectl.local.hosts.elsewhere import Wanted, become_container
from scrapectl.local.jobs.execution_role import NotStarted
from scrapectl.local.jobs.image import LAYER_TYPE, ImageProblem, make_container, prepare

_WITH_A_VALUE = frozenset({"--network", "--env", "--volume"})
_FAILED = 125  # what docker ends with when it is docker that fails


def main(words: list[str], scratch: str, cache: str, client: Mapping[str, str]) -> int:
    """Carry out one command line; a run becomes the program that it starts.

    Args:
        words: What stands behind `docker`.
        scratch: The instance's own folder.
        cache: Where images are kept that were made ready.
        client: The variables by which the client of a container engine finds it.
    """
    verb, rest = words[0], words[1:]
    if verb == "login":
        sys.stdin.read()
        return 0
    if verb != "run":
        sys.stderr.write(f"scrapectl: {verb} is not run here\n")
        return _FAILED
    variables, volumes, image, command = _parsed(rest)
    environment = {name: os.environ[name] for name in variables if name in os.environ}
    try:
        if not _is_of_ecr(image):
            become_container(Wanted(image, command, environment, volumes), client, Path(scratch))
        _become(image, command, environment, (volumes, Path(cache)))
    except (ImageProblem, EngineProblem, NotStarted, OSError, KeyError, ValueError) as problem:
        sys.stderr.write(f"scrapectl: {problem}\n")
    return _FAILED


def _is_of_ecr(image: str) -> bool:
    return ".dkr.ecr." in image.partition("/")[0]


def _parsed(words: list[str]) -> tuple[list[str], list[str], str, list[str]]:
    """Variables by name, folders, image and command of `docker run`."""
    given: dict[str, list[str]] = {option: [] for option in _WITH_A_VALUE}
    left = list(words)
    while left and left[0].startswith("--"):
        option = left.pop(0)
        if option in _WITH_A_VALUE:
            given[option].append(left.pop(0))
    return given["--env"], given["--volume"], left[0], left[1:]


def _become(image: str, command: list[str], environment: dict[str, str], places: tuple[list[str], Path]) -> None:
    volumes, cache = places
    digest, layer = _pulled(image)
    prepared = prepare(digest, lambda: urllib.request.urlopen(layer, timeout=60).read(), cache)  # noqa: S310 - ECR's
    scratch = Path(tempfile.mkdtemp(prefix="container-"))
    made = make_container(prepared, scratch, command, environment)
    for volume in volumes:  # its own paths are below its root, and the instance's folders are where they are
        folder, _, path = volume.partition(":")
        inside = scratch / "root" / path.strip("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        if not inside.exists():
            inside.symlink_to(folder)
    os.chdir(made.folder)
    os.execve(_found(made.argv[0], made.environment["PATH"]), list(made.argv), made.environment)  # noqa: S606


def _found(program: str, path: str) -> str:
    candidates = [program] if "/" in program else [f"{folder}/{program}" for folder in path.split(":")]
    return next((one for one in candidates if os.access(one, os.X_OK)), program)


def _pulled(image: str) -> tuple[str, str]:
    """The digest of an image, and where its one layer can be read."""
    import boto3  # noqa: PLC0415 - after the quick ends

    host, _, path = image.partition("/")
    name, at, digest = path.partition("@")
    name, _, tag = name.partition(":")
    wanted = {"imageDigest": digest} if at else {"imageTag": tag or "latest"}
    ecr: Any = boto3.client("ecr", region_name=host.split(".")[3])
    found = ecr.batch_get_image(repositoryName=name, imageIds=[wanted])["images"]
    if not found:
        raise ImageProblem(f"{image}: not found")
    layers = json.loads(found[0]["imageManifest"])["layers"]
    if [layer["mediaType"] for layer in layers] != [LAYER_TYPE]:
        raise ImageProblem(f"{image} is not a build folder pushed by scrapectl")
    link = ecr.get_download_url_for_layer(repositoryName=name, layerDigest=layers[0]["digest"])
    return str(found[0]["imageId"]["imageDigest"]), str(link["downloadUrl"])
