"""(AWS, owner) → what loaders have loaded and refused, as they have written it down beside what they staged."""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.errors import UsageError
from scrapectl.operate.runnable import Runnable
from scrapectl.spec import names

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

RECORDS = "records/"
GOOD = frozenset({"loaded", "skipped"})
KEPT_DAYS = 90
_ABSENT = ("NoSuchBucket", "NoSuchKey", "404")
_WINDOWS = (1, 8, KEPT_DAYS + 1)
"""Days back that are listed, one after the other, until enough is found: S3 lists the oldest first."""
_DAY = 86_400
_RECENT = 50
"""The newest loads of each that `status` looks at: one call of S3 each."""
DEAD_LETTERS = "dead-letters"
"""What a loader of messages is told to load again, where one of objects is told a record's key."""


@dataclass(frozen=True)
class Load:
    """One load of one loader, or one check of what a job left.

    `key` is the record's own; `state` is loaded, refused (because of its sources), failed (another try may do better)
    or skipped; `started` is in ISO 8601; `quarantine` is where refused rows lie; `alone` says that nothing before it
    counts once it is loaded: the table holds it alone, or it is a check, which is of one run.
    """

    key: str
    loader: str
    run: str
    state: str
    started: str = ""
    seconds: float | None = None
    rows: int = 0
    refused: int = 0
    sources: tuple[tuple[str, str, int | None], ...] = ()
    quarantine: str | None = None
    reason: str | None = None
    alone: bool = False

    @property
    def good(self) -> bool:
        """Whether nothing has to be done about it."""
        return self.state in GOOD


def loads_bucket(aws: Aws, owner: str) -> str:
    """The bucket that an instance's loaders write to."""
    pipeline, _, stage = owner.partition(".")
    return names.bucket_name(pipeline, stage or None, "loads", aws.account, aws.region)


def loaders_among(things: Mapping[str, Runnable]) -> list[str]:
    """The names of the loaders among what can be run."""
    return [name for name, thing in things.items() if getattr(thing, "loads", False)]


def recording(things: Mapping[str, Runnable]) -> list[str]:
    """The names of all whose loads, or checks, are written down."""
    return [name for name, each in things.items() if getattr(each, "loads", False) or getattr(each, "checked", False)]


def recorders(aws: Aws, owner: str) -> list[str]:
    """Who has written something down: loaders, and jobs whose items no loader reads."""
    ask = functools.partial(aws.pages, "s3", "list_objects_v2", "CommonPrefixes", absent=_ABSENT)
    found = ask(Bucket=loads_bucket(aws, owner), Prefix=RECORDS, Delimiter="/")
    return [entry["Prefix"].removeprefix(RECORDS).rstrip("/") for entry in found or ()]


def last_loads(aws: Aws, owner: str, who: Iterable[str], most: int, now: float) -> list[Load]:
    """The newest `most` of each, newest first; `now` in seconds since 1970."""
    asks = [functools.partial(_of, aws, loads_bucket(aws, owner), name, most, now) for name in who]
    found = [load for loads in aws.gather(asks) for load in loads]
    return sorted(found, key=lambda load: (load.started, load.key), reverse=True)


def last_refused(aws: Aws, owner: str, who: Collection[str], now: float) -> list[Load]:
    """The newest load of each that still waits to be done again."""
    loads = last_loads(aws, owner, who, _RECENT, now)
    found = [_waiting(load for load in loads if load.loader == name) for name in who]
    return sorted((load for load in found if load), key=lambda load: (load.started, load.key), reverse=True)


def to_retry(loads: Iterable[Load], name: str, run: str | None) -> Load:
    """The load that is to be done again: that of a run, else the newest one that waits for it.

    Raises:
        UsageError: There is none, or it went well.
    """
    mine = [load for load in loads if load.loader == name and run in {None, load.run}]
    if not mine:
        which = f"run {run}" if run else "load"
        raise UsageError(f"{name} has written down no {which} that was refused.", f"See: scrapectl load status {name}")
    load = mine[0] if run else _waiting(mine)
    if load is None or load.good:
        when = "" if run else "last "
        raise UsageError(f"The {when}load of {name} is {mine[0].state}: there is nothing to load again.", _AGAIN)
    return load


def _waiting(loads: Iterable[Load]) -> Load | None:
    """The newest of one loader's loads (they come newest first) that went wrong, and which no later one has mended.

    An object is mended once it is loaded in whatever version: a corrected upload is another one. A load that failed
    before it knew its objects is mended by any good one.
    """
    mended = set[str]()
    for load in loads:
        objects = {source for source, _, _ in load.sources}
        if not load.good and not (objects or {_UNKNOWN}) <= mended:
            return load
        if load.alone and load.state == "loaded":
            return None
        if load.good:
            mended |= {*objects, _UNKNOWN}
    return None


def _of(aws: Aws, bucket: str, name: str, most: int, now: float) -> list[Load]:
    keys = _keys(aws, bucket, name, most, now)
    return [load for load in aws.gather([functools.partial(_read, aws, bucket, key) for key in keys]) if load]


def _keys(aws: Aws, bucket: str, name: str, most: int, now: float) -> list[str]:
    """The newest keys; each begins with the moment of its load."""
    prefix = f"{RECORDS}{name}/"
    found: list[str] = []
    for days in _WINDOWS:
        since = dt.datetime.fromtimestamp(max(0.0, now - days * _DAY), dt.UTC)
        ask = functools.partial(aws.pages, "s3", "list_objects_v2", "Contents", absent=_ABSENT)
        entries = ask(Bucket=bucket, Prefix=prefix, StartAfter=f"{prefix}{since:%Y%m%dT%H%M%S}")
        found = sorted((entry["Key"] for entry in entries or ()), reverse=True)
        if len(found) >= most or entries is None:
            break
    return found[:most]


def _read(aws: Aws, bucket: str, key: str) -> Load | None:
    """Read a record; one that has expired since it was listed, or is no record, is none."""
    answer = aws.call("s3", "get_object", Bucket=bucket, Key=key, absent=_ABSENT)
    try:
        return None if answer is None else _load(key, json.loads(answer["Body"].read()))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _load(key: str, told: Mapping[str, Any]) -> Load:
    sources = [(str(one["source"]), str(one.get("version") or ""), one.get("rows")) for one in told["sources"]]
    return Load(
        key=key,
        loader=str(told["loader"]),
        run=str(told["run"]),
        state=str(told["state"]),
        started=str(told.get("started") or ""),
        seconds=told.get("seconds"),
        rows=int(told.get("rows") or 0),
        refused=int(told.get("refused") or 0),
        sources=tuple(sources),
        quarantine=told.get("quarantine"),
        reason=told.get("reason"),
        alone=bool(told.get("alone")),
    )


_UNKNOWN = ""
"""The object of a load that knew of none."""
_AGAIN = "What a table holds already is not loaded twice; upload another version to load it anew."
