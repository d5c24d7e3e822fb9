"""An object that was written → the news of it: to EventBridge, to a bucket's destinations, to CloudTrail's trails.

S3's part of every flow. The request that writes only says so; the outbox brings the news, outside of any request.
"""

from __future__ import annotations

import gzip
import itertools
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from scrapectl.local import moto_private
from scrapectl.local.flows.bus import new_event, put_event
from scrapectl.local.flows.outbox import outbox_of
from scrapectl.local.flows.reach import NotDelivered, Sender, call_function, publish_to_topic, send_to_queue
from scrapectl.local.services.cloudtrail.selectors import hearing, hears_anything
from scrapectl.local.services.s3_notifications import SERVICE, configuration_of, destinations_of

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud
    from scrapectl.local.registry import Params

_CREATED = "s3:ObjectCreated:"
# The call that an event comes of, as EventBridge and CloudTrail name it.
_CALLS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
}
_ADDRESS = "127.0.0.1"


@dataclass
class Uploads:
    """How news of uploads is brought.

    Attributes:
        times: How often each is told: at least once is what AWS promises, so that tests may want two.
        numbers: What orders the writes of one moment.
    """

    times: int = 1
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))


@dataclass(frozen=True)
class Written:
    """An object as it was written.

    Attributes:
        event: `s3:ObjectCreated:Put` and the like.
        version: Its version; None in a bucket that never had any.
        sequencer: Hexadecimal digits: of two writes of a key the later has the greater.
    """

    event: str
    region: str
    bucket: str
    key: str
    size: int
    etag: str
    version: str | None
    sequencer: str
    at: float

    @property
    def call(self) -> str:
        """The call that wrote it."""
        return _CALLS[self.event.removeprefix(_CREATED)]


def listen(cloud: Cloud) -> None:
    """Have a cloud hear of every object that is written in it, however."""
    moto_private.hear_objects(lambda event, bucket, key: _hear(cloud, event, bucket, key))


def uploads_of(cloud: Cloud) -> Uploads:
    """Return how a cloud brings news of uploads."""
    return cloud.store(Uploads, "global")


def _hear(cloud: Cloud, event: str, bucket: Any, key: Any) -> None:
    region = str(bucket.region_name)
    of_parts = event == f"{_CREATED}Put" and key.multipart is not None  # moto says so, and then that it is complete
    if of_parts or not event.startswith(_CREATED):
        return
    if not configuration_of(cloud, bucket.name) and not hears_anything(cloud, region):
        return
    uploads, now = uploads_of(cloud), cloud.clock.now()
    sequencer = f"{int(now * 1000):012X}{next(uploads.numbers) & 0xFFFFFF:06X}"
    version = str(key.version_id) if bucket.versioning_status else None
    etag = str(key.etag).strip('"')
    written = Written(event, region, bucket.name, key.name, key.size, etag, version, sequencer, now)
    for _ in range(uploads.times):
        outbox_of(cloud).add(lambda: _tell(cloud, written))
    if hearing(cloud, region, f"arn:aws:s3:::{written.bucket}/{written.key}"):
        number = str(uuid.uuid4())
        for _ in range(uploads.times):
            outbox_of(cloud).add(lambda: _log(cloud, written, number), cloud.delays.trail_event)


def _tell(cloud: Cloud, written: Written) -> None:
    configuration = configuration_of(cloud, written.bucket)
    if "EventBridgeConfiguration" in configuration:
        put_event(cloud, written.region, lambda: _object_created(cloud, written))
    sender = Sender(SERVICE, f"arn:aws:s3:::{written.bucket}")
    for one in destinations_of(configuration):
        if not one.takes(written.event, written.key):
            continue
        text = json.dumps({"Records": [_record(cloud, written, one.id)]})
        try:
            if one.action.startswith("lambda:"):
                call_function(cloud, sender, one.arn, text)
            elif one.action.startswith("sqs:"):
                send_to_queue(cloud, sender, one.arn, text)
            else:
                publish_to_topic(cloud, sender, one.arn, text, subject="Amazon S3 Notification")
        except NotDelivered:
            continue  # S3 tells nobody of it either


