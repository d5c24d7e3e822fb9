"""Backup and maintenance windows: their form, whether they overlap, and when the next one begins."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from scrapectl.local.services.rds.state import contradicts, invalid

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BACKUP = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)\Z")
_MAINTENANCE = re.compile(r"(\w{3}):([01]\d|2[0-3]):([0-5]\d)-(\w{3}):([01]\d|2[0-3]):([0-5]\d)\Z")
_DAY, _WEEK, _SHORTEST = 1440, 7 * 1440, 30


def check_windows(backup: str, maintenance: str, *, backs_up: bool = True) -> None:
    """Refuse windows of a wrong form, under half an hour, or that overlap.

    Raises:
        Refusal: As AWS says it.
    """
    backup_at, backup_for = _daily(backup)
    at, length = _weekly(maintenance)
    for what, minutes in (("backup", backup_for), ("maintenance", length)):
        if minutes < _SHORTEST:
            raise invalid(f"The {what} window must be at least 30 minutes.")
    if length >= _DAY:
        raise invalid("The maintenance window must be less than 24 hours.")
    for day in range(7) if backs_up else ():
        start = day * _DAY + backup_at
        if (start - at) % _WEEK < length or (at - start) % _WEEK < backup_for:
            raise contradicts("The backup window and maintenance window must not overlap.")


def _daily(window: str) -> tuple[int, int]:
    found = _BACKUP.match(window)
    if found is None:
        raise invalid(f"Invalid backup window format: {window}. Should be specified as a range hh24:mi-hh24:mi.")
    start, end = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
    return start, (end - start) % _DAY


def _weekly(window: str) -> tuple[int, int]:
    """Return the minute of the week, from Monday 00:00 UTC, at which the window begins, and its length."""
    found = _MAINTENANCE.match(window.lower())
    if found is None or found[1] not in DAYS or found[4] not in DAYS:
        raise invalid(
            f"Invalid maintenance window format: {window}. "
            "Should be specified as a range ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC)."
        )
    start, end = (DAYS.index(found[n]) * _DAY + int(found[n + 1]) * 60 + int(found[n + 2]) for n in (1, 4))
    return start, (end - start) % _WEEK


def next_window(maintenance: str, now: float) -> float:
    """Return when the next maintenance window begins, or `now` inside one; seconds since 1970."""
    start, length = _weekly(maintenance)
    moment = datetime.fromtimestamp(now, UTC)
    minute = moment.weekday() * _DAY + moment.hour * 60 + moment.minute
    if (minute - start) % _WEEK < length:
        return now
    return now - moment.second + ((start - minute) % _WEEK) * 60
