"""The two day fields of a cron expression → the days of any month on which it fires."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Collection
from functools import partial

from scrapectl.spec.cron_fields import DAY_OF_MONTH, DAY_OF_WEEK, CronProblem, number_of, values_of

#: (year, month) → the days of that month, ascending.
DaysOf = Callable[[int, int], list[int]]

_SATURDAY, _SUNDAY = 5, 6  # as `calendar` counts: Monday is 0


def days_of_month(text: str) -> DaysOf:
    """Return the days that a day-of-month field means: `1,15`, `*`, `L`, `LW` or `15W`.

    Raises:
        CronProblem: When AWS would refuse the text.
    """
    if text == "L":
        return _last_day
    if text == "LW":
        return _last_weekday
    if nearest := re.fullmatch(r"([0-9]+)W", text):
        return partial(_nearest_weekday, number_of(DAY_OF_MONTH, nearest[1]))
    return partial(_listed_days, sorted(values_of(DAY_OF_MONTH, text)))


def days_of_week(text: str) -> DaysOf:
    """Return the days that a day-of-week field means: `MON-FRI`, `*`, `L` (Saturday), `6L` or `MON#1`.

    Raises:
        CronProblem: When AWS would refuse the text.
    """
    if text == "L":
        return partial(_weekdays, {7})
    if last := re.fullmatch(r"([0-9]+|[A-Z]{3})L", text):
        return partial(_last_of, number_of(DAY_OF_WEEK, last[1]))
    day, hash_sign, nth = text.partition("#")
    if not hash_sign or "," in text:
        return partial(_weekdays, values_of(DAY_OF_WEEK, text))
    if not re.fullmatch(r"[1-5]", nth):
        raise CronProblem(f'day-of-week "{text}": 1 to 5 must follow "#"; write "{day}#1" for the first of the month.')
    return partial(_nth_of, number_of(DAY_OF_WEEK, day), int(nth))


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _listed_days(days: list[int], year: int, month: int) -> list[int]:
    length = _length(year, month)
    return [day for day in days if day <= length]


def _last_day(year: int, month: int) -> list[int]:
    return [_length(year, month)]


def _last_weekday(year: int, month: int) -> list[int]:
    last = _length(year, month)
    return [last - max(0, calendar.weekday(year, month, last) - 4)]


def _nearest_weekday(day: int, year: int, month: int) -> list[int]:
    """Monday to Friday nearest the day, never in another month; a month without that day is passed over."""
    last = _length(year, month)
    if day > last:
        return []
    weekday = calendar.weekday(year, month, day)
    if weekday == _SATURDAY:
        return [day - 1 if day > 1 else day + 2]
    if weekday == _SUNDAY:
        return [day + 1 if day < last else day - 2]
    return [day]


def _weekdays(numbers: Collection[int], year: int, month: int) -> list[int]:
    """The days whose weekday is among the numbers, where 1 is Sunday."""
    first_weekday, length = calendar.monthrange(year, month)
    return [day for day in range(1, length + 1) if (first_weekday + day) % 7 + 1 in numbers]


def _last_of(number: int, year: int, month: int) -> list[int]:
    return _weekdays({number}, year, month)[-1:]


def _nth_of(number: int, nth: int, year: int, month: int) -> list[int]:
    return _weekdays({number}, year, month)[nth - 1 : nth]
