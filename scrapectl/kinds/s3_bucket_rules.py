"""Turns expiry and archiving into S3's lifecycle rules and tiers, and a bucket's own rules back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DAY = 86400
ARCHIVE = "scrapectl-archive"
_EXPIRE = "scrapectl-expire-"
_LEFTOVER_DAYS = 7
"""How long noncurrent versions and unfinished uploads stay under a prefix that expires."""


@dataclass(frozen=True)
class Archive:
    """Intelligent-Tiering from day 0; `after` and `deep_after` (seconds, whole days) switch on its archive tiers."""

    after: int | None = None
    deep_after: int | None = None


@dataclass(frozen=True)
class Foreign:
    """What others wrote into sub-documents that S3 only replaces whole: it is written back each time."""

    rules: tuple[Mapping[str, Any], ...] = ()
    statements: tuple[Mapping[str, Any], ...] = ()


def bucket_arn(partition: str, name: str) -> str:
    """Say the ARN that a bucket will have."""
    return f"arn:{partition}:s3:::{name}"


def lifecycle_rules(expire: Mapping[str, int], archive: Archive | None) -> list[dict[str, Any]]:
    """Write our rules; `expire` is prefix → seconds."""
    rules = [_expire_rule(prefix, seconds // DAY) for prefix, seconds in sorted(expire.items())]
    return rules if archive is None else [*rules, _archive_rule()]


def expiry_of(rules: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Read our expiry rules back as prefix → seconds; one that is not as we write it counts as none."""
    found: dict[str, int] = {}
    for rule in rules:
        prefix, days = _prefix(rule), rule.get("Expiration", {}).get("Days", 0)
        if _same(rule, _expire_rule(prefix, days)):
            found[prefix] = days * DAY
    return found


def archives(rules: Iterable[Mapping[str, Any]]) -> bool:
    """Whether our archiving rule stands as we write it."""
    return any(_same(rule, _archive_rule()) for rule in rules)


def is_ours(rule: Mapping[str, Any]) -> bool:
    """Whether a rule's ID is one of ours."""
    name = str(rule.get("ID", ""))
    return name == ARCHIVE or name.startswith(_EXPIRE)


def tiers(archive: Archive | None) -> list[dict[str, Any]]:
    """Write the archive tiers that Intelligent-Tiering shall use."""
    if archive is None:
        return []
    wanted = (("ARCHIVE_ACCESS", archive.after), ("DEEP_ARCHIVE_ACCESS", archive.deep_after))
    return [{"AccessTier": tier, "Days": seconds // DAY} for tier, seconds in wanted if seconds is not None]


def archive_of(tierings: Iterable[Mapping[str, Any]]) -> Archive:
    """Read the archive tiers back."""
    days = {tiering["AccessTier"]: tiering["Days"] * DAY for tiering in tierings}
    return Archive(days.get("ARCHIVE_ACCESS"), days.get("DEEP_ARCHIVE_ACCESS"))


def _expire_rule(prefix: str, days: int) -> dict[str, Any]:
    digest = hashlib.sha256(prefix.encode()).hexdigest()[:8]
    return {
        "ID": f"{_EXPIRE}{digest}",
        "Status": "Enabled",
        "Filter": {"Prefix": prefix},
        "Expiration": {"Days": days},
        "NoncurrentVersionExpiration": {"NoncurrentDays": _LEFTOVER_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _LEFTOVER_DAYS},
    }


def _archive_rule() -> dict[str, Any]:
    return {
        "ID": ARCHIVE,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Transitions": [{"Days": 0, "StorageClass": "INTELLIGENT_TIERING"}],
    }


def _same(live: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    """Compare rules; S3 may give an empty filter, or the prefix in its older place."""
    spelled = {name: value for name, value in live.items() if name not in {"Filter", "Prefix"}}
    return spelled | {"Filter": {"Prefix": _prefix(live)}} == ours and _by_prefix_alone(live)


def _by_prefix_alone(rule: Mapping[str, Any]) -> bool:
    return set(rule.get("Filter", {})) <= {"Prefix"}


def _prefix(rule: Mapping[str, Any]) -> str:
    return str(rule.get("Filter", {}).get("Prefix", rule.get("Prefix", "")))
