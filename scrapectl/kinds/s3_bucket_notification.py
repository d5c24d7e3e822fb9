"""Turns an upload into a bucket that is not ours into a call of our function: one entry among those of others."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Fixed, Identity
from scrapectl.engine.ownership import ADDRESS, PIPELINE
from scrapectl.engine.resource import Aws, Key, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds.s3_bucket_rules import bucket_arn
from scrapectl.kinds.s3_notifications import (
    CREATED,
    Entry,
    Notification,
    entries_of,
    entry_for,
    notification_of,
    notifications_of,
    rewrite,
)

STARTER = "_starter"
"""How the name of the function ends that every entry of ours calls; before it stands the instance's."""
_PREFIX = "scrapectl-"


def notification_id(owner: str, trigger: str) -> str:
    """Say the id of the entry of an instance's trigger."""
    return f"{_PREFIX}{owner}-{trigger}"


def notification_address(id_: str) -> str:
    """Say the address of what has this id."""
    return f"s3_bucket_notification.{id_.removeprefix(_PREFIX).replace('.', '-')}"


@dataclass(frozen=True)
class S3BucketNotification(Resource):
    """An entry of a bucket's notifications, which carries no tags: its id and its function say whose it is.

    Attributes:
        id: `scrapectl-{instance}-{trigger}`.
        function: ARN of the instance's starter; one that calls another is none of ours.
        events: Never wanted otherwise.
    """

    bucket: Identity[str]
    id: Identity[str]
    function: Fixed[Any]
    prefix: str = ""
    suffix: str = ""
    events: tuple[str, ...] = CREATED

    kind: ClassVar[str] = "s3_bucket_notification"
    names_its_owner: ClassVar[bool] = True
    needs: ClassVar[Needs] = Needs(
        read=("s3:GetBucketNotification",),
        create=("s3:GetBucketNotification", "s3:PutBucketNotification"),
        update=("s3:GetBucketNotification", "s3:PutBucketNotification"),
        delete=("s3:GetBucketNotification", "s3:PutBucketNotification"),
        owned=("lambda:GetPolicy", "s3:GetBucketNotification"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {"s3:bucket": ("s3:::{exact}",), "lambda:function": ("lambda:{region}:{account}:function:{base}_starter",)}
    )

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Find the entry with this id."""
        bucket, id_ = key
        for entry in entries_of(notifications_of(aws, bucket) or {}):
            if entry.get("Id") == id_:
                return _standing(aws, bucket, notification_of(entry))
        return None

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Add the entry. AWS asks the function's policy at once, which lets the bucket in before."""
        del tags
        wanted = Notification(self.id, self.function, self.prefix, self.suffix, self.events)
        rewrite(aws, self.bucket, lambda standing: [*_others(standing, self.id), entry_for(wanted)])
        return _standing(aws, self.bucket, wanted)

    def update(self, aws: Aws, update: Update) -> None:
        """Put the entry anew."""
        self.create(aws, update.tags)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Take the entry away."""
        del removal
        bucket, id_ = live.resource.key()
        rewrite(aws, bucket, lambda standing: _others(standing, id_))

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """Ask who may call the owner's starter: the buckets among them are looked through."""
        function = f"{owner.replace('.', '-')}{STARTER}"
        found = aws.call("lambda", "get_policy", absent=("ResourceNotFoundException",), FunctionName=function)
        buckets = sorted(set(_callers(json.loads(found["Policy"])))) if found else []
        configurations = aws.gather([functools.partial(notifications_of, aws, bucket) for bucket in buckets])
        return [
            (bucket, entry["Id"])
            for bucket, configuration in zip(buckets, configurations, strict=True)
            for entry in entries_of(configuration or {})
            if _owner(notification_of(entry)) == owner
        ]


def _others(standing: list[Entry], id_: str) -> list[Entry]:
    return [entry for entry in standing if entry.get("Id") != id_]


def _callers(policy: Mapping[str, Any]) -> Iterator[str]:
    """The buckets that a function's policy lets call it."""
    for statement in policy["Statement"]:
        source = statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "")
        if statement.get("Principal") == {"Service": "s3.amazonaws.com"} and ":s3:::" in source:
            yield source.rpartition(":")[2]


def _owner(notification: Notification) -> str | None:
    """The instance that an entry is of: both its id and its function bear the name.

    One alone would not tell `eu-x` of `shop` from `x` of `shop-eu`.
    """
    function = str(notification.function).rpartition(":")[2]
    named = notification.id.removeprefix(_PREFIX)
    owner, joint = named[: len(function) - len(STARTER)], named[len(function) - len(STARTER) :][:1]
    ours = notification.id.startswith(_PREFIX) and joint == "-"
    return owner if ours and function == f"{owner.replace('.', '-')}{STARTER}" else None


def _standing(aws: Aws, bucket: str, notification: Notification) -> Live:
    owner = _owner(notification)
    tags = {PIPELINE: owner, ADDRESS: notification_address(notification.id)} if owner else {}
    resource = S3BucketNotification(
        bucket,
        notification.id,
        notification.function,
        notification.prefix,
        notification.suffix,
        notification.events,
    )
    arn = f"{bucket_arn(aws.partition, bucket)}#{notification.id}"  # it has none of its own
    return Live(cast("Resource", resource), {"arn": arn, "name": notification.id}, tags)
