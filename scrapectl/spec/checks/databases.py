"""Finds databases that Amazon RDS refuses: versions, names, storage, windows, and networks that may reach them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from scrapectl.spec.checks.public import check_public
from scrapectl.spec.checks.reserved import is_reserved
from scrapectl.spec.findings import one_of, show
from scrapectl.spec.model import Attribute, Template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Database, Function, Host, Job, Spec, Warehouse

# The oldest and the newest known of what RDS makes; one it makes later is AWS's to judge.
_KNOWN = {"postgres": ("13", "14", "15", "16", "17", "18"), "mysql": ("8.0", "8.4")}
_VERSION = {"postgres": r"([0-9]+)(\.[0-9]+)?", "mysql": r"([0-9]+\.[0-9]+)(\.[0-9]+)?"}
_SUFFIX = r"(-R[0-9]+|-rds\.[0-9]+)?"
_NAMES = {"postgres": "PostgreSQL", "mysql": "MySQL"}
# CreateDBInstance, MasterUsername: 1 to 16 for MySQL, 1 to 63 for PostgreSQL.
_USERNAME_LENGTH = {"postgres": 63, "mysql": 16}
_MOST_STORAGE = 65536  # GiB
_MORE_STORAGE = 1.1  # "Managing capacity automatically with storage autoscaling": at least 10 % above
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOMENT = rf"({'|'.join(_DAYS)}):([01][0-9]|2[0-3]):([0-5][0-9])"
_WEEK = 7 * 24 * 60
_SHORTEST, _LONGEST = 30, 24 * 60
# What AWS keeps in a secret that it manages itself.
_SECRET_KEYS = ("username", "password")
_SECTIONS: dict[str, Callable[[Spec], Mapping[str, Database | Warehouse]]] = {
    "database": lambda spec: spec.databases,
    "warehouse": lambda spec: spec.warehouses,
}


def check_databases(spec: Spec, findings: Findings) -> None:
    """Check every database, and what it needs of the network."""
    for database in spec.databases.values():
        if database.existing is not None:
            continue
        _check_version(database, findings)
        _check_names(database, findings)
        _check_storage(database, findings)
        for number, written in enumerate(database.public):
            check_public(written, f"{database.origin}.public.{number}", findings)
        if database.maintenance is not None:
            _check_window(database.maintenance, f"{database.origin}.maintenance", findings)
        if len(spec.network.subnets) == 1:
            message = "RDS wants subnets in two zones, and the network has one subnet."
            findings.add(database.origin, message, "Add a subnet of another zone to network.subnets.")
        if spec.network.made and spec.network.made.zones == 1:
            message = "RDS wants subnets in two zones, and the network has one."
            findings.add(database.origin, message, "Write zones: 2 under network.")


def check_database_secrets(spec: Spec, job: Job | Function | Host, findings: Findings) -> None:
    """In the secret that AWS makes for a database or a warehouse stand a username and a password, and nothing else."""
    for variable, ref in job.secrets.items():
        first = ref.arn.parts[0] if isinstance(ref.arn, Template) else None
        if not isinstance(first, Attribute) or first.section not in _SECTIONS or ref.json_key is None:
            continue
        database = _SECTIONS[first.section](spec).get(first.name)
        if database and database.existing is None and ref.json_key not in _SECRET_KEYS:
            message = f"the secret that AWS makes has no {show(ref.json_key)}."
            rest = f"${{{first.section}.{first.name}.…}}"
            hint = f'Write "{first}:password" or "{first}:username"; the rest is known: {rest}.'
            findings.add(f"{job.origin}.secrets.{variable}", message, hint)


def _check_version(database: Database, findings: Findings) -> None:
    path, engine, known = f"{database.origin}.version", database.engine, _KNOWN[database.engine]
    if not database.version:
        return
    found = re.fullmatch(_VERSION[engine] + _SUFFIX, database.version)
    if found is None:
        message = f"{show(database.version)} is no version of {_NAMES[engine]}."
        findings.add(path, message, f"Write {one_of(known)}, or a whole version such as {_example(engine)}.")
    elif found[1] not in known and _numbers(found[1]) < _numbers(known[-1]):
        message = f"RDS makes no {_NAMES[engine]} {found[1]} any more."
        if _numbers(found[1]) > _numbers(known[0]):
            message = f"there is no {_NAMES[engine]} {found[1]}."
        findings.add(path, message, f"Write {one_of(known)}.")


def _example(engine: str) -> str:
    return {"postgres": "16.4", "mysql": "8.0.40"}[engine]


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _check_names(database: Database, findings: Findings) -> None:
    origin, engine = database.origin, database.engine
    if is_reserved(engine, database.database):
        message = f"{show(database.database)} is a word of {_NAMES[engine]}'s own, and can be no database's name."
        written = "database" in database.places
        hint = "Choose another name." if written else f"Write database: {database.database}_data, for example."
        findings.add(f"{origin}.database", message, hint)
    if is_reserved(engine, database.username):
        message = f"{show(database.username)} is a word of {_NAMES[engine]}'s own, and can be no user's name."
        findings.add(f"{origin}.username", message, "Choose another name, or leave it out for scrapectl.")
    longest = _USERNAME_LENGTH[engine]
    if len(database.username) > longest:
        message = f"{show(database.username)} is {len(database.username)} characters long."
        findings.add(f"{origin}.username", message, f"{_NAMES[engine]} allows {longest}.")


def _check_storage(database: Database, findings: Findings) -> None:
    if database.max_storage is None or not findings.is_sound(f"{database.origin}.storage"):
        return
    least = math.ceil(round(database.storage * _MORE_STORAGE, 3))
    if database.max_storage < least:
        message = f"max_storage, {database.max_storage}, is not 10 % above storage, {database.storage}."
        hint = f"Write {least} or more, or remove it." if least <= _MOST_STORAGE else "Remove it."
        findings.add(f"{database.origin}.max_storage", message, hint)


def _check_window(written: str, path: str, findings: Findings) -> None:
    window = window_of(written)
    if window is None:
        hint = "Write days and times in UTC: sat:05:00-sat:05:30."
        findings.add(path, f"{show(written)} is no maintenance window.", hint)
    elif not _SHORTEST <= window[1] <= _LONGEST:
        message = f"the window is {window[1]} minutes long."
        findings.add(path, message, "AWS wants 30 minutes to 24 hours: write sat:05:00-sat:05:30, for example.")


def window_of(written: str) -> tuple[int, int] | None:
    """Read "sat:05:00-sat:05:30" as the minute of the week (from Monday, UTC) at which it begins, and its minutes."""
    found = re.fullmatch(f"{_MOMENT}-{_MOMENT}", written.lower())
    if found is None:
        return None
    start, end = (_minute(*found.groups()[first : first + 3]) for first in (0, 3))
    return start, (end - start) % _WEEK


def _minute(day: str, hour: str, minute: str) -> int:
    return (_DAYS.index(day) * 24 + int(hour)) * 60 + int(minute)
