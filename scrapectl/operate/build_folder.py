"""Turn an image's build folder into the files that count, a hash that names them, and one reproducible archive."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import posixpath
import re
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scrapectl.errors import EnvironmentProblem

_LEFT_BEHIND = ("**/__pycache__", "**/*.pyc", "**/.DS_Store", "**/.*_cache", "**/.git")
"""What running or editing a scraper leaves in its folder; it must not make a new image."""

_ALWAYS = ("Dockerfile", ".dockerignore")
"""Sent to a container engine whatever .dockerignore says."""


@dataclass(frozen=True)
class Entry:
    """One file or link of a build folder; `path` is relative to it, with `/` on every system."""

    path: str
    source: Path
    executable: bool
    link: str | None


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    excludes: bool


def folder_hash(path: str | os.PathLike[str], platform: str = "") -> str:
    """Name what a build folder holds: 16 hex digits over paths, contents, links and the x bit of each file.

    Times, owners, other mode bits, empty folders and what .dockerignore leaves out do not count.

    Args:
        path: the build folder.
        platform: mixed in when given, so that each platform has an image of its own.

    Raises:
        EnvironmentProblem: the folder cannot be read, or holds something that is no file, folder or link.
    """
    whole = hashlib.sha256(platform.encode())
    with _told(path):
        for entry in entries(Path(path)):
            kind = "link" if entry.link is not None else "x" if entry.executable else "file"
            content = hashlib.sha256(_content(entry)).hexdigest()
            whole.update(f"{kind}\0{entry.path}\0{content}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()[:16]


def pack_folder(path: str | os.PathLike[str]) -> bytes:
    """Pack a build folder as tar and gzip; equal folders give equal bytes.

    Raises:
        EnvironmentProblem: as for `folder_hash`.
    """
    buffer = io.BytesIO()
    with _told(path), gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, compresslevel=6) as packed:  # noqa: SIM117
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for entry in entries(Path(path)):
                member = tarfile.TarInfo(entry.path)
                member.mode = 0o755 if entry.executable else 0o644
                if entry.link is not None:
                    member.type, member.linkname = tarfile.SYMTYPE, entry.link
                    archive.addfile(member)
                    continue
                content = _content(entry)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def entries(folder: Path) -> Iterator[Entry]:
    """Yield what counts of a build folder, by path; see `folder_hash`."""
    if not folder.is_dir():
        raise EnvironmentProblem(f"{folder} is no folder.", "An image's build: names the folder of its Dockerfile.")
    ignore = folder / ".dockerignore"
    rules = _rules([*_LEFT_BEHIND, *(ignore.read_text().splitlines() if ignore.is_file() else [])])
    yield from sorted(_walk(folder, "", rules), key=lambda entry: entry.path)


@contextmanager
def _told(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Tell an unreadable file in our own words."""
    try:
        yield
    except OSError as error:
        raise EnvironmentProblem(f"{error.filename or folder} cannot be read: {error.strerror}.") from error


def _walk(folder: Path, above: str, rules: list[_Rule]) -> Iterator[Entry]:
    comes_back = any(not rule.excludes for rule in rules)
    with os.scandir(folder) as found:
        for item in found:
            path = f"{above}{item.name}"
            ignored = path not in _ALWAYS and _ignored(path, rules)
            if item.is_dir(follow_symlinks=False):
                if comes_back or not ignored:
                    yield from _walk(Path(item.path), f"{path}/", rules)
            elif not ignored:
                yield _entry(item, path)


def _entry(item: os.DirEntry[str], path: str) -> Entry:
    mode = item.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        return Entry(path, Path(item.path), executable=False, link=str(Path(item.path).readlink()))
    if not stat.S_ISREG(mode):
        kind = "socket" if stat.S_ISSOCK(mode) else "pipe" if stat.S_ISFIFO(mode) else "device"
        raise EnvironmentProblem(
            f"{item.path} is a {kind}: an image is made of files, folders and links.",
            "Remove it, or name it in .dockerignore.",
        )
    return Entry(path, Path(item.path), executable=bool(mode & stat.S_IXUSR), link=None)


def _content(entry: Entry) -> bytes:
    return os.fsencode(entry.link) if entry.link is not None else entry.source.read_bytes()


def _ignored(path: str, rules: list[_Rule]) -> bool:
    """Whether the last rule that speaks of a path, or of a folder above it, excludes it."""
    return next((rule.excludes for rule in reversed(rules) if rule.pattern.fullmatch(path)), False)


def _rules(lines: list[str]) -> list[_Rule]:
    """Read .dockerignore as Docker does (moby/patternmatcher)."""
    rules: list[_Rule] = []
    for line in lines:
        text = line.strip()
        if not text or line.startswith("#"):
            continue
        excludes = not text.startswith("!")
        clean = posixpath.normpath(text.removeprefix("!").strip()).lstrip("/")
        rules.append(_Rule(re.compile(_regex(clean) + "(/.*)?", re.DOTALL), excludes))
    return rules


_GLOB = re.compile(r"\*\*/|\*\*|\*|\?|\[[^]]+\]|\\.|.", re.DOTALL)
_GLOB_WORDS = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _regex(pattern: str) -> str:
    return "".join(_regex_of(piece) for piece in _GLOB.findall(pattern))


def _regex_of(piece: str) -> str:
    if piece in _GLOB_WORDS:
        return _GLOB_WORDS[piece]
    if piece.startswith("[") and len(piece) > 1:
        return piece.replace("\\", "\\\\")
    return re.escape(piece[1:] if piece.startswith("\\") and len(piece) > 1 else piece)
