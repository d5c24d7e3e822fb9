"""What is at one location → the same at the other, as far as the role of each allows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scrapectl.local.registry import Refusal
from scrapectl.local.services.datasync import access
from scrapectl.local.services.datasync.filters import passes
from scrapectl.local.services.datasync.state import Location
from scrapectl.local.services.efs import reach
from scrapectl.local.services.efs.folders import folder_of

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud


class TransferProblem(Exception):
    """Why a transfer ends in ERROR: the code and the detail of its Result."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class End(Protocol):
    """One end of a transfer. Paths begin with a slash and are seen from the location's folder."""

    def paths(self) -> dict[str, int]:
        """Every file and its size."""

    def read(self, path: str) -> bytes:
        """What is in one."""

    def write(self, path: str, content: bytes) -> None:
        """Put it there, in place of what was."""


@dataclass(frozen=True)
class BucketEnd:
    """A prefix of a bucket."""

    cloud: Cloud
    region: str
    location: Location

    def paths(self) -> dict[str, int]:
        """List it; the markers that stand for folders are none of the files."""
        bucket, prefix = self.location.host, self._prefix()
        self._must("s3:ListBucket", "")
        found: dict[str, int] = {}
        params = {"Bucket": bucket, "Prefix": prefix}
        while True:
            try:
                answer = self.cloud.call("s3", "ListObjectsV2", params, self.region)
            except Refusal as refusal:
                raise TransferProblem("S3Error", refusal.message) from refusal
            for entry in answer.get("Contents") or []:
                if not entry["Key"].endswith("/"):
                    found["/" + entry["Key"].removeprefix(prefix)] = int(entry["Size"])
            if not answer.get("IsTruncated"):
                return found
            params = {**params, "ContinuationToken": answer["NextContinuationToken"]}

    def read(self, path: str) -> bytes:
        """Get an object."""
        key = self._prefix() + path[1:]
        self._must("s3:GetObject", key)
        try:
            return self.cloud.front_door.content(self.location.host, key, self.region)
        except Refusal as refusal:
            raise TransferProblem("NoSuchKey", f"{key}: {refusal.message}") from refusal

    def write(self, path: str, content: bytes) -> None:
        """Put an object."""
        key = self._prefix() + path[1:]
        self._must("s3:PutObject", key)
        params = {"Bucket": self.location.host, "Key": key, "Body": content}
        try:
            self.cloud.call("s3", "PutObject", params, self.region)
        except Refusal as refusal:
            raise TransferProblem("S3Error", f"{key}: {refusal.message}") from refusal

    def _prefix(self) -> str:
        return f"{self.location.folder}/" if self.location.folder else ""

    def _must(self, action: str, key: str) -> None:
        role, bucket = self.location.document["S3Config"]["BucketAccessRoleArn"], self.location.host
        resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
        if not access.allowed(self.cloud, role, action, resource):
            raise TransferProblem("AccessDenied", f"{role} may not perform {action} on {resource}")


@dataclass(frozen=True)
class FolderEnd:
    """A folder of a file system, seen through an access point where there is one."""

    cloud: Cloud
    region: str
    location: Location

    def paths(self) -> dict[str, int]:
        """Every file below it."""
        root = self._root()
        files = [Path(base, name) for base, _, names in os.walk(root) for name in names]
        found = {path: path.stat().st_size for path in files if path.is_file() and not path.is_symlink()}
        return {"/" + path.relative_to(root).as_posix(): size for path, size in sorted(found.items())}

    def read(self, path: str) -> bytes:
        """Read a file."""
        return (self._root() / path[1:]).read_bytes()

    def write(self, path: str, content: bytes) -> None:
        """Write a file, with the folders on the way to it; never out of the file system."""
        if not access.may_mount(self.cloud, self.region, self.location, reach.WRITE):
            raise TransferProblem("AccessDenied", f"{path}: Read-only file system")
        root = self._root()
        target = root / path[1:]
        if ".." in Path(path).parts or not target.parent.resolve().is_relative_to(root.resolve()):
            raise TransferProblem("InvalidPath", f"{path} leads out of the file system")
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name[:200]}.part")
        part.write_bytes(content)
        owner = root.stat()
        if os.geteuid() == 0:
            made = [target.parent, *target.parent.parents]
            for one in (part, *(folder for folder in made if folder.is_relative_to(root))):
                shutil.chown(one, owner.st_uid, owner.st_gid)
        part.replace(target)

    def _root(self) -> Path:
        """The folder of the location; one that is not there cannot be mounted."""
        point = self.location.document.get("AccessPointArn")
        try:
            with self.cloud.lock:
                shown = folder_of(self.cloud, self.location.host, point)
        except Refusal as refusal:
            raise TransferProblem("MountFailed", refusal.message) from refusal
        root = shown / self.location.folder
        if not root.is_dir() or not root.resolve().is_relative_to(shown.resolve()):
            where = f"{self.location.host}:/{self.location.folder}"
            raise TransferProblem("MountFailed", f"mounting {where} failed: No such file or directory")
        return root


def end_of(cloud: Cloud, region: str, location: Location) -> End:
    """Say how to read and write at a location."""
    return (BucketEnd if location.type == "s3" else FolderEnd)(cloud, region, location)


def chosen(source: End, includes: Sequence[str], excludes: Sequence[str]) -> dict[str, int]:
    """The files at the source that shall be copied, and their sizes.

    Filters only say what of a listing is taken: one that fits nothing is no error, and nothing is copied.

    Raises:
        TransferProblem: The source cannot be read.
    """
    return {path: size for path, size in source.paths().items() if passes(path, includes, excludes)}


def copy(source: End, target: End, paths: Sequence[str], *, everything: bool = False) -> tuple[int, int]:
    """Copy files; how many were copied, and how many bytes they were.

    Args:
        source: Where they are.
        target: Where they shall be.
        paths: Which.
        everything: Also those that are at the target as they are at the source.

    Raises:
        TransferProblem: One could not be read or written.
    """
    there = {} if everything else target.paths()
    files = size = 0
    for path in paths:
        content = source.read(path)
        if there.get(path) == len(content) and target.read(path) == content:
            continue
        target.write(path, content)
        files, size = files + 1, size + len(content)
    return files, size
