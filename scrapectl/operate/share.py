"""A place in a bucket of a pipeline → its newest object, a link to it, and a mail with that link."""

from __future__ import annotations

import datetime as dt
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.aws.links import presigned
from scrapectl.engine.ownership import ADDRESS, PIPELINE
from scrapectl.errors import UsageError
from scrapectl.spec.names import entry_name

if TYPE_CHECKING:
    from scrapectl.aws.session import Session
    from scrapectl.spec.model import Spec

LONGEST = 7 * 86400
"""Seconds that a link signed with version 4 may hold ("Sharing objects with presigned URLs", S3 User Guide)."""


@dataclass(frozen=True)
class Link:
    """A link to an object; `passing` when the keys that signed it end before it may."""

    bucket: str
    key: str
    size: int
    modified: dt.datetime
    url: str
    until: dt.datetime
    passing: bool = False


def bucket_of(aws: Session, owner: str, key: str, spec: Spec | None) -> str:
    """The physical name of a bucket, from the spec or, without it, by the tags of what stands.

    Raises:
        UsageError: There is no such bucket.
    """
    if spec is not None:
        if key in spec.buckets:
            bucket = spec.buckets[key]
            existing = (bucket.existing or "").rpartition(":")[2]
            return existing or entry_name((spec.pipeline, spec.stage), "buckets", bucket, aws.account, aws.region)
        raise _unknown(key, list(spec.buckets))
    found = aws.pages(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList",
        TagFilters=[{"Key": PIPELINE, "Values": [owner]}],
        ResourceTypeFilters=["s3"],
    )
    base, names = owner.replace(".", "-"), {}
    for entry in found:
        tags = {tag["Key"]: tag["Value"] for tag in entry["Tags"]}
        name = tags.get(ADDRESS, "").removeprefix(f"s3_bucket.{base}-")
        names[name] = str(entry["ResourceARN"]).rpartition(":")[2]
    if key not in names:
        raise _unknown(key, sorted(names))
    return names[key]


def newest(aws: Session, bucket: str, prefix: str, seconds: int) -> Link:
    """A link to the newest object below a prefix; what ends in "/" is a folder's mark, and no object.

    Raises:
        UsageError: Nothing stands there.
    """
    listed = aws.pages("s3", "list_objects_v2", "Contents", absent=("NoSuchBucket",), Bucket=bucket, Prefix=prefix)
    objects: list[dict[str, Any]] = [entry for entry in listed or () if not entry["Key"].endswith("/")]
    if not objects:
        raise UsageError(f"Nothing stands in s3://{bucket}/{prefix}.", "Run what writes there first: scrapectl run")
    found = max(objects, key=lambda entry: (entry["LastModified"], entry["Key"]))
    url, passing = presigned(aws, bucket, found["Key"], seconds)
    until = aws.now() + dt.timedelta(seconds=seconds)
    return Link(bucket, found["Key"], found["Size"], found["LastModified"], url, until, passing)


def sender_of(aws: Session, wanted: str | None, to: str) -> str:
    """The address that mails come from: what is given, else the receiver's own, else the account's only one.

    Raises:
        UsageError: SES sends for none of them, or it may not send to the receiver.
    """
    sender = wanted or _usual_sender(aws, to)
    if not _sends_for(aws, sender):
        make = f"aws sesv2 create-email-identity --email-identity {sender} --region {aws.region}"
        raise UsageError(f"SES in {aws.region} sends for no {sender} yet.", f"Have it confirm the mail of: {make}")
    if not aws.call("sesv2", "get_account").get("ProductionAccessEnabled", True) and not _sends_for(aws, to):
        hint = "Ask AWS for production access of SES, or confirm the receiver's address too."
        raise UsageError(f"SES in {aws.region} is in its sandbox, and sends to no {to}.", hint)
    return sender


def mail(aws: Session, link: Link, sender: str, to: str) -> None:
    """Send the link; a lost answer is not repeated blindly, for that would be a second mail."""
    name = link.key.rpartition("/")[2]
    until = f"{link.until:%Y-%m-%d %H:%M} UTC"
    about = f"{name}, {link.size} bytes, of {link.modified:%Y-%m-%d %H:%M} UTC:"
    text = f"{about}\n\n{link.url}\n\nThe link holds until {until}.\n"
    body = {"Subject": {"Data": name[:200]}, "Body": {"Text": {"Data": text, "Charset": "UTF-8"}}}
    aws.call(
        "sesv2",
        "send_email",
        blind_retry=False,
        FromEmailAddress=sender,
        Destination={"ToAddresses": [to]},
        Content={"Simple": body},
    )


def _usual_sender(aws: Session, to: str) -> str:
    listed = aws.call("sesv2", "list_email_identities", PageSize=100)["EmailIdentities"]
    able = [one["IdentityName"] for one in listed if one["IdentityType"] == "EMAIL_ADDRESS" and one["SendingEnabled"]]
    if to in able:
        return to
    if len(able) == 1:
        return str(able[0])
    there = f"It has: {', '.join(able[:5])}." if able else "It has none that is verified."
    raise UsageError(f"Which address of SES in {aws.region} is the sender?", f"Give --sender. {there}")


def _sends_for(aws: Session, address: str) -> bool:
    """Whether SES has verified an address or its domain."""
    for identity in (address, address.rpartition("@")[2]):
        found = aws.call("sesv2", "get_email_identity", absent=("NotFoundException",), EmailIdentity=identity)
        if found and found.get("VerifiedForSendingStatus"):
            return True
    return False


def _unknown(key: str, names: list[str]) -> UsageError:
    close = difflib.get_close_matches(key, names, 1)
    hint = f'Did you mean "{close[0]}"?' if close else f"There are: {', '.join(names) or 'none'}."
    return UsageError(f'There is no bucket "{key}".', hint)
