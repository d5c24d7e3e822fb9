"""Objects become JSON lines in a bucket: all of a run's, or none."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

PART = 8 * 1024 * 1024  # bytes; S3 takes parts of a multipart upload from 5 MiB on


@dataclass
class JsonLines:
    """Objects written to a bucket as JSON, one a line; a multipart upload when they are more than 8 MiB.

    In a `with` block: its end, or SIGTERM, writes what was given so far; an error writes nothing, so that no half of
    a run is taken for the whole. The key should be made of the run, so that a second attempt overwrites.

    Attributes:
        s3: boto3's S3 client.
        key: `items/{run.name}.jsonl`; one that ends in .gz is compressed.
        count: how many lines were given.
    """

    s3: Any
    bucket: str
    key: str
    count: int = field(default=0, init=False)
    _buffer: bytearray = field(default_factory=bytearray, init=False)
    _upload: str = field(default="", init=False)
    _parts: list[dict[str, Any]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Compress when the key says so; the same lines become the same bytes."""
        self._zip = zlib.compressobj(wbits=31) if self.key.endswith(".gz") else None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def write(self, item: Any) -> None:
        """Add a line."""
        line = json.dumps(item, ensure_ascii=False).encode() + b"\n"
        self._buffer += self._zip.compress(line) if self._zip else line
        self.count += 1
        if len(self._buffer) >= PART:
            self._send()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Write what is left, or drop it all."""
        if kind is None or issubclass(kind, (SystemExit, KeyboardInterrupt)):
            self._finish()
        elif self._upload:
            self.s3.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=self._upload)

    def _finish(self) -> None:
        self._buffer += self._zip.flush() if self._zip else b""
        if not self._upload:
            self.s3.put_object(Bucket=self.bucket, Key=self.key, Body=bytes(self._buffer), ContentType=self._kind)
            return
        if self._buffer:
            self._send()
        whole = {"Parts": self._parts}
        self.s3.complete_multipart_upload(
            Bucket=self.bucket, Key=self.key, UploadId=self._upload, MultipartUpload=whole
        )

    def _send(self) -> None:
        where, number = {"Bucket": self.bucket, "Key": self.key}, len(self._parts) + 1
        if not self._upload:
            self._upload = self.s3.create_multipart_upload(**where, ContentType=self._kind)["UploadId"]
        sent = self.s3.upload_part(**where, UploadId=self._upload, PartNumber=number, Body=bytes(self._buffer))
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._buffer.clear()

    @property
    def _kind(self) -> str:
        return "application/gzip" if self._zip else "application/x-ndjson"
