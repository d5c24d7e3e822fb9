"""Finds power hours that AWS would not keep, and what never falls into them: schedules of jobs, maintenance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from scrapectl.spec.checks.databases import window_of
from scrapectl.spec.checks.schedules import check_cron_at, check_zone_at
from scrapectl.spec.cron import next_times
from scrapectl.spec.findings import show

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Database, Power, Schedule, Spec

# Looked at from a fixed day, so that a spec that is right today is right tomorrow.
_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
# "Stopping an Amazon RDS DB instance temporarily": after seven days AWS starts it again.
_LONGEST_STOP = timedelta(days=7)
# Where to look for the last change before a moment: close by first, because crons may be dense.
_WINDOWS = (timedelta(hours=1), timedelta(days=1), timedelta(days=8))
_ROUNDS = 400  # days or weeks of a schedule that are tried: more than a year, which shows every change of the clocks
_MOST = 1000
_WEEKS = 53
_TOLD = 20  # of one database: more take their time, and are mended alike


def check_power(spec: Spec, findings: Findings) -> None:
    """Check the power hours of every database, and then the schedules of the jobs that connect to it."""
    for database in spec.databases.values():
        if database.power is not None:
            _check_hours(database.power, findings)
            if findings.is_sound(database.power.origin):
                _check_window(database, database.power, findings)
                _check_jobs(spec, database, database.power, findings)


def _check_hours(power: Power, findings: Findings) -> None:
    for key, text in (("start", power.start), ("stop", power.stop)):
        check_cron_at(f"{power.origin}.{key}", text, findings)
    check_zone_at(f"{power.origin}.timezone", power.timezone, findings)
    if not findings.is_sound(power.origin):
        return
    if power.start.split() == power.stop.split():
        findings.add(f"{power.origin}.stop", "starts and stops at once.", "Write another time.")
        return
    longest = _longest_stop(power)
    if longest > _LONGEST_STOP:
        message = f"leaves it stopped for {longest.days} days, and AWS starts it again after 7."
        findings.add(f"{power.origin}.start", message, "Start it more often, or stop it again: a daily stop holds it.")


def _longest_stop(power: Power) -> timedelta:
    """The longest time between a stop and what follows it, a start or one more stop."""
    stops, starts = (_times(power, text, _FIRST, _MOST) for text in (power.stop, power.start))
    # Where one of them is dense the other is known for longer, and would seem to be alone.
    until = min((times[-1] for times in (stops, starts) if len(times) == _MOST), default=None)
    marked = sorted([(moment, True) for moment in stops] + [(moment, False) for moment in starts])
    known = [(moment, stop) for moment, stop in marked if until is None or moment <= until]
    return max((later - moment for (moment, stop), (later, _) in pairwise(known) if stop), default=timedelta(0))


def _check_window(database: Database, power: Power, findings: Findings) -> None:
    """What waits for the maintenance window waits for ever when the database is never up in it."""
    path = f"{database.origin}.maintenance"
    window = window_of(database.maintenance) if database.maintenance and findings.is_sound(path) else None
    if database.changes != "window" or window is None:
        return
    # The first day is a Monday, as the week of the window begins; a year of weeks shows every change of the clocks.
    begins = [_FIRST + timedelta(weeks=week, minutes=window[0]) for week in range(_WEEKS)]
    if not any(_is_up(power, begin) for begin in begins):
        message = f"the database is never up in that window ({_hours(power)}), and changes wait for it."
        findings.add(path, message, "Choose a window in its hours, in UTC, or write changes: now.")


def _check_jobs(spec: Spec, database: Database, power: Power, findings: Findings) -> None:
    jobs = [job for job in spec.jobs.values() if database.key in job.access.connect]
    schedules = [
        schedule
        for job in jobs
        for schedule in job.schedules.values()
        if schedule.rate is None and schedule.enabled and findings.is_sound(schedule.origin)
    ]
    missing = (schedule for schedule in schedules if not _meets(schedule, power))
    for schedule in islice(missing, _TOLD):
        key = "cron" if schedule.cron is not None else "at"
        message = f"never starts while the database {show(database.key)} is up ({_hours(power)})."
        hint = f"Choose a time in those hours, or change {power.origin}."
        findings.add(f"{schedule.origin}.{key}", message, hint)


def _meets(schedule: Schedule, power: Power) -> bool:
    """Whether any start falls into the up-hours; one that never starts meets them in no wrong way.

    From a start that finds the database down, the next one worth a look is the first after the next power-up.
    """
    begin = _date(schedule.from_date) or _FIRST
    end = _date(schedule.to_date)
    moment = _next_start(schedule, min(begin, _FIRST) - timedelta(minutes=1), begin, end)
    flex = timedelta(seconds=schedule.flex or 0)
    if moment is None:
        return True
    for _ in range(_ROUNDS):
        if _is_up(power, moment) or (flex and _is_up(power, moment + flex)):
            return True
        up = next(iter(_times(power, power.start, moment, 1)), None)
        moment = up and _next_start(schedule, up - timedelta(microseconds=1), begin, end)
        if moment is None:
            return False
    return False


def _next_start(schedule: Schedule, after: datetime, begin: datetime, end: datetime | None) -> datetime | None:
    if schedule.at is not None:
        found = next_times(f"at({schedule.at})", schedule.timezone, after, 1)
    else:
        found = next_times(f"cron({schedule.cron})", schedule.timezone, after, 1, start=begin, end=end)
    return found[0].astimezone(UTC) if found else None


def _is_up(power: Power, moment: datetime) -> bool:
    """Whether the last change until a moment was a start; without one in eight days it stays as AWS leaves it: up."""
    for window in _WINDOWS:
        starts, stops = (_times(power, text, moment - window, _MOST, moment) for text in (power.start, power.stop))
        if starts or stops:
            return bool(starts) and (not stops or starts[-1] > stops[-1])
    return True


def _times(power: Power, text: str, after: datetime, count: int, end: datetime | None = None) -> tuple[datetime, ...]:
    return _times_in_zone(text, power.timezone, after, count, end)


@lru_cache(maxsize=256)  # all schedules of a spec are held against the same few power-ups, by several checks
def _times_in_zone(text: str, zone: str, after: datetime, count: int, end: datetime | None) -> tuple[datetime, ...]:
    return tuple(moment.astimezone(UTC) for moment in next_times(f"cron({text})", zone, after, count, end=end))


def _hours(power: Power) -> str:
    return f"{power.start} to {power.stop}, {power.timezone}"


def _date(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text is not None else None
    except OverflowError:  # a zone beyond the calendar's ends
        return None
