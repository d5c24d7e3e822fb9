"""Turns a prefix of a bucket, or the upload of one object, into sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loader.bytes_of import ObjectStream, changed
from loader.document import Place
from loader.problems import SourceChanged
from loader.sources import Source
from loader.start import UNVERSIONED

_ETAG = re.compile(r"[0-9a-f]{32}(-\d+)?(@\w+)?")  # what stands for a version where there is none


@dataclass(frozen=True)
class Listed:
    """An object as a listing has it: without its version."""

    bucket: str
    key: str
    etag: str
    time: datetime
    size: int

    @property
    def name(self) -> str:
        """As the ledger names it."""
        return f"s3://{self.bucket}/{self.key}"


class Objects:
    """The objects of S3, as sources.

    Args:
        client: S3's.
        writes: Whether each write of a key counts in a bucket without versions, even of the same content; else the
            content alone does.
    """

    def __init__(self, client: Any, *, writes: bool) -> None:
        self._client, self._writes = client, writes

    def listed(self, place: Place, without: tuple[Place, ...] = ()) -> Iterator[Listed]:
        """List what lies below a place; what S3's console makes as a folder is none."""
        apart = tuple(other.prefix for other in without if other.bucket == place.bucket and other.prefix)
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.prefix):
            for told in page.get("Contents", ()):
                key = told["Key"]
                if not key.endswith("/") and not key.startswith(apart):
                    etag = told["ETag"].strip('"')
                    yield Listed(place.bucket, key, etag, told["LastModified"], told["Size"])

    def named(self, bucket: str, key: str, version: str = "") -> Source:
        """Look at one object, at one version of it or at what it is now.

        Raises:
            SourceChanged: There is no such object or version.
        """
        which = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
        try:
            told = self._client.head_object(**which)
        except Exception as error:
            if changed(error):
                raise SourceChanged(f"s3://{bucket}/{key} {version} is not there".replace("  ", " ")) from error
            raise
        etag, time = told["ETag"].strip('"'), told["LastModified"]
        found = told.get("VersionId") or ""
        if found in UNVERSIONED:
            found = f"{etag}@{time:%Y%m%dT%H%M%S}" if self._writes else etag
            which["IfMatch"] = told["ETag"]
        else:
            which["VersionId"] = found
        size = told["ContentLength"]
        return Source(f"s3://{bucket}/{key}", found, etag, time, size, self._opener(which, size))

    def again(self, name: str, version: str) -> Source:
        """Look at an object that a record names; in a bucket without versions, at what it is now."""
        bucket, _, key = name.removeprefix("s3://").partition("/")
        return self.named(bucket, key, "" if _ETAG.fullmatch(version) else version)

    def _opener(self, which: dict[str, str], size: int) -> Callable[[], ObjectStream]:
        return lambda: ObjectStream(self._client, which, size)
