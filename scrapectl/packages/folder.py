"""A folder of code → its files, without what running and editing leave behind."""

from __future__ import annotations

import fnmatch
import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from scrapectl.packages.archive import Member, stored

LEFT_BEHIND = ("__pycache__", "*.pyc", ".*_cache", ".git", ".hg", ".svn", ".venv", ".env", ".DS_Store")
"""What never belongs to a function: caches, histories, environments, a developer's own secrets."""


class UnfitFolder(Exception):
    """Something in a folder that cannot be packed; the text says what."""


def files_of(folder: Path) -> Iterator[Member]:
    """Yield what a folder holds, in any order; a link to a file is that file.

    Only names, contents and the owner's x bit count: no time, no owner, no other bit of the mode.

    Raises:
        UnfitFolder: It holds what is neither file nor folder, or a link to a folder.
        OSError: Something cannot be read.
    """
    yield from _walk(folder, "")


def _walk(folder: Path, above: str) -> Iterator[Member]:
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        if any(fnmatch.fnmatchcase(entry.name, pattern) for pattern in LEFT_BEHIND):
            continue
        path = f"{above}{_spelled(entry.name)}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), f"{path}/")
            continue
        mode = entry.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a link to a folder" if stat.S_ISDIR(mode) else "neither a file nor a folder"
            raise UnfitFolder(f"{path} is {what}")
        yield stored(path, Path(entry.path).read_bytes(), executable=bool(mode & stat.S_IXUSR))


def _spelled(name: str) -> str:
    """One spelling of accents, which macOS and Linux write differently.

    Raises:
        UnfitFolder: The name is no text.
    """
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise UnfitFolder(f"the name {name!r} is no UTF-8") from error
    return unicodedata.normalize("NFC", name)
