"""Counts and deletes what is in a bucket: every version, every delete marker, every unfinished upload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrapectl.engine.resource import Aws
from scrapectl.errors import AwsError

COUNTED = 10_000
"""Where counting stops: beyond it the exact number decides nothing."""
PAGE = 1000
"""As many as one call may delete."""
_ABSENT = ("NoSuchBucket",)


def count(aws: Aws, bucket: str) -> int:
    """Count versions and delete markers, exactly up to COUNTED and then not further."""
    total = 0
    place: dict[str, str] = {}
    while total < COUNTED:
        entries, place = _page(aws, bucket, place)
        total += len(entries)
        if not place:
            break
    return total


def empty(aws: Aws, bucket: str) -> None:
    """Delete everything.

    Raises:
        AwsError: S3 kept some of it (a legal hold, an object lock); it answers so with HTTP 200.
    """
    while entries := _page(aws, bucket, {})[0]:  # always the first page: the one before it is gone
        answer = aws.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": entries, "Quiet": True})
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


def _page(aws: Aws, bucket: str, place: Mapping[str, Any]) -> tuple[list[dict[str, str]], dict[str, str]]:
    """One page of versions and delete markers from a place on, and the place of the next; none after the last."""
    answer = aws.call("s3", "list_object_versions", absent=_ABSENT, Bucket=bucket, MaxKeys=PAGE, **place) or {}
    entries = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
    markers = {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"}
    following = {member: answer[name] for member, name in markers.items() if answer.get(name)}
    shown = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
    return shown, following if answer.get("IsTruncated") else {}


def _raise_first(bucket: str, errors: list[dict[str, str]]) -> None:
    if errors:
        first = errors[0]
        text = f"s3 delete_objects: {bucket} keeps {len(errors)} object(s), the first {first['Key']!r}: "
        raise AwsError(
            text + first.get("Message", first["Code"]), service="s3", operation="delete_objects", code=first["Code"]
        )
