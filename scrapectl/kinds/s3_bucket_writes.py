"""Writes a bucket's sub-documents, each as a whole, with what others wrote into it kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from scrapectl.engine.resource import Aws, Live
from scrapectl.kinds import s3_notifications as notices
from scrapectl.kinds.s3_bucket_policy import tls_statement, trail_statements
from scrapectl.kinds.s3_bucket_rules import ARCHIVE, Foreign, bucket_arn, lifecycle_rules, tiers

if TYPE_CHECKING:
    from scrapectl.kinds.s3_bucket import S3Bucket

PUBLIC_ACCESS_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _put_blocks(aws: Aws, want: S3Bucket, live: Live) -> None:
    del live
    blocks = dict.fromkeys(PUBLIC_ACCESS_BLOCKS, True)
    aws.call("s3", "put_public_access_block", Bucket=want.name, PublicAccessBlockConfiguration=blocks)


def _put_ownership(aws: Aws, want: S3Bucket, live: Live) -> None:
    del live
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    aws.call("s3", "put_bucket_ownership_controls", Bucket=want.name, OwnershipControls=controls)


def _put_policy(aws: Aws, want: S3Bucket, live: Live) -> None:
    arn = bucket_arn(aws.partition, want.name)
    statements = [*_foreign(live).statements, tls_statement(arn), *trail_statements(arn, want.trail)]
    document = {"Version": "2012-10-17", "Statement": statements}
    aws.call("s3", "put_bucket_policy", Bucket=want.name, Policy=json.dumps(document))


def _put_versioning(aws: Aws, want: S3Bucket, live: Live) -> None:
    """Once versioned, never unversioned again: it can only be suspended."""
    del live
    state = {"Status": "Enabled" if want.versioned else "Suspended"}
    aws.call("s3", "put_bucket_versioning", Bucket=want.name, VersioningConfiguration=state)


def _put_encryption(aws: Aws, want: S3Bucket, live: Live) -> None:
    del live
    service, _, key = want.encryption.partition(":")
    chosen = {"SSEAlgorithm": "AES256" if service == "s3" else "aws:kms"} | ({"KMSMasterKeyID": key} if key else {})
    # A bucket key spares a call to KMS for each object, which is billed.
    rule = {"ApplyServerSideEncryptionByDefault": chosen, "BucketKeyEnabled": service == "kms"}
    configuration = {"Rules": [rule]}
    aws.call("s3", "put_bucket_encryption", Bucket=want.name, ServerSideEncryptionConfiguration=configuration)


def _put_lifecycle(aws: Aws, want: S3Bucket, live: Live) -> None:
    """Write the tiers before the rule, and end them before it: a read takes the rule for the whole."""
    stood = cast("S3Bucket", live.resource).archive
    if want.archive != stood:
        _put_tiers(aws, want.name, tiers(want.archive), tiers(stood))
    rules = [*_foreign(live).rules, *lifecycle_rules(want.expire, want.archive)]
    if rules:
        configuration = {"Rules": rules}
        aws.call("s3", "put_bucket_lifecycle_configuration", Bucket=want.name, LifecycleConfiguration=configuration)
    else:
        aws.call("s3", "delete_bucket_lifecycle", Bucket=want.name)


def _put_tiers(aws: Aws, bucket: str, tierings: list[dict[str, Any]], stood: list[dict[str, Any]]) -> None:
    if tierings:
        configuration = {"Id": ARCHIVE, "Status": "Enabled", "Tierings": tierings}
        aws.call(
            "s3",
            "put_bucket_intelligent_tiering_configuration",
            Bucket=bucket,
            Id=ARCHIVE,
            IntelligentTieringConfiguration=configuration,
        )
    elif stood:
        gone = ("NoSuchConfiguration",)
        aws.call("s3", "delete_bucket_intelligent_tiering_configuration", absent=gone, Bucket=bucket, Id=ARCHIVE)


def _put_notifications(aws: Aws, want: S3Bucket, live: Live) -> None:
    del live
    ours = [notices.entry_for(one) for one in sorted(want.notifications, key=lambda one: one.id)]

    def change(standing: list[notices.Entry]) -> list[notices.Entry]:
        return [*(entry for entry in standing if not entry.get("Id", "").startswith(notices.OURS)), *ours]

    notices.rewrite(aws, want.name, change, eventbridge=want.events)


def _foreign(live: Live) -> Foreign:
    return cast("Foreign", live.detail)


WRITERS: dict[str, Callable[[Aws, S3Bucket, Live], None]] = {
    "public_access_blocked": _put_blocks,
    "owner_enforced": _put_ownership,
    "tls_only": _put_policy,
    "trail": _put_policy,
    "versioned": _put_versioning,
    "encryption": _put_encryption,
    "expire": _put_lifecycle,
    "archive": _put_lifecycle,
    "events": _put_notifications,
    "notifications": _put_notifications,
}
"""Which sub-document holds a field, in the order of writing: what keeps people out comes first."""
