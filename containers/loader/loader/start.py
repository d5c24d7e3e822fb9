"""Turns what started a loader, its environment or an event, into the one object that is meant, or none."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNVERSIONED = {"", "null", "None"}  # S3's "null" is the one version that a bucket without versions has

_OF_EVENT = ("bucket", "key", "version", "run", "retry")


@dataclass(frozen=True)
class Start:
    """One start of a loader.

    Attributes:
        run: The name that an execution gave, or a new one; safe as a part of an object's key.
        bucket: Of the upload that started it; "" when none did.
        version: "" in a bucket without versions.
        retry: The key of a record whose sources are to be loaded again; of messages, any word; "" for none.
        since: When the job began whose output is to be checked, in seconds since 1970; 0 when nothing tells.
    """

    run: str
    bucket: str = ""
    key: str = ""
    version: str = ""
    retry: str = ""
    since: float = 0

    @classmethod
    def of(cls, told: Mapping[str, str], since: float = 0) -> Start:
        """Read BUCKET, KEY, VERSION, RUN and RETRY; a job of AWS Batch that nobody named is named by its id."""
        run = told.get("RUN") or told.get("AWS_BATCH_JOB_ID") or uuid.uuid4().hex
        version = told.get("VERSION", "")
        return cls(
            run=re.sub(r"[^\w.-]", "-", run)[:128],
            bucket=told.get("BUCKET", ""),
            key=told.get("KEY", ""),
            version="" if version in UNVERSIONED else version,
            retry=told.get("RETRY", ""),
            since=since,
        )

    @classmethod
    def of_event(cls, event: Mapping[str, Any], request: str) -> Start:
        """Read a function's event: its own keys in small letters, over those in its `environment`."""
        told = {str(name): str(value) for name, value in (event.get("environment") or {}).items()}
        told |= {name.upper(): str(event[name]) for name in _OF_EVENT if event.get(name)}
        began = (event.get("detail") or {}).get("startedAt") or 0  # of AWS Batch's "Job State Change", in milliseconds
        return cls.of({"RUN": request} | told, since=began / 1000)
