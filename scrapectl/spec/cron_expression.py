"""Six fields of text → a `Cron` that knows every local minute at which it fires."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from scrapectl.spec.cron_days import DaysOf, days_of_month, days_of_week
from scrapectl.spec.cron_fields import HOURS, MINUTES, MONTH, YEAR, CronProblem, values_of

_FIELDS = "minutes hours day-of-month month day-of-week year"
_NICKNAMES = {
    "@HOURLY": "0 * * * ? *",
    "@DAILY": "0 0 * * ? *",
    "@MIDNIGHT": "0 0 * * ? *",
    "@WEEKLY": "0 0 ? * SUN *",
    "@MONTHLY": "0 0 1 * ? *",
    "@YEARLY": "0 0 1 1 ? *",
    "@ANNUALLY": "0 0 1 1 ? *",
}
_LONGEST_TEXT = 256  # AWS's own bound on a whole ScheduleExpression


@dataclass(frozen=True)
class Cron:
    """A cron expression of EventBridge, in local time; it knows no time zone."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: DaysOf
    months: tuple[int, ...]
    years: tuple[int, ...]

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str) -> Cron:
        """Read `minutes hours day-of-month month day-of-week year`.

        Raises:
            CronProblem: When AWS would refuse the text; the message says what to write instead.
        """
        fields = _split(text)
        minutes, hours, of_month, month, of_week, year = fields
        _one_question_mark(fields)
        return cls(
            text=" ".join(fields),
            minutes=tuple(sorted(values_of(MINUTES, minutes))),
            hours=tuple(sorted(values_of(HOURS, hours))),
            days=days_of_week(of_week) if of_month == "?" else days_of_month(of_month),
            months=tuple(sorted(values_of(MONTH, month))),
            years=tuple(sorted(values_of(YEAR, year))),
        )

    def matches(self, local: datetime) -> bool:
        """Tell whether it fires in that minute of local time."""
        return (
            local.minute in self.minutes
            and local.hour in self.hours
            and local.month in self.months
            and local.year in self.years
            and local.day in self.days(local.year, local.month)
        )

    def local_times(self, after: datetime) -> Iterator[datetime]:
        """Yield the local times (naive, to the minute) later than `after`, in order; ends with the year 2199.

        The calendar is walked month by month, so an expression that never fires ends after at most 2760 steps.
        """
        years = self.years[bisect_left(self.years, after.year) :]
        for year, month in ((y, m) for y in years for m in self.months if (y, m) >= (after.year, after.month)):
            for day in self.days(year, month):
                if (year, month, day) < (after.year, after.month, after.day):
                    continue
                for hour in self.hours:
                    times = (datetime(year, month, day, hour, minute) for minute in self.minutes)  # noqa: DTZ001, local
                    yield from (time for time in times if time > after)


def _split(text: str) -> list[str]:
    """Return the six fields in upper case."""
    fields = text.upper().split()
    if len(text) > _LONGEST_TEXT:
        raise CronProblem(f"a cron expression has at most {_LONGEST_TEXT} characters; this one has {len(text)}.")
    if text.strip().upper().startswith("CRON"):
        inside = text.strip()[4:].strip(" ()")
        raise CronProblem(f'"cron(…)" is added for you; write "{inside}".')
    if len(fields) == 1 and fields[0] in _NICKNAMES:
        raise CronProblem(f'EventBridge has no "{text.strip()}"; write "{_NICKNAMES[fields[0]]}".')
    if len(fields) == 6:  # noqa: PLR2004, six fields are the format itself
        _refuse_seconds(fields)
        return fields
    count = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
    count = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
    raise CronProblem(f'"{text}" has {count}; EventBridge has six: {_FIELDS}.{_six_of(fields)}')


def _refuse_seconds(fields: list[str]) -> None:
    """A `?` in the fourth or last of six fields comes from Quartz, where the first field is seconds."""
    instead = " ".join([*fields[1:], "*"])
    if "?" in (fields[3], fields[5]) and _fits(instead):
        raise CronProblem(
            f'EventBridge has no seconds: its first field is minutes and its last year; write "{instead}".'
        )


def _six_of(fields: list[str]) -> str:
    """Suggest the six fields that were probably meant, when they can be known."""
    candidates = [fields[1:]]
    if len(fields) == 5:  # noqa: PLR2004, Unix cron
        minute, hour, of_month, month, of_week = fields
        candidates = [
            [*fields, "*"],
            [minute, hour, of_month, month, "?", "*"] if of_week == "*" else [],
            [minute, hour, "?", month, _from_unix(of_week), "*"] if of_month == "*" else [],
        ]
    good = [" ".join(one) for one in candidates if len(one) == 6 and _fits(" ".join(one))]  # noqa: PLR2004, six fields
    return f' Write "{good[0]}".' if good else ' Write for example "0 6 * * ? *" for every day at 06:00.'


def _from_unix(of_week: str) -> str:
    """Unix counts Sunday as 0 or 7, EventBridge as 1."""
    return "".join(str(int(c) % 7 + 1) if c.isdigit() else c for c in of_week)


def _one_question_mark(fields: list[str]) -> None:
    """Exactly one of day-of-month and day-of-week must be `?`."""
    minute, hour, of_month, month, of_week, year = fields
    if (of_month == "?") != (of_week == "?"):
        return
    if of_month == "?":
        said, days = "both are", ("*", "?")
    elif of_month == "*" and of_week != "*":
        said, days = "neither is", ("?", of_week)
    else:
        said, days = "neither is", (of_month, "?")
    instead = f"{minute} {hour} {days[0]} {month} {days[1]} {year}"
    both = of_month not in ("?", "*") and of_week not in ("?", "*")
    more = f", and a second schedule for day-of-week {of_week}" if both else ""
    raise CronProblem(f'one of day-of-month and day-of-week must be "?", and {said}; write "{instead}"{more}.')


def _fits(text: str) -> bool:
    try:
        Cron.parse(text)
    except CronProblem:
        return False
    return True
