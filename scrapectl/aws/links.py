"""An object in a bucket → a link by which anybody may read it for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapectl.aws.session import Session


def presigned(aws: Session, bucket: str, key: str, seconds: int) -> tuple[str, bool]:
    """Sign a link, by version 4 and for the bucket's own region: any other holds in no newer region.

    Returns:
        The link, and whether the keys that signed it pass: it ends with them, however long it was to hold.
    """
    from botocore.config import Config  # noqa: PLC0415 - as boto3, paid for when AWS is met

    where = aws.where
    style = {"addressing_style": "path" if where.endpoint_url else "virtual"}
    at = where.endpoint_url or f"https://s3.{aws.region}.{_DOMAINS.get(aws.partition, 'amazonaws.com')}"
    client = aws.boto.client("s3", endpoint_url=at, config=Config(signature_version="s3v4", s3=style))
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds)
    credentials = aws.boto.get_credentials()
    return str(url), bool(credentials and credentials.get_frozen_credentials().token)


_DOMAINS = {"aws-cn": "amazonaws.com.cn"}
