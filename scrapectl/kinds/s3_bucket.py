"""Turns a bucket into S3's: private, encrypted, TLS only, with the expiry, archive and versions that are wanted."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, cast

from scrapectl.engine.marks import Identity
from scrapectl.engine.ownership import ON_DESTROY
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Removal, Resource, Scopes, Status, Update
from scrapectl.errors import AccessDenied, AwsError
from scrapectl.kinds import s3_bucket_contents as inside
from scrapectl.kinds import s3_notifications as notices
from scrapectl.kinds.s3_bucket_policy import is_our_statement, is_tls_only, statements_of, trail_of
from scrapectl.kinds.s3_bucket_rules import (
    ARCHIVE,
    Archive,
    Foreign,
    archive_of,
    archives,
    bucket_arn,
    expiry_of,
    is_ours,
)
from scrapectl.kinds.s3_bucket_writes import PUBLIC_ACCESS_BLOCKS, WRITERS
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("404", "NoSuchBucket")  # HeadBucket has no body to carry a code
_NO_LOCATION = "us-east-1"  # the one region that must not be named (AWS-FACTS §5)


@dataclass(frozen=True)
class S3Bucket(Resource):
    """A bucket.

    Attributes:
        encryption: "s3", "kms" (AWS's own key), or "kms:" and a key's ARN.
        expire: Prefix ("" is the whole bucket) to seconds, whole days, after which objects go; noncurrent versions
            and unfinished uploads under it go after 7 days.
        public_access_blocked: All four blocks are on; this and the next two are never wanted otherwise.
        owner_enforced: No ACLs: whoever writes, the bucket's owner owns.
        tls_only: Whatever comes without TLS is refused.
        events: EventBridge is told what happens in it. It is never switched off: rules of others may need it.
        notifications: The functions that it calls itself; entries of others are kept.
        trail: ARN of the trail of CloudTrail that may write into it.
    """

    name: Identity[str]
    versioned: bool = False
    encryption: str = "s3"
    expire: Mapping[str, int] = field(default_factory=dict)
    archive: Archive | None = None
    public_access_blocked: bool = True
    owner_enforced: bool = True
    tls_only: bool = True
    events: bool = False
    notifications: frozenset[notices.Notification] = frozenset()
    trail: Any = None

    kind: ClassVar[str] = "s3_bucket"
    tells_the_spec: ClassVar[bool] = True
    holds_data: ClassVar[bool] = True
    contents_name: ClassVar[tuple[str, str]] = ("object", "objects (older versions included)")
    sweep: ClassVar[str | None] = "s3:::"
    listing: ClassVar[Listing | None] = Listing("s3", "list_buckets", "Buckets", "Name")
    needs: ClassVar[Needs] = Needs(
        read=(
            "s3:GetBucketNotification",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetIntelligentTieringConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:ListBucket",
        ),
        create=(
            "s3:CreateBucket",
            "s3:GetBucketNotification",
            "s3:PutBucketNotification",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutIntelligentTieringConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:TagResource",
        ),
        update=(
            "s3:GetBucketNotification",
            "s3:GetBucketTagging",
            "s3:PutBucketNotification",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutIntelligentTieringConfiguration",
            "s3:PutLifecycleConfiguration",
        ),
        delete=(
            "s3:AbortMultipartUpload",
            "s3:DeleteBucket",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:ListBucketMultipartUploads",
            "s3:ListBucketVersions",
        ),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "s3:bucket": ("s3:::{exact}",),
            "s3:object": ("s3:::{exact}/*",),
        },
    )

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Ask whether it stands and whose it is, then for all its sub-documents side by side."""
        (name,) = key
        try:
            found = aws.call("s3", "head_bucket", absent=ABSENT, Bucket=name, ExpectedBucketOwner=aws.account)
            if found is None:
                return None
            if found.get("BucketRegion", aws.region) != aws.region:
                return _not_ours(aws, name, f"it stands in {found['BucketRegion']}")
            return _read_documents(aws, name)
        except AwsError as error:
            if error.code in ABSENT:  # it went between the calls
                return None
            if error.code != "403":
                raise
            _refuse_if_ours(aws, name)
            return _not_ours(aws, name, "it belongs to another account")

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it with its tags, then write what a new bucket does not have; an update makes up for a kill."""
        place: dict[str, Any] = {} if aws.region == _NO_LOCATION else {"LocationConstraint": aws.region}
        aws.call(
            "s3",
            "create_bucket",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            Bucket=self.name,
            CreateBucketConfiguration={**place, "Tags": tag_list(tags)},
        )
        new = S3Bucket(self.name, public_access_blocked=False, tls_only=False)
        changed = frozenset(name for name in WRITERS if getattr(self, name) != getattr(new, name))
        outputs = {"arn": bucket_arn(aws.partition, self.name), "name": self.name}
        self.update(aws, Update(Live(new, outputs, detail=Foreign()), changed, tags))
        return Live(self, outputs, dict(tags), detail=Foreign())

    def update(self, aws: Aws, update: Update) -> None:
        """Write each sub-document that differs, one after the other: S3 refuses two at once (AWS-FACTS §5)."""
        for write in dict.fromkeys(write for name, write in WRITERS.items() if name in update.changed):
            write(aws, self, update.live)

    def given(self, live: Live) -> Self:
        """Leave EventBridge on where it is on."""
        return replace(self, events=True) if cast("S3Bucket", live.resource).events and not self.events else self

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it; with what is in it only when options or its tag allow that, else S3 refuses unless it is empty."""
        name = cast("S3Bucket", live.resource).name
        if removal.delete_data or live.tags.get(ON_DESTROY) == "delete":
            inside.empty(aws, name)
        aws.call("s3", "delete_bucket", absent=ABSENT, Bucket=name)

    @classmethod
    def contents(cls, aws: Aws, live: Live) -> int:
        """Count its objects, older versions and delete markers."""
        return inside.count(aws, live.outputs["name"])

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN."""
        _, mark, name = arn.partition(":s3:::")
        return (name,) if mark and "/" not in name else None


def _refuse_if_ours(aws: Aws, name: str) -> None:
    """Tell a missing permission from another account's bucket: the answer to a HEAD has no words, this one's has.

    S3 says what is missing only within the account ("Troubleshoot access denied (403 Forbidden) errors").
    """
    try:
        aws.call("s3", "list_objects_v2", Bucket=name, MaxKeys=1, ExpectedBucketOwner=aws.account)
    except AccessDenied as denied:
        if denied.resource:
            raise
    except AwsError:
        return  # whatever else is the matter with it, it is not ours


def _not_ours(aws: Aws, name: str, reason: str) -> Live:
    """A bucket without tags, so that the planner refuses it."""
    outputs = {"arn": bucket_arn(aws.partition, name), "name": name}
    return Live(S3Bucket(name), outputs, {}, Status.BROKEN, reason)


def _read_documents(aws: Aws, name: str) -> Live:
    arn = bucket_arn(aws.partition, name)
    ask: Callable[..., Callable[[], Any]] = functools.partial
    tags, versioning, encryption, lifecycle, blocks, ownership, policy, told = aws.gather(
        [
            ask(aws.call, "s3", operation, absent=absent, Bucket=name)
            for operation, absent in (
                ("get_bucket_tagging", ("NoSuchTagSet",)),
                ("get_bucket_versioning", ()),
                ("get_bucket_encryption", ("ServerSideEncryptionConfigurationNotFoundError",)),
                ("get_bucket_lifecycle_configuration", ("NoSuchLifecycleConfiguration",)),
                ("get_public_access_block", ("NoSuchPublicAccessBlockConfiguration",)),
                ("get_bucket_ownership_controls", ("OwnershipControlsNotFoundError",)),
                ("get_bucket_policy", ("NoSuchBucketPolicy",)),
                ("get_bucket_notification_configuration", ()),
            )
        ]
    )
    rules = (lifecycle or {}).get("Rules", [])
    statements = statements_of(policy)
    called = map(notices.notification_of, notices.entries_of(told))
    resource = S3Bucket(
        name=name,
        versioned=versioning.get("Status") == "Enabled",
        encryption=_encryption_of(encryption),
        expire=expiry_of(rules),
        archive=_read_archive(aws, name) if archives(rules) else None,
        public_access_blocked=_all_on(blocks),
        owner_enforced=_owns(ownership),
        tls_only=is_tls_only(statements, arn),
        events=notices.tells_eventbridge(told),
        notifications=frozenset(one for one in called if one.id.startswith(notices.OURS)),
        trail=trail_of(statements, arn),
    )
    foreign = Foreign(
        tuple(rule for rule in rules if not is_ours(rule)),
        tuple(statement for statement in statements if not is_our_statement(statement)),
    )
    return Live(resource, {"arn": arn, "name": name}, tags_from_list((tags or {}).get("TagSet", ())), detail=foreign)


def _read_archive(aws: Aws, name: str) -> Archive:
    found = aws.call(
        "s3", "get_bucket_intelligent_tiering_configuration", absent=("NoSuchConfiguration",), Bucket=name, Id=ARCHIVE
    )
    tiering = found["IntelligentTieringConfiguration"] if found else {}
    return archive_of(tiering.get("Tierings", ()) if tiering.get("Status") == "Enabled" else ())


def _encryption_of(answer: Any) -> str:
    """Every object is encrypted by S3's own keys when nothing else is said."""
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"] if answer else [{}]
    chosen = rules[0].get("ApplyServerSideEncryptionByDefault", {"SSEAlgorithm": "AES256"})
    algorithm, key = chosen["SSEAlgorithm"], chosen.get("KMSMasterKeyID", "")
    if algorithm == "AES256":
        return "s3"
    if algorithm != "aws:kms":
        return str(algorithm)
    return "kms" if not key or key.endswith("alias/aws/s3") else f"kms:{key}"


def _all_on(answer: Any) -> bool:
    blocks = answer["PublicAccessBlockConfiguration"] if answer else {}
    return all(blocks.get(block) for block in PUBLIC_ACCESS_BLOCKS)


def _owns(answer: Any) -> bool:
    rules = answer["OwnershipControls"]["Rules"] if answer else []
    return any(rule["ObjectOwnership"] == "BucketOwnerEnforced" for rule in rules)
