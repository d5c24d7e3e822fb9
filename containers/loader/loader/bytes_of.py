"""Turns an object of S3 into one stream of bytes that goes on where a cut connection ended, unpacked when packed."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import Any

from loader.problems import LoadRefused, SourceChanged

CHUNK = 1 << 20
TRIES = 4
_PACKED = b"\x1f\x8b"
_CHANGED = {"PreconditionFailed", "NoSuchKey", "NoSuchVersion", "404", "412"}


class ObjectStream(io.RawIOBase):
    """The bytes of one version of an object, whatever happens to the connection.

    Args:
        client: S3's.
        which: Bucket and Key, with VersionId, or IfMatch: another content is never read on.
        size: What S3 said of it, in bytes.
    """

    def __init__(self, client: Any, which: dict[str, str], size: int) -> None:
        self._client, self._which, self._size = client, which, size
        self._at = 0
        self._body: Any = None

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is, for formats that begin at their end."""
        return True

    def tell(self) -> int:
        """Say where the next byte comes from."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere; the connection, if there is one, ends."""
        to = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if to != self._at:
            self._at, self._body = to, None
        return to

    def readinto(self, buffer: Any) -> int:
        """Read what the connection has; after a cut, from where it ended."""
        for left in reversed(range(TRIES)):
            if self._at >= self._size:
                return 0
            try:
                piece = self._piece(min(len(buffer), CHUNK))
            except Exception as error:
                self._body = None
                if changed(error):
                    raise SourceChanged(f"{self._where()} changed while it was read") from error
                if not left or not passing(error):
                    raise
            else:
                self._at += len(piece)
                buffer[: len(piece)] = piece
                return len(piece)
        return 0  # pragma: no cover - the last try has returned or raised

    def _piece(self, most: int) -> bytes:
        if self._body is None:
            part = {"Range": f"bytes={self._at}-"} if self._at else {}
            self._body = self._client.get_object(**self._which, **part)["Body"]
        piece: bytes = self._body.read(most)
        if not piece:
            raise ConnectionError(f"the connection ended at byte {self._at} of {self._size}")
        return piece

    def _where(self) -> str:
        return f"s3://{self._which['Bucket']}/{self._which['Key']}"


def changed(error: Exception) -> bool:
    """Say whether S3 answered that an object is not, or no longer, what was asked for."""
    return str((getattr(error, "response", None) or {}).get("Error", {}).get("Code", "")) in _CHANGED


def passing(error: Exception) -> bool:
    """Say whether a connection broke, rather than a request being refused."""
    status = (getattr(error, "response", None) or {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status is None or status >= 500  # noqa: PLR2004 - HTTP's own number


def unpacked(raw: Any, name: str, *, packed: bool | None) -> io.BufferedReader:
    """Unpack a stream when it is packed, and take off a UTF-8 mark.

    Raises:
        LoadRefused: (while reading) The packed bytes end too early, or are damaged.
    """
    plain = io.BufferedReader(raw, CHUNK)
    if packed or (packed is None and plain.peek(2)[:2] == _PACKED):
        plain = io.BufferedReader(_Unpacked(plain, name), CHUNK)
    if plain.peek(3)[:3] == b"\xef\xbb\xbf":
        plain.read(3)
    return plain


class _Unpacked(io.RawIOBase):
    """A gzip stream whose damage is told with the object's name."""

    def __init__(self, packed: io.BufferedReader, name: str) -> None:
        self._name, self._file = name, gzip.GzipFile(fileobj=packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return self._file.readinto(buffer)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise LoadRefused(f"{self._name} is not whole: {error}") from error
