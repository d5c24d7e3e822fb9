"""Turn a build folder into an image in its repository: by docker or podman, or as one layer for the embedded cloud."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any, Protocol

from scrapectl.container_engine import INSTALL, answering
from scrapectl.errors import AwsError, EnvironmentProblem
from scrapectl.operate.build_folder import folder_hash, pack_folder

__all__ = ["LAYER_TYPE", "build_image", "find_engine", "folder_hash", "pack_folder", "push_image"]

LAYER_TYPE = "application/vnd.scrapectl.build-folder.v1.tar+gzip"
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"

_ARCHITECTURES = {"X86_64": "amd64", "ARM64": "arm64"}
_ABSENT = ("ImageNotFoundException", "RepositoryNotFoundException")
_PART = 10 * 1024 * 1024
_ENGINE_ANSWERS_WITHIN = 5.0


class Aws(Protocol):
    """What pushing needs of a session."""

    @property
    def local(self) -> bool:
        """Whether it speaks to the embedded cloud."""

    def call(self, service: str, operation: str, /, **params: Any) -> Any:
        """Send one request and return its answer."""


def find_engine() -> str | None:
    """Return `docker` or `podman`, whichever can build now, or None; a client whose daemon is away does not count."""
    found = answering(_ENGINE_ANSWERS_WITHIN)
    return found[0] if found else None


def build_image(
    folder: str | os.PathLike[str], image: str, platform: str = "X86_64", *, anew: bool = False
) -> tuple[str, float]:
    """Build a folder's image under a name, for this machine alone; the engine that did, and seconds.

    Args:
        folder: the build folder, with its Dockerfile.
        image: `name:tag`.
        platform: X86_64 or ARM64.
        anew: ask for the base image again and use no layer that was built before.

    Raises:
        EnvironmentProblem: no Dockerfile, no container engine, or the engine failed.
    """
    _need_dockerfile(folder)
    engine, began = _need_engine(), time.monotonic()
    _engine([engine, "build", "--tag", image, *_options(platform, anew=anew), str(folder)], f"build of {folder}")
    return engine, round(time.monotonic() - began, 1)


def push_image(
    aws: Aws,
    repository_uri: str,
    folder: str | os.PathLike[str],
    tag: str,
    platform: str = "X86_64",
    *,
    anew: bool = False,
) -> str:
    """Build a folder's image, push it, and return its digest (`sha256:…`).

    Args:
        aws: the session; the embedded cloud takes the folder itself as the image's one layer.
        repository_uri: `{account}.dkr.ecr.{region}.amazonaws.com/{name}`.
        folder: the build folder, with its Dockerfile.
        tag: what to tag it with; an image that has the tag is left untagged by ECR.
        platform: X86_64 or ARM64.
        anew: ask for the base image again and use no layer that was built before.

    Raises:
        EnvironmentProblem: no Dockerfile, no container engine, or the engine failed.
        AwsError: ECR refused.
    """
    _need_dockerfile(folder)
    if aws.local:
        return _push_folder(aws, repository_uri.partition("/")[2], folder, tag, platform)
    what = [*_options(platform, anew=anew), str(folder)]
    return _push_with(_need_engine(), aws, f"{repository_uri}:{tag}", what)


def _need_dockerfile(folder: str | os.PathLike[str]) -> None:
    if not (Path(folder) / "Dockerfile").is_file():
        hint = "An image's build: names the folder of its Dockerfile."
        raise EnvironmentProblem(f"{folder} has no Dockerfile.", hint)


def _need_engine() -> str:
    engine = find_engine()
    if engine is None:
        raise EnvironmentProblem("no container engine: neither docker nor podman can build here.", INSTALL)
    return engine


def _options(platform: str, *, anew: bool) -> list[str]:
    """How to build; `--pull=always` would be clearer, and docker takes no value there."""
    return ["--platform", f"linux/{_ARCHITECTURES[platform]}", *(["--pull", "--no-cache"] if anew else [])]


def _push_folder(aws: Aws, repository: str, folder: str | os.PathLike[str], tag: str, platform: str) -> str:
    layer = pack_folder(folder)
    config = {
        "architecture": _ARCHITECTURES[platform],
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [_digest(gzip.decompress(layer))]},
    }
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _upload(aws, repository, json.dumps(config, sort_keys=True).encode(), CONFIG_TYPE),
            "layers": [_upload(aws, repository, layer, LAYER_TYPE)],
        },
        sort_keys=True,
    )
    if (standing := _image(aws, repository, tag)) and standing["imageManifest"] == manifest:
        return str(standing["imageId"]["imageDigest"])
    try:
        aws.call(
            "ecr",
            "put_image",
            repositoryName=repository,
            imageManifest=manifest,
            imageManifestMediaType=MANIFEST_TYPE,
            imageTag=tag,
        )
    except AwsError as error:
        if error.code != "ImageAlreadyExistsException":  # said of this very image: a call was sent again by the SDK
            raise
    return _digest(manifest.encode())


def _upload(aws: Aws, repository: str, blob: bytes, media_type: str) -> dict[str, object]:
    """Upload a blob unless it is there; one whose answer was lost is begun again."""
    digest = _digest(blob)
    described = {"mediaType": media_type, "size": len(blob), "digest": digest}
    for last_try in (False, False, False, True):
        if _is_there(aws, repository, digest):
            break
        try:
            _upload_parts(aws, repository, blob, digest)
        except AwsError as error:
            if error.code == "LayerAlreadyExistsException":
                break
            if last_try or error.code not in {"InvalidLayerPartException", "UploadNotFoundException"}:
                raise
    return described


def _is_there(aws: Aws, repository: str, digest: str) -> bool:
    answer = aws.call("ecr", "batch_check_layer_availability", repositoryName=repository, layerDigests=[digest])
    return any(layer["layerAvailability"] == "AVAILABLE" for layer in answer["layers"])


def _upload_parts(aws: Aws, repository: str, blob: bytes, digest: str) -> None:
    begun = aws.call("ecr", "initiate_layer_upload", repositoryName=repository)
    size = begun.get("partSize") or _PART
    for first in range(0, len(blob), size):
        part = blob[first : first + size]
        aws.call(
            "ecr",
            "upload_layer_part",
            repositoryName=repository,
            uploadId=begun["uploadId"],
            partFirstByte=first,
            partLastByte=first + len(part) - 1,
            layerPartBlob=part,
        )
    upload = begun["uploadId"]
    aws.call("ecr", "complete_layer_upload", repositoryName=repository, uploadId=upload, layerDigests=[digest])


def _push_with(engine: str, aws: Aws, image: str, what: list[str]) -> str:
    """Build an image (`registry/repository:tag`) of the folder that `what` ends in, after its options, and push it."""
    registry, _, path = image.partition("/")
    repository, _, tag = path.rpartition(":")
    _log_in(engine, aws, registry)  # before the build, whose base may stand in the same registry
    _engine([engine, "build", "--tag", image, *what], f"build of {what[-1]}")
    _engine([engine, "push", image], f"push to {registry}/{repository}")
    # Not BatchGetImage: of an OCI image or an index it may give another manifest than the one that was pushed.
    wanted = [{"imageTag": tag}]
    pushed = aws.call("ecr", "describe_images", absent=_ABSENT, repositoryName=repository, imageIds=wanted)
    if pushed is None:
        raise EnvironmentProblem(f"{engine} pushed {image}, but the repository does not have it.")
    return str(pushed["imageDetails"][0]["imageDigest"])


def _log_in(engine: str, aws: Aws, registry: str) -> None:
    token = aws.call("ecr", "get_authorization_token")["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    # On standard input: a command line can be read by every user of the machine.
    _engine([engine, "login", "--username", user, "--password-stdin", registry], f"login to {registry}", password)


def _engine(argv: list[str], what: str, text: str | None = None) -> None:
    # Without attestations the tag is the image itself, not an index around it.
    environment = os.environ | {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    done = subprocess.run(
        argv,
        input=text or "",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        told = "\n".join(done.stdout.strip().splitlines()[-20:])
        raise EnvironmentProblem(f"{argv[0]}: {what} failed (exit {done.returncode}).", told)


def _image(aws: Aws, repository: str, tag: str) -> dict[str, Any] | None:
    answer = aws.call("ecr", "batch_get_image", repositoryName=repository, imageIds=[{"imageTag": tag}])
    images: list[dict[str, Any]] = answer.get("images") or []
    return images[0] if images else None


def _digest(blob: bytes) -> str:
    return "sha256:" + hashlib.sha256(blob).hexdigest()
