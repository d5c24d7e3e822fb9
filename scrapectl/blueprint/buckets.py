"""`buckets` → S3 buckets: private, encrypted, TLS only."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.triggers import bucket_fields
from scrapectl.engine.resource import Desired
from scrapectl.kinds.s3_bucket import S3Bucket
from scrapectl.kinds.s3_bucket_rules import Archive


def desired(scope: Scope) -> Iterator[Desired]:
    """One bucket for each entry that is ours."""
    for key, bucket in scope.spec.buckets.items():
        if bucket.existing is not None:
            continue
        archive = None if bucket.archive is None else Archive(bucket.archive.after, bucket.archive.deep_after)
        resource = S3Bucket(
            name=scope.physical("buckets", key),
            versioned=bucket.versioned,
            encryption=bucket.encryption,
            expire=dict(bucket.expire),
            archive=archive,
            **bucket_fields(scope, key),
        )
        yield scope.desire_entry("buckets", bucket, resource, on_destroy=bucket.on_destroy)
