"""Turns EventBridge on in a bucket that is not ours, and leaves it on: rules of others may have come to need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds.s3_bucket_rules import bucket_arn
from scrapectl.kinds.s3_notifications import notifications_of, rewrite, tells_eventbridge


@dataclass(frozen=True)
class S3BucketEvents(Resource):
    """What happens in a bucket is told to EventBridge, which takes some five minutes to begin (AWS-FACTS §5)."""

    bucket: Identity[str]

    kind: ClassVar[str] = "s3_bucket_events"
    carries_tags: ClassVar[bool] = False
    gone_at_once: ClassVar[bool] = True
    remains: ClassVar[str] = "EventBridge stays switched on in a bucket that is not ours"
    needs: ClassVar[Needs] = Needs(
        read=("s3:GetBucketNotification",),
        create=("s3:GetBucketNotification", "s3:PutBucketNotification"),
    )
    scopes: ClassVar[Scopes] = Scopes({"s3:bucket": ("s3:::{exact}",)})

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Look whether it is on."""
        (bucket,) = key
        found = notifications_of(aws, bucket)
        return _standing(aws, bucket) if found is not None and tells_eventbridge(found) else None

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Switch it on, with everything else in the bucket's notifications kept."""
        del tags
        rewrite(aws, self.bucket, list, eventbridge=True)
        return _standing(aws, self.bucket)

    def update(self, aws: Aws, update: Update) -> None:
        """Nothing of it changes: it is on, or it is not."""

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Leave it on."""


def _standing(aws: Aws, bucket: str) -> Live:
    """It has no ARN of its own; nothing may wait for the bucket's, which is not ours."""
    return Live(S3BucketEvents(bucket), {"arn": f"{bucket_arn(aws.partition, bucket)}#eventbridge", "name": bucket})
