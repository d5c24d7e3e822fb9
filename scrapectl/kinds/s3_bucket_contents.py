"""Counts and deletes what is in a bucket: every version, every delete marker, every unfinished upload."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapectl.engine.resource import Aws
from scrapectl.errors import AwsError

COUNTED = 10_000
"""Where counting stops: beyond it the exact number decides nothing."""
_ABSENT = ("NoSuchBucket",)


def count(aws: Aws, bucket: str) -> int:
    """Count versions and delete markers, exactly up to COUNTED and then not further."""
    total = 0
    for page in _pages_of_versions(aws, bucket):
        total += len(page)
        if total >= COUNTED:
            break
    return total


def empty(aws: Aws, bucket: str) -> None:
    """Delete everything.

    Raises:
        AwsError: S3 kept some of it (a legal hold, an object lock); it answers so with HTTP 200.
    """
    for page in _pages_of_versions(aws, bucket):
        if page:
            answer = aws.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": page, "Quiet": True})
            _raise_first(bucket, answer.get("Errors", []))
    uploads = aws.pages("s3", "list_multipart_uploads", "Uploads", absent=_ABSENT, Bucket=bucket)
    for upload in uploads or ():
        aws.call(
            "s3",
            "abort_multipart_upload",
            absent=("NoSuchUpload", *_ABSENT),
            Bucket=bucket,
            Key=upload["Key"],
            UploadId=upload["UploadId"],
        )


def _pages_of_versions(aws: Aws, bucket: str) -> Iterator[list[dict[str, str]]]:
    """Yield the versions and markers a thousand at a time: as many as one call may delete."""
    place: dict[str, Any] = {}
    while True:
        answer = aws.call("s3", "list_object_versions", absent=_ABSENT, Bucket=bucket, MaxKeys=1000, **place)
        if answer is None:
            return
        entries = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
        yield [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
        if not answer.get("IsTruncated"):
            return
        place = {"KeyMarker": answer["NextKeyMarker"]}
        if answer.get("NextVersionIdMarker"):
            place["VersionIdMarker"] = answer["NextVersionIdMarker"]


def _raise_first(bucket: str, errors: list[dict[str, str]]) -> None:
    if errors:
        first = errors[0]
        text = f"s3 delete_objects: {len(errors)} objects of {bucket} were kept, the first {first['Key']!r}: "
        raise AwsError(
            text + first.get("Message", first["Code"]), service="s3", operation="delete_objects", code=first["Code"]
        )
