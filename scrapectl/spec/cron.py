"""What the spec says under `cron`, `rate` and `at` → AWS's expression, what is wrong with it, and when it fires.

Written here because the libraries are wrong about EventBridge: they take five fields or seconds, count days from 0,
refuse `LW` or `6L`, or never return from `0/0`. Grammar: "Schedule types in EventBridge Scheduler", User Guide.
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import islice
from zoneinfo import ZoneInfo

from scrapectl.spec.cron_expression import Cron
from scrapectl.spec.cron_fields import YEAR, CronProblem

__all__ = ["Cron", "CronProblem", "check_at", "check_cron", "check_rate", "check_timezone", "next_times", "to_aws"]

_UNITS = {"m": "minute", "h": "hour", "d": "day"}
_AT = "%Y-%m-%dT%H:%M:%S"
_LONGEST_RATE = 99_999  # of any unit: keeps every sum within the calendar; AWS names no bound


def check_cron(text: str) -> str | None:
    """Return what AWS would refuse in a six-field cron, and what to write instead; None when it is right."""
    return _problem("cron", text)


def fires(text: str) -> bool:
    """Say whether a right cron ever comes, in any year that EventBridge knows; the 31st of February never does."""
    return next(Cron.parse(text).local_times(datetime(1970, 1, 1)), None) is not None  # noqa: DTZ001, local


def check_rate(text: str) -> str | None:
    """Return what is wrong with a rate such as `1h` or `15m`; None when it is right."""
    return _problem("rate", text)


def check_at(text: str) -> str | None:
    """Return what is wrong with a moment such as `2026-12-24T06:00:00`; None when it is right."""
    return _problem("at", text)


def check_timezone(text: str) -> str | None:
    """Return what is wrong with an IANA time zone such as `America/Detroit`; None when it is right."""
    zones = importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    if text in zones:
        return None
    exact = [zone for zone in zones if zone.lower() == text.lower()]
    close = exact or get_close_matches(text, zones, 1, 0.6)
    return f'"{text[:50]}" is no time zone. ' + (
        f'Did you mean "{close[0]}"?' if close else 'Write an IANA name such as "America/Detroit" or "UTC".'
    )


def to_aws(kind: str, text: str) -> str:
    """Return AWS's expression: (`cron`, `0 6 * * ? *`) → `cron(0 6 * * ? *)`, (`rate`, `1h`) → `rate(1 hour)`.

    Raises:
        CronProblem: When AWS would refuse the text.
    """
    if kind == "cron":
        return f"cron({Cron.parse(text).text})"
    if kind == "rate":
        amount, unit = _rate(text)
        return f"rate({amount} {unit}{'' if amount == 1 else 's'})"
    if kind == "at":
        return f"at({_at(text)})"
    raise CronProblem(f'"{kind}" is no kind of schedule; write cron, rate or at.')


def next_times(
    expression: str,
    timezone: str,
    after: datetime,
    count: int,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    anchor: datetime | None = None,
) -> list[datetime]:
    """Return the next times at which AWS starts a schedule, in its own time zone.

    A local time that does not exist is skipped, a repeated one fires once, the first time ("Daylight savings time on
    EventBridge Scheduler"). A rate's day is 24 hours; it counts from its start date, which is its first time, or else
    from its creation.

    Args:
        expression: AWS's own form: `cron(…)`, `rate(…)` or `at(…)`.
        timezone: An IANA name, in which cron and at are read.
        after: Aware; only later times are returned.
        count: How many at most.
        start: Aware; StartDate. AWS ignores it, and `end`, for `at`.
        end: Aware; EndDate.
        anchor: Aware; when the schedule was created; `after` when left out. For a rate without start date.

    Raises:
        CronProblem: When AWS would refuse the expression.
    """
    kind, _, inside = expression.strip().removesuffix(")").partition("(")
    zone, now = ZoneInfo(timezone), after.astimezone(UTC)
    if kind == "at":
        moment = _in_zone(datetime.fromisoformat(_at(inside)), zone)
        return [moment.astimezone(zone)][:count] if moment and moment > now else []
    if kind == "rate":
        found = _rate_times(_period(inside), now, start, anchor or after)
    elif kind == "cron":
        found = _cron_times(Cron.parse(inside), zone, now, start)
    else:
        raise CronProblem(f'"{expression}" is none of cron(…), rate(…) and at(…).')
    times = []
    for moment in islice(found, max(0, count)):
        if end and moment > end.astimezone(UTC):
            break
        times.append(moment.astimezone(zone))
    return times


def _cron_times(cron: Cron, zone: ZoneInfo, now: datetime, start: datetime | None) -> Iterator[datetime]:
    """Yield the times in UTC, where comparing is safe: two times of one zone are compared by their local clock."""
    first = max(now, start.astimezone(UTC) - timedelta(microseconds=1)) if start else now
    for local in cron.local_times(first.astimezone(zone).replace(tzinfo=None)):
        moment = _in_zone(local, zone)
        if moment and moment > first:
            yield moment


def _in_zone(local: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the moment, in UTC, of the first time the clock shows it; None for a time the clock leaves out."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None, fold=0) == local else None


def _rate_times(period: timedelta, now: datetime, start: datetime | None, created: datetime) -> Iterator[datetime]:
    origin = (start or created).astimezone(UTC)
    passed = (now - origin) // period + 1
    number = max(passed, 0 if start else 1)
    while True:
        try:
            yield origin + number * period
        except OverflowError:
            return
        number += 1


def _period(inside: str) -> timedelta:
    """The content of AWS's `rate(…)`; AWS's Scheduler takes singular and plural alike."""
    found = re.fullmatch(r"([1-9][0-9]{0,4}) (minute|hour|day)s?", inside)
    if not found:
        raise CronProblem(f'"rate({inside})" is no rate; AWS has "rate(1 hour)", in minutes, hours or days.')
    return timedelta(**{f"{found[2]}s": int(found[1])})


def _problem(kind: str, text: str) -> str | None:
    try:
        to_aws(kind, text)
    except CronProblem as problem:
        return str(problem)
    return None


def _rate(text: str) -> tuple[int, str]:
    """Return amount and unit in AWS's words, or say what to write instead."""
    text = text.strip()
    if text.startswith("rate"):
        raise CronProblem('"rate(…)" is added for you; write the duration alone, such as "1h".')
    found = re.fullmatch(r"([0-9]{1,9})([smhdw])", text)
    if not found:
        raise CronProblem(f'"{text}" is no rate; write whole minutes, hours or days, such as "15m", "1h" or "7d".')
    amount, unit = int(found[1]), found[2]
    if amount == 0:
        raise CronProblem(f'"{text}" never moves on; write at least "1m".')
    if unit == "s":
        raise CronProblem(f'"{text}": EventBridge counts in whole minutes; write "{max(1, round(amount / 60))}m".')
    if unit == "w":
        raise CronProblem(f'"{text}": EventBridge has no weeks; write "{amount * 7}d".')
    if amount > _LONGEST_RATE:
        raise CronProblem(f'"{text}" is too long; write at most "{_LONGEST_RATE}{unit}".')
    return amount, _UNITS[unit]


def _at(text: str) -> str:
    """Return the moment as AWS takes it: to the second and without a zone."""
    text = text.strip()
    example = 'such as "2026-12-24T06:00:00"'
    if text.startswith("at("):
        raise CronProblem(f'"at(…)" is added for you; write the moment alone, {example}.')
    if re.search(r"T.*(Z|[+-][0-9]{2}:?[0-9]{2})$", text):
        raise CronProblem(
            f'"{text}": a moment has no zone; write it without, {example}, and put the zone in `timezone`.'
        )
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}", text):
        raise CronProblem(f'"{text}" is no moment; write year-month-dayThours:minutes:seconds, {example}.')
    try:
        year = datetime.strptime(text, _AT).year  # noqa: DTZ007, local by definition
    except ValueError:
        raise CronProblem(f'"{text}" is not in the calendar; write a day and a time that exist, {example}.') from None
    if not YEAR.low <= year <= YEAR.high:
        raise CronProblem(f'"{text}": the year is not {YEAR.bounds}; write a moment in those years, {example}.')
    return text
