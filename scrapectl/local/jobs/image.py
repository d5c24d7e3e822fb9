"""Turn an image's one layer, a packed build folder, into a folder, a command and an environment that can be run."""

from __future__ import annotations

import io
import posixpath
import re
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scrapectl.local.jobs.dockerfile import Copy, Recipe, parse_dockerfile
from scrapectl.local.jobs.process import base_environment
from scrapectl.local.jobs.virtualenv import PYTHON_FOLDER, EnvironmentFailed, environment_for

LAYER_TYPE = "application/vnd.scrapectl.build-folder.v1.tar+gzip"

_CONTAINER_PATH = re.compile(r"(?<![^\s=:,;'\"()])/(?!/)[^\s=:,;'\"()]+")


class ImageProblem(Exception):
    """An image cannot be run; the text is what AWS would give as a job's reason."""


@dataclass(frozen=True)
class Image:
    """A build folder made ready; shared by all jobs that run it, so nothing may write to it.

    Attributes:
        root: stands for the container's `/`, as far as COPY filled it.
        recipe: what its Dockerfile says.
        python: the `bin` folder whose Python it uses.
    """

    root: Path
    recipe: Recipe
    python: Path


@dataclass(frozen=True)
class Container:
    """What one attempt runs: program and arguments, environment, the folder it starts in."""

    argv: tuple[str, ...]
    environment: dict[str, str]
    folder: Path


def prepare(digest: str, fetch: Callable[[], bytes], cache: Path) -> Image:
    """Make an image ready, once for each digest and each list of requirements.

    Args:
        digest: of the image, `sha256:` and 64 hex digits.
        fetch: gives its layer (tar, gzip); called when the digest is not in the cache.
        cache: a folder that stays between runs of the server.

    Raises:
        ImageProblem: the layer, its Dockerfile or its requirements cannot be used.
    """
    kept = cache / "images" / digest.removeprefix("sha256:")
    if not kept.is_dir():
        _build(fetch(), kept)
    recipe = parse_dockerfile((kept / "Dockerfile").read_text())
    root = kept / "root"
    try:
        python = environment_for(_requirement_files(root, recipe), recipe.requirements, cache / "environments")
    except EnvironmentFailed as error:
        raise ImageProblem(f"CannotPullContainerError: {error}") from error
    return Image(root, recipe, python)


def make_container(image: Image, scratch: Path, command: Sequence[str], environment: Mapping[str, str]) -> Container:
    """Give one attempt a file system of its own and say what runs in it.

    Args:
        image: what it is an instance of.
        scratch: an empty folder; the caller removes it afterwards.
        command: replaces the image's CMD unless empty.
        environment: the job's own variables; they come before the image's.

    Raises:
        ImageProblem: there is nothing to run.
    """
    root = scratch / "root"
    shutil.copytree(image.root, root, symlinks=True)
    (scratch / "tmp").mkdir()
    recipe = image.recipe
    argv = [*recipe.entrypoint, *(command or recipe.command)]
    if not argv:
        raise ImageProblem("CannotStartContainerError: no command specified")
    variables = {name: _located(value, root) for name, value in recipe.environment.items()} | dict(environment)
    whole = base_environment() | {"TMPDIR": str(scratch / "tmp")} | variables
    given_path = environment.get("PATH", recipe.environment.get("PATH", ""))
    whole["PATH"] = _search_path(given_path, root, image.python)
    folder = _inside(root, recipe.workdir)
    folder.mkdir(parents=True, exist_ok=True)
    return Container(tuple(_located(word, root) for word in argv), whole, folder)