def _object_created(cloud: Cloud, written: Written) -> Params:
    """S3 User Guide, "EventBridge event message structure"."""
    about = {"key": written.key, "size": written.size, "etag": written.etag}
    about |= {"version-id": written.version} if written.version else {}
    detail = {
        "version": "0",
        "bucket": {"name": written.bucket},
        "object": {**about, "sequencer": written.sequencer},
        "request-id": written.sequencer[-16:],
        "requester": cloud.account,
        "source-ip-address": _ADDRESS,
        "reason": written.call,
    }
    event = new_event(cloud, written.region, "aws.s3", "Object Created", detail)
    return event | {"resources": [f"arn:aws:s3:::{written.bucket}"]}


def _record(cloud: Cloud, written: Written, entry: str) -> Params:
    """S3 User Guide, "Event message structure": the key is encoded, as in a form."""
    about: Params = {"key": quote_plus(written.key), "size": written.size, "eTag": written.etag}
    about |= {"versionId": written.version} if written.version else {}
    who = {"principalId": cloud.account}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": written.region,
        "eventTime": f"{datetime.fromtimestamp(written.at, UTC):%Y-%m-%dT%H:%M:%S.000Z}",
        "eventName": written.event.removeprefix("s3:"),
        "userIdentity": who,
        "requestParameters": {"sourceIPAddress": _ADDRESS},
        "responseElements": {"x-amz-request-id": written.sequencer[-16:]},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": entry,
            "bucket": {"name": written.bucket, "ownerIdentity": who, "arn": f"arn:aws:s3:::{written.bucket}"},
            "object": {**about, "sequencer": written.sequencer},
        },
    }


def _log(cloud: Cloud, written: Written, number: str) -> None:
    """Tell EventBridge of the call as CloudTrail does, and write it down in the buckets of the trails that hear it."""
    arn = f"arn:aws:s3:::{written.bucket}/{written.key}"
    call = _api_call(cloud, written, number)
    kind = "AWS API Call via CloudTrail"
    put_event(cloud, written.region, lambda: new_event(cloud, written.region, "aws.s3", kind, call))
    day = f"{datetime.fromtimestamp(written.at, UTC):%Y/%m/%d}"
    for trail in hearing(cloud, written.region, arn):
        bucket, name = trail.document["S3BucketName"], f"{cloud.account}_CloudTrail_{written.region}_{number}.json.gz"
        key = f"AWSLogs/{cloud.account}/CloudTrail/{written.region}/{day}/{name}"
        body = gzip.compress(json.dumps({"Records": [call]}).encode(), mtime=0)
        cloud.call("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": body}, written.region)


def _api_call(cloud: Cloud, written: Written, number: str) -> Params:
    """CloudTrail User Guide, "CloudTrail record contents"; S3 User Guide, "CloudTrail log file entries for S3"."""
    answer = {"x-amz-server-side-encryption": "AES256"}
    answer |= {"x-amz-version-id": written.version} if written.version else {}
    bucket = f"arn:aws:s3:::{written.bucket}"
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "Root", "principalId": cloud.account, "accountId": cloud.account},
        "eventTime": f"{datetime.fromtimestamp(written.at, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": SERVICE,
        "eventName": written.call.replace("POST Object", "PostObject"),
        "awsRegion": written.region,
        "sourceIPAddress": _ADDRESS,
        "requestParameters": {"bucketName": written.bucket, "key": written.key, "Host": f"{written.bucket}.{SERVICE}"},
        "responseElements": answer,
        "requestID": written.sequencer[-16:],
        "eventID": number,
        "readOnly": False,
        "resources": [
            {"type": "AWS::S3::Object", "ARN": f"{bucket}/{written.key}"},
            {"type": "AWS::S3::Bucket", "ARN": bucket, "accountId": cloud.account},
        ],
        "eventType": "AwsApiCall",
        "managementEvent": False,
        "recipientAccountId": cloud.account,
        "eventCategory": "Data",
    }
