"""The folder of this machine that stands for a file system, and what an access point shows of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Refusal
from scrapectl.local.services.efs.state import EfsState

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_BLOCK = 4096
_METADATA = 2048
"""What EFS meters of each file and folder: whole blocks, and its metadata; 6 KiB of an empty one (EFS User Guide)."""


@dataclass
class _Kept:
    folder: Path | None = None


def root_of(cloud: Cloud, file_system: str) -> Path:
    """Return the folder that stands for a file system, made when first asked for.

    Args:
        cloud: Whose file system it is.
        file_system: `fs-…`.
    """
    kept = cloud.store(_Kept, "global")
    if kept.folder is None:
        if cloud.state_dir is not None:
            kept.folder = cloud.state_dir / "filesystems"
            shutil.rmtree(kept.folder, ignore_errors=True)  # of a server that was killed: state is in memory only
        else:
            kept.folder = Path(tempfile.mkdtemp(prefix="scrapectl-filesystems-"))
        cloud.on_close(lambda: shutil.rmtree(kept.folder or "", ignore_errors=True))
    root = kept.folder / file_system
    root.mkdir(parents=True, exist_ok=True)
    return root


def folder_of(cloud: Cloud, file_system: str, access_point: str | None) -> Path:
    """Return the folder that mounting a file system shows; an access point's is made on its first use.

    Everyone who comes through an access point acts as its user, whoever they are. Here they keep their own, so that
    what its owner may do is open to all.

    Args:
        cloud: Whose file system it is.
        file_system: `fs-…`, or its ARN.
        access_point: `fsap-…`, its ARN, or None for the root.

    Raises:
        Refusal: There is no such access point, or it is of another file system.
    """
    root = root_of(cloud, file_system.rsplit("/", 1)[-1])
    if not access_point:
        return root
    point = _access_point(cloud, access_point.rsplit("/", 1)[-1])
    if point["FileSystemId"] != root.name:
        raise Refusal("AccessPointNotFound", f"Access point {access_point} is not one of {root.name}.", 404)
    folder = root
    made = point["RootDirectory"].get("CreationInfo")
    for part in filter(None, point["RootDirectory"]["Path"].split("/")):
        folder = folder / part
        if not folder.is_dir():
            if made is None:
                raise Refusal("AccessPointNotFound", f"{point['RootDirectory']['Path']} does not exist.", 404)
            folder.mkdir()
            folder.chmod(int(made["Permissions"], 8))
            _give(folder, made["OwnerUid"], made["OwnerGid"])
    user = point.get("PosixUser")
    if user:
        _open_to_all(folder, user["Uid"], user["Gid"])
    return folder


def size_of(folder: Path) -> int:
    """Bytes in a file system as EFS meters them, its root folder counted."""
    size = _METADATA + _BLOCK
    for base, folders, files in os.walk(folder):
        size += (_METADATA + _BLOCK) * len(folders)
        for name in files:
            size += _METADATA + _BLOCK * max(1, -(-Path(base, name).lstat().st_size // _BLOCK))
    return size


def _access_point(cloud: Cloud, name: str) -> dict[str, Any]:
    for state in cloud.stores(EfsState).values():
        if name in state.access_points:
            return state.access_points[name].document
    raise Refusal("AccessPointNotFound", f"Access point {name} does not exist.", 404)


def _give(path: Path, user: int, group: int) -> None:
    if os.geteuid() == 0:
        os.chown(path, user, group, follow_symlinks=False)


def _open_to_all(folder: Path, user: int, group: int) -> None:
    """Let everyone do what the owner may, in all that is there, and let all of it be the access point's user's."""
    for base, _, files in os.walk(folder):
        for path in (Path(base), *(Path(base, name) for name in files)):
            if path.is_symlink() or (os.geteuid() != 0 and path.stat().st_uid != os.geteuid()):
                continue
            own = path.stat().st_mode & 0o700
            path.chmod(own | own >> 3 | own >> 6)
            _give(path, user, group)
