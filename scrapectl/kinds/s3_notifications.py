"""Turns which uploads wake which function into entries of a bucket's notifications, and back, with others' kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scrapectl.engine.resource import Aws

CREATED = ("s3:ObjectCreated:*",)
OURS = "scrapectl_"
"""How the ids of a bucket's own entries begin. Those of pipelines that use it as `existing:` begin with `scrapectl-`
(SPEC, "Rules for the whole language"), and are as foreign to it as anybody's."""
_ABSENT = ("NoSuchBucket", "404")
_EVENTBRIDGE = "EventBridgeConfiguration"
_FUNCTIONS = "LambdaFunctionConfigurations"
# S3 takes the whole list at once, with no way to say which list was read: two writers of ours would lose an entry.
_ONE_AT_A_TIME = threading.Lock()

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Notification:
    """A function that is called for each object that comes under a prefix, with a suffix ("" is any).

    Attributes:
        id: Names the entry within the bucket.
        function: The function's ARN.
        events: Never wanted otherwise.
    """

    id: str
    function: Any
    prefix: str = ""
    suffix: str = ""
    events: tuple[str, ...] = CREATED


def notifications_of(aws: Aws, bucket: str) -> Any:
    """Ask for the whole configuration; None when there is no such bucket."""
    return aws.call("s3", "get_bucket_notification_configuration", absent=_ABSENT, Bucket=bucket)


def tells_eventbridge(configuration: Entry) -> bool:
    """Whether EventBridge hears of all that happens in the bucket."""
    return _EVENTBRIDGE in configuration


def entries_of(configuration: Entry) -> list[Entry]:
    """List the entries that wake functions."""
    return list(configuration.get(_FUNCTIONS, ()))


def notification_of(entry: Entry) -> Notification:
    """Read one entry."""
    found = {rule["Name"].lower(): rule["Value"] for rule in _rules(entry)}
    return Notification(
        entry.get("Id", ""),
        entry["LambdaFunctionArn"],
        found.get("prefix", ""),
        found.get("suffix", ""),
        tuple(sorted(entry["Events"])),
    )


def entry_for(notification: Notification) -> Entry:
    """Write one entry."""
    rules = [
        {"Name": name, "Value": value}
        for name, value in (("prefix", notification.prefix), ("suffix", notification.suffix))
        if value
    ]
    entry = {"Id": notification.id, "LambdaFunctionArn": notification.function, "Events": list(notification.events)}
    return {**entry, "Filter": {"Key": {"FilterRules": rules}}} if rules else entry


def rewrite(
    aws: Aws, bucket: str, change: Callable[[list[Entry]], Iterable[Entry]], *, eventbridge: bool = False
) -> None:
    """Write the configuration anew, as it stands at this moment but for our entries.

    Args:
        aws: Where.
        bucket: Its name.
        change: Makes of the entries that wake functions those that shall stand.
        eventbridge: Switch EventBridge on; it is never switched off, for rules of others may need it.
    """
    with _ONE_AT_A_TIME:
        standing = notifications_of(aws, bucket)
        if standing is None:
            return
        wanted = {**standing, _FUNCTIONS: list(change(entries_of(standing)))}
        if eventbridge:
            wanted[_EVENTBRIDGE] = {}
        filled = {name: _as_put(value) for name, value in wanted.items() if value or name == _EVENTBRIDGE}
        aws.call("s3", "put_bucket_notification_configuration", Bucket=bucket, NotificationConfiguration=filled)


def _rules(entry: Entry) -> list[Mapping[str, str]]:
    return list(entry.get("Filter", {}).get("Key", {}).get("FilterRules", ()))


def _as_put(value: Any) -> Any:
    """Spell entries as they are put: S3 answers "Prefix" where it takes "prefix" (its API reference, FilterRule)."""
    if not isinstance(value, list):
        return value
    return [
        {
            **entry,
            "Filter": {"Key": {"FilterRules": [{**rule, "Name": rule["Name"].lower()} for rule in _rules(entry)]}},
        }
        if _rules(entry)
        else entry
        for entry in value
    ]
