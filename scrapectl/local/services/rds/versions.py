"""Which engines, versions, classes and storage RDS has: what is taken, and what a short version becomes.

Versions as of early 2026 (the user guide's release calendars); older minor versions are all taken, newer ones are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scrapectl.local.services.rds.state import contradicts, invalid

_NEWEST: dict[str, dict[str, int]] = {
    "postgres": {"13": 23, "14": 22, "15": 17, "16": 13, "17": 9, "18": 3},
    "mysql": {"8.0": 45, "8.4": 8},
}
PORTS = {"postgres": 5432, "mysql": 3306}
_LICENSES = {"postgres": "postgresql-license", "mysql": "general-public-license"}
_FAMILIES = {
    "t3": ("micro", "small", "medium", "large", "xlarge", "2xlarge"),
    "t4g": ("micro", "small", "medium", "large", "xlarge", "2xlarge"),
}
_LARGE = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge")
_LARGE_FAMILIES = ("m5", "m5d", "m6g", "m6gd", "m6i", "m7g", "m7i", "m8g", "r5", "r6g", "r6gd", "r6i", "r7g", "r7i",
                   "r8g", "x2g")  # fmt: skip
_CLASS = re.compile(r"db\.([a-z0-9]+)\.([a-z0-9]+)\Z")
STORAGE = {"gp2": range(20, 65_537), "gp3": range(20, 65_537), "io1": range(100, 65_537), "io2": range(100, 65_537)}
_WITH_IOPS_FROM = 400


@dataclass(frozen=True)
class Size:
    """How large an instance's storage is, and of what type."""

    engine: str
    storage_type: str
    gib: int
    most: int | None


def whole_version(engine: str, wanted: str | None) -> str:
    """Return the version with its minor number: the newest when it was left out, as AWS's default is near it.

    Raises:
        Refusal: There is no such engine or version.
    """
    if engine not in _NEWEST:
        raise invalid(f"Invalid DB engine: {engine}")
    known = _NEWEST[engine]
    major = wanted or list(known)[-2 if engine == "postgres" else -1]
    if major in known:
        return f"{major}.{known[major]}"
    series, _, minor = major.rpartition(".")
    if series in known and minor.isdigit() and int(minor) <= known[series]:
        return major
    raise contradicts(f"Cannot find version {wanted} for {engine}")


def major(engine: str, version: str) -> str:
    """Return the part of a version that only a major upgrade changes."""
    return version.partition(".")[0] if engine == "postgres" else version.rpartition(".")[0]


def check_upgrade(engine: str, before: str, after: str, *, allowed: bool) -> None:
    """Refuse to go back, and to another major version without saying so.

    Raises:
        Refusal: As AWS says it.
    """
    old, new = (_numbers(version) for version in (before, after))
    if new < old:
        raise contradicts(f"Cannot upgrade {engine} from {before} to {after}")
    if major(engine, before) != major(engine, after) and not allowed:
        raise contradicts("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def check_class(engine: str, version: str, name: str) -> None:
    """Refuse an instance class that RDS does not have.

    Raises:
        Refusal: As AWS says it.
    """
    found = _CLASS.match(name)
    sizes = _FAMILIES.get(found[1], _LARGE if found[1] in _LARGE_FAMILIES else ()) if found else ()
    if not sizes:
        raise invalid(f"Invalid DB Instance class: {name}")
    if found and found[2] not in sizes:
        raise contradicts(
            "RDS does not support creating a DB instance with the following combination: "
            f"DBInstanceClass={name}, Engine={engine}, EngineVersion={version}, LicenseModel={_LICENSES[engine]}. "
            "For supported combinations of instance class and database engine version, see the documentation."
        )


def check_storage(size: Size) -> None:
    """Refuse a size of storage that its type does not have, or that may never grow.

    Raises:
        Refusal: As AWS says it.
    """
    bounds = STORAGE.get(size.storage_type)
    if bounds is None:
        raise invalid(f"Invalid storage type: {size.storage_type}")
    if size.gib not in bounds:
        engine = f"engine name {size.engine} and storage type {size.storage_type}"
        raise invalid(f"Invalid storage size for {engine}: {size.gib}")
    if size.most is not None and size.most * 10 < size.gib * 11:  # the user guide, on storage autoscaling
        raise contradicts("Max storage size must be at least 10% greater than the allocated storage size")


def check_iops(engine: str, storage_type: str, gib: int, iops: int | None) -> None:
    """Refuse provisioned IOPS on small gp3 storage.

    Raises:
        Refusal: As AWS says it.
    """
    if storage_type == "gp3" and iops is not None and gib < _WITH_IOPS_FROM:
        raise contradicts(
            f"You can't specify IOPS or storage throughput for engine {engine} and a storage size less than 400."
        )


def license_of(engine: str) -> str:
    """Return the licence model of an engine."""
    return _LICENSES[engine]
