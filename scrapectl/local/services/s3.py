"""S3 beyond moto: tags given at creation, a new bucket's defaults, tiering, policies, names that rest a while."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services import s3_notifications

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_BUSY = "A conflicting conditional operation is currently in progress against this resource. Please try again."
_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_ENCRYPTED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
_OWNED = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
_TIER_DAYS = {"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}
_MOST_TIER_DAYS = 730


@dataclass
class Buckets:
    """What moto does not keep of buckets, by bucket name; names are global, so this stands once for the account."""

    deleted_at: dict[str, float] = field(default_factory=dict)
    tiering: dict[str, dict[str, Params]] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)

    def forget(self, bucket: str) -> None:
        """Drop what was kept of a bucket that is gone."""
        self.tiering.pop(bucket, None)
        self.policies.pop(bucket, None)


def _buckets(cloud: Cloud) -> Buckets:
    return cloud.store(Buckets, "global")


@operation("s3", "CreateBucket")
def create_bucket(call: Call) -> Params:
    """Create a bucket with its tags and AWS's defaults: public access blocked, encrypted, no ACLs."""
    bucket = call.params["Bucket"]
    if bucket.startswith(_RESERVED_STARTS) or bucket.endswith(_RESERVED_ENDS):
        raise Refusal("InvalidBucketName", "The specified bucket is not valid.", 400)
    if call.params.get("ACL", "private").startswith("public"):
        raise Refusal("InvalidBucketAclWithBlockPublicAccessError", "Bucket cannot have public ACLs set", 400)
    deleted_at = _buckets(call.cloud).deleted_at.get(bucket, float("-inf"))
    if call.cloud.clock.now() - deleted_at < call.cloud.delays.bucket_name:
        raise Refusal("OperationAborted", _BUSY, 409)
    existed = _exists(call, bucket)
    result = call.moto()
    if not existed:
        target = {"Bucket": bucket}
        call.moto(target | {"PublicAccessBlockConfiguration": _BLOCKED}, "PutPublicAccessBlock")
        call.moto(target | {"ServerSideEncryptionConfiguration": _ENCRYPTED}, "PutBucketEncryption")
        call.moto(target | {"OwnershipControls": _OWNED}, "PutBucketOwnershipControls")
        tags = (call.params.get("CreateBucketConfiguration") or {}).get("Tags")
        if tags:
            call.moto(target | {"Tagging": {"TagSet": tags}}, "PutBucketTagging")
    return result


def _exists(call: Call, bucket: str) -> bool:
    try:
        call.moto({"Bucket": bucket}, "HeadBucket")
    except Refusal:
        return False
    return True


def _must_stand(call: Call) -> str:
    bucket: str = call.params["Bucket"]
    if not _exists(call, bucket):
        raise Refusal("NoSuchBucket", "The specified bucket does not exist", 404)
    return bucket


@operation("s3", "DeleteBucket")
def delete_bucket(call: Call) -> Params:
    """Delete an empty bucket; its name rests for a while."""
    bucket = call.params["Bucket"]
    result = call.moto()
    buckets = _buckets(call.cloud)
    buckets.deleted_at[bucket] = call.cloud.clock.now()
    buckets.forget(bucket)
    s3_notifications.forget(call.cloud, bucket)
    return result


@check("s3", "PutBucketLifecycleConfiguration")
def check_lifecycle(call: Call) -> None:
    """Refuse rules without action, with one Id twice, or that abort uploads by tag."""
    rules = (call.params.get("LifecycleConfiguration") or {}).get("Rules", [])
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(ids)) < len(ids):
        raise Refusal("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule", 400)
    actions = ("Expiration", "Transitions", "NoncurrentVersionExpiration", "NoncurrentVersionTransitions")
    for rule in rules:
        aborts = rule.get("AbortIncompleteMultipartUpload")
        if not aborts and not any(rule.get(action) for action in actions):
            raise Refusal("InvalidRequest", "At least one action needs to be specified in a rule", 400)
        if aborts and "Tag" in str(rule.get("Filter", "")):
            message = "AbortIncompleteMultipartUpload cannot be specified with Tags"
            raise Refusal("InvalidRequest", message, 400)


def _tiering(call: Call) -> dict[str, Params]:
    return _buckets(call.cloud).tiering.setdefault(_must_stand(call), {})


@operation("s3", "PutBucketIntelligentTieringConfiguration")
def put_tiering(call: Call) -> Params:
    """Keep one tiering configuration: each tier once, within its days."""
    wanted = call.params["IntelligentTieringConfiguration"]
    tierings: list[dict[str, Any]] = wanted.get("Tierings", [])
    days = {tiering["AccessTier"]: tiering["Days"] for tiering in tierings}
    late_enough = all(_TIER_DAYS[tier] <= number <= _MOST_TIER_DAYS for tier, number in days.items())
    in_order = days.get("ARCHIVE_ACCESS", 0) < days.get("DEEP_ARCHIVE_ACCESS", _MOST_TIER_DAYS + 1)
    if not days or len(days) < len(tierings) or not late_enough or not in_order or wanted["Id"] != call.params["Id"]:
        raise Refusal("InvalidArgument", "The intelligent tiering configuration is not valid", 400)
    _tiering(call)[wanted["Id"]] = wanted
    return {}


@operation("s3", "GetBucketIntelligentTieringConfiguration")
def get_tiering(call: Call) -> Params:
    """Answer one tiering configuration."""
    found = _tiering(call).get(call.params["Id"])
    if found is None:
        raise Refusal("NoSuchConfiguration", "The specified configuration does not exist.", 404)
    return {"IntelligentTieringConfiguration": found}


@operation("s3", "DeleteBucketIntelligentTieringConfiguration")
def delete_tiering(call: Call) -> Params:
    """Drop one tiering configuration."""
    if _tiering(call).pop(call.params["Id"], None) is None:
        raise Refusal("NoSuchConfiguration", "The specified configuration does not exist.", 404)
    return {}


@operation("s3", "ListBucketIntelligentTieringConfigurations")
def list_tiering(call: Call) -> Params:
    """Answer every tiering configuration of a bucket."""
    return {"IsTruncated": False, "IntelligentTieringConfigurationList": list(_tiering(call).values())}


@operation("s3", "PutBucketPolicy")
def put_policy(call: Call) -> Params:
    """Keep the policy from moto, which would take a Deny with a condition (TLS only) for a Deny of everything."""
    bucket = _must_stand(call)
    try:
        statements = json.loads(call.params["Policy"])["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal("MalformedPolicy", "This policy contains invalid Json", 400) from error
    if not statements:
        raise Refusal("MalformedPolicy", "Could not parse the policy: Statement is empty!", 400)
    _buckets(call.cloud).policies[bucket] = call.params["Policy"]
    return {}


@operation("s3", "GetBucketPolicy")
def get_policy(call: Call) -> Params:
    """Answer the policy as it was put."""
    text = _buckets(call.cloud).policies.get(_must_stand(call))
    if text is None:
        raise Refusal("NoSuchBucketPolicy", "The bucket policy does not exist", 404)
    return {"Policy": text}


@operation("s3", "DeleteBucketPolicy")
def delete_policy(call: Call) -> Params:
    """Drop the policy; that there was none is no error."""
    _buckets(call.cloud).policies.pop(_must_stand(call), None)
    return {}