def _build(layer: bytes, kept: Path) -> None:
    """Unpack a layer and carry out its COPY lines; whoever is first of several wins."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".new-") as name:
        folder, made = Path(name) / "folder", Path(name) / "made"
        unpack(layer, folder)
        dockerfile = folder / "Dockerfile"
        if not dockerfile.is_file():
            raise ImageProblem("CannotPullContainerError: the build folder has no Dockerfile")
        recipe = parse_dockerfile(dockerfile.read_text())
        root = made / "root"
        root.mkdir(parents=True)
        for step in recipe.copies:
            _copy(step, folder, root)
        shutil.copy(dockerfile, made / "Dockerfile")
        try:
            made.rename(kept)
        except OSError:
            if not kept.is_dir():
                raise


def unpack(layer: bytes, folder: Path) -> None:
    """Unpack a tar+gzip of files, folders and links into a new folder, never outside of it.

    Raises:
        ImageProblem: it is no such archive, or a member leads outside.
    """
    folder.mkdir(parents=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(layer), mode="r:gz") as archive:
            for member in archive:
                _unpack_one(archive, member, folder)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ImageProblem(f"CannotPullContainerError: failed to extract layer: {error}") from error


def _unpack_one(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    target = folder / member.name
    linked = posixpath.normpath(posixpath.join(posixpath.dirname(member.name), member.linkname))
    outside = [member.name, linked] if member.issym() else [member.name]
    if any(_leads_outside(path) for path in outside) or member.linkname.startswith("/"):
        raise ImageProblem(f"CannotPullContainerError: failed to extract layer: {member.name} leads outside")
    if not target.parent.resolve().is_relative_to(folder.resolve()):
        raise ImageProblem(f"CannotPullContainerError: failed to extract layer: {member.name} goes through a link")
    target.parent.mkdir(parents=True, exist_ok=True)
    if member.isdir():
        target.mkdir(exist_ok=True)
    elif member.issym():
        target.symlink_to(member.linkname)
    elif member.isreg() and (content := archive.extractfile(member)) is not None:
        target.unlink(missing_ok=True)  # never write through a link that came before
        with target.open("xb") as file:
            shutil.copyfileobj(content, file)
        target.chmod(0o755 if member.mode & stat.S_IXUSR else 0o644)
    else:
        raise ImageProblem(f"CannotPullContainerError: failed to extract layer: {member.name} is no file")


def _leads_outside(path: str) -> bool:
    return path.startswith("/") or ".." in posixpath.normpath(path).split("/")


def _copy(step: Copy, folder: Path, root: Path) -> None:
    target = _inside(root, step.target)
    for pattern in step.sources:
        plain = posixpath.normpath(pattern.lstrip("/") or ".")
        sources = [] if _leads_outside(plain) else [folder] if plain == "." else sorted(folder.glob(plain))
        if not sources:
            raise ImageProblem(f'CannotPullContainerError: COPY: "{pattern}" is not in the build folder')
        for source in sources:
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
                continue
            goal = target / source.name if step.into or target.is_dir() or len(sources) > 1 else target
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, goal, follow_symlinks=False)


def _requirement_files(root: Path, recipe: Recipe) -> list[Path]:
    named = [_inside(root, path) for path in recipe.requirement_files]
    for path, file in zip(recipe.requirement_files, named, strict=True):
        if not file.is_file():
            raise ImageProblem(f'CannotPullContainerError: RUN pip install: "{path}" is not there')
    usual = _inside(root, recipe.workdir) / "requirements.txt"
    return named or ([usual] if usual.is_file() and not recipe.requirements else [])


def _inside(root: Path, path: str) -> Path:
    return root / posixpath.normpath("/" + path).lstrip("/")


def _located(text: str, root: Path) -> str:
    """Say a container's paths as they are on this machine, where the image has them."""
    return _CONTAINER_PATH.sub(lambda found: _located_path(found.group(), root), text)


def _located_path(path: str, root: Path) -> str:
    here = _inside(root, path)
    new_file = here.parent != root and here.parent.is_dir() and not Path(path).exists()
    return str(here) if here != root and (here.exists() or new_file) else path


def _search_path(given: str, root: Path, python: Path) -> str:
    own = [str(_inside(root, part)) for part in given.split(":") if part and _inside(root, part).is_dir()]
    theirs = [str(python), str(PYTHON_FOLDER), *base_environment().get("PATH", "/usr/bin:/bin").split(":")]
    return ":".join(dict.fromkeys([*own, *theirs]))
