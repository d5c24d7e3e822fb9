"""Turn the news of an upload into one run of what it is to start, however often and in whatever way the news comes.

Runs as a Lambda function, with nothing but its runtime: `routes.json` beside it says what starts what (README.md).
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

WRITES = {"PutObject", "CompleteMultipartUpload", "CopyObject"}
UNVERSIONED = {None, "", "null"}  # S3's "null" is the one version that a bucket without versions has
EVENTBRIDGE, CLOUDTRAIL, NOTIFICATION = "eventbridge", "cloudtrail", "notification"


class NotUnderstood(Exception):
    """What came looks like news of an upload, and does not say of which."""


@dataclass(frozen=True)
class Upload:
    """An object that was written.

    Attributes:
        via: How it was heard of; a trigger listens to one way alone.
        key: As S3 has it, not encoded.
        version: "" in a bucket without versions.
        moment: What tells this write from another of the same key, when no version does.
    """

    via: str
    bucket: str
    key: str
    version: str
    moment: str


def handler(event: Any, _context: object = None) -> None:
    """Start what each upload starts; what fails is raised when all were tried, and Lambda tries again."""
    failed: list[Exception] = []
    for upload in uploads(event):
        found = triggers_of(upload)
        if not found:
            say("left", upload, reason="no trigger listens here")
        for name, trigger in found:
            try:
                start(name, trigger, upload)
            except Exception as error:  # noqa: BLE001 - the other uploads have no second chance but this one
                say("failed", upload, trigger=name, reason=f"{type(error).__name__}: {error}")
                failed.append(error)
    if failed:
        raise ExceptionGroup("uploads that started nothing", failed)


@functools.cache
def routes() -> dict[str, Any]:
    """Read what starts what."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("routes.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def client() -> Any:
    """Make the client of Step Functions, once."""
    import boto3  # noqa: PLC0415 - the tests need none

    return boto3.client("stepfunctions")


def uploads(event: Any) -> list[Upload]:
    """List what was written; nothing, with a line in the log, of news of something else.

    Raises:
        NotUnderstood: it is none of the three ways, or lacks what tells which object.
    """
    if not isinstance(event, dict):
        raise NotUnderstood(f"an event must be an object: {event!r:.200}")
    try:
        return [upload for upload in _read(event) if upload is not None]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotUnderstood(f"{type(error).__name__} {error}: {json.dumps(event, default=str)[:1000]}") from error


def _read(event: dict[str, Any]) -> Iterator[Upload | None]:
    kind, source = event.get("detail-type"), event.get("source")
    if "Records" in event:
        yield from map(_notified, event["Records"])
    elif event.get("Event") == "s3:TestEvent":  # what S3 sends when notifications are set up
        say("left", reason="a test event")
    elif source == "aws.s3" and kind == "Object Created":
        yield _created(event["detail"])
    elif source == "aws.s3" and kind == "AWS API Call via CloudTrail":
        yield _logged(event["detail"])
    elif source is not None and kind is not None:
        say("left", reason=f"{kind} of {source} starts nothing")
    else:
        raise KeyError("neither Records nor a detail-type")


def _created(detail: dict[str, Any]) -> Upload:
    """Read EventBridge's "Object Created" (S3 User Guide, "EventBridge event message structure")."""
    written = detail["object"]
    version, sequencer = written.get("version-id"), written.get("sequencer")
    return _upload(EVENTBRIDGE, detail["bucket"]["name"], written["key"], version, sequencer)


def _logged(detail: dict[str, Any]) -> Upload | None:
    """Read a call that CloudTrail logged; one that failed wrote nothing."""
    if detail["eventName"] not in WRITES or detail.get("errorCode"):
        say("left", reason=f"{detail['eventName']} {detail.get('errorCode') or 'writes no object'}")
        return None
    asked, answer = detail["requestParameters"], detail.get("responseElements") or {}
    version = answer.get("x-amz-version-id")
    return _upload(CLOUDTRAIL, asked["bucketName"], asked["key"], version, detail["eventID"])


def _notified(record: dict[str, Any]) -> Upload | None:
    """Read one record of a bucket's notification, whose keys are encoded as in a form."""
    if record["eventSource"] != "aws:s3" or not record["eventName"].startswith("ObjectCreated:"):
        say("left", reason=f"{record['eventName']} of {record['eventSource']} starts nothing")
        return None
    written = record["s3"]["object"]
    version, sequencer = written.get("versionId"), written.get("sequencer")
    return _upload(NOTIFICATION, record["s3"]["bucket"]["name"], _plain(written["key"]), version, sequencer)


def _plain(key: str) -> str:
    """Decode a key; one that is no UTF-8 then would be another object's."""
    return unquote_plus(key, errors="strict")


def _upload(via: str, bucket: Any, key: Any, version: Any, moment: Any) -> Upload:
    told = "" if version in UNVERSIONED else version
    if not all(isinstance(text, str) for text in (bucket, key, told, told or moment)) or not (told or moment):
        raise TypeError("bucket, key, and version or sequencer must be text")
    return Upload(via, bucket, key, told, moment or "")


def triggers_of(upload: Upload) -> list[tuple[str, dict[str, Any]]]:
    """List the triggers that listen where the object lies, by name; what S3's console makes as a folder is none."""
    return [
        (name, trigger)
        for name, trigger in routes()["triggers"].items()
        if (trigger["via"], trigger["bucket"]) == (upload.via, upload.bucket)
        and upload.key.startswith(trigger["prefix"])
        and upload.key.endswith(trigger["suffix"])
        and not upload.key.endswith("/")
    ]


def start(name: str, trigger: dict[str, Any], upload: Upload) -> None:
    """Start one execution; Step Functions takes its name once in 90 days, so that news told twice starts one."""
    run = run_of(name, upload)
    given = {
        "bucket": upload.bucket,
        "key": upload.key,
        "version": upload.version,
        "copies": {prefix: below for prefix in trigger["copies"] if (below := path_below(prefix, upload.key))},
    }
    try:
        client().start_execution(stateMachineArn=trigger["machine"], name=run, input=json.dumps(given))
    except Exception as error:
        if error_code(error) != "ExecutionAlreadyExists":
            raise
        say("known", upload, trigger=name, run=run)
    else:
        say("started", upload, trigger=name, run=run)


def run_of(name: str, upload: Upload) -> str:
    """Name a run by what started it: another version of a key, or another write of it, is another run."""
    whole = (name, upload.bucket, upload.key, upload.version or upload.moment)
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


def path_below(prefix: str, key: str) -> str | None:
    r"""Say where an object lies below a prefix, as a filter of DataSync takes it: `\`, `*` and `|` are escaped."""
    if not key.startswith(prefix) or key == prefix:
        return None
    return "/" + re.sub(r"([\\*|])", r"\\\1", key[len(prefix) :])


def error_code(error: Exception) -> str:
    """Read the code of an error of AWS; "" of any other."""
    return str((getattr(error, "response", None) or {}).get("Error", {}).get("Code", ""))


def say(what: str, upload: Upload | None = None, **more: str) -> None:
    """Write one line of JSON to the log: text from outside is quoted."""
    about = {"bucket": upload.bucket, "key": upload.key, "version": upload.version} if upload else {}
    print(json.dumps({"starter": what, **about, **more}))
