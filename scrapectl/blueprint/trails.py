"""Triggers `via: cloudtrail` → a trail each, with the bucket that it writes to."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.cloudtrail_trail import CloudtrailTrail, trail_arn
from scrapectl.kinds.s3_bucket import S3Bucket
from scrapectl.spec import names
from scrapectl.spec.model import Trigger, UploadEvent


def heard_by_trail() -> tuple[str, ...]:
    """The calls of S3 that write an object, as CloudTrail names them."""
    return ("CompleteMultipartUpload", "CopyObject", "PutObject")


def desired_trail(scope: Scope, trigger: Trigger, event: UploadEvent) -> Iterator[Desired]:
    """The trail of one trigger, and its bucket, which is emptied with it and keeps files as long as logs are kept."""
    name = scope.name(names.TRAIL_LIMIT, trigger.key)
    place = (scope.facts.account, scope.facts.region)
    bucket = names.trail_bucket_name(scope.spec.pipeline, scope.spec.stage, trigger.key, *place)
    address = f"s3_bucket.{scope.base(f'{trigger.key}-trail')}"
    written = S3Bucket(name=bucket, expire={"": scope.spec.logs.retention}, trail=trail_arn(*scope.place, name))
    yield scope.desire(address, written, trigger, on_destroy="delete")
    objects = f"{scope.arn('buckets', event.place.bucket)}/{event.place.prefix}"
    trail = CloudtrailTrail(name=name, bucket=Ref(address, "name", bucket), objects=frozenset({objects}))
    yield scope.desire(f"cloudtrail_trail.{scope.base(trigger.key)}", trail, trigger)
