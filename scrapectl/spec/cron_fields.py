"""One field of a cron expression's text → the set of numbers it stands for, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MONTHS = {name: n for n, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}  # noqa: SIM905, reads like the calendar
WEEKDAYS = {name: n for n, name in enumerate("SUN MON TUE WED THU FRI SAT".split(), 1)}  # noqa: SIM905


class CronProblem(ValueError):
    """A text AWS would refuse; the message says what is wrong and what to write instead."""


@dataclass(frozen=True)
class Field:
    """The name, bounds and words of one field. `longest_step` is the largest number that may follow a slash.

    AWS refuses longer steps (minutes `*/60`: aws/aws-sdk-js issue 4212); the bounds are those of Quartz, whose
    grammar EventBridge keeps.
    """

    name: str
    low: int
    high: int
    longest_step: int
    names: Mapping[str, int] = field(default_factory=dict)
    steps: bool = True
    wraps: bool = True

    @property
    def bounds(self) -> str:
        """The allowed values, as a person reads them: `1-7 or SUN-SAT`."""
        words = list(self.names)
        return f"{self.low}-{self.high}" + (f" or {words[0]}-{words[-1]}" if words else "")


MINUTES = Field("minutes", 0, 59, 59)
HOURS = Field("hours", 0, 23, 23)
DAY_OF_MONTH = Field("day-of-month", 1, 31, 31)
MONTH = Field("month", 1, 12, 12, MONTHS)
# The documentation's table gives day-of-week no slash (docs: EventBridge, cron expressions reference).
DAY_OF_WEEK = Field("day-of-week", 1, 7, 7, WEEKDAYS, steps=False)
# Quartz refuses a range of years that runs backwards: there is nothing to wrap around to.
YEAR = Field("year", 1970, 2199, 229, wraps=False)


def values_of(spec: Field, text: str) -> frozenset[int]:
    """Return the numbers a field of values, ranges, steps and lists stands for.

    Args:
        spec: Which field it is.
        text: The field in upper case, such as `0,30`, `8-17/2`, `MON-FRI` or `*`.

    Raises:
        CronProblem: When AWS would refuse the text.
    """
    parts = text.split(",")
    if len(parts) > 1 and "*" in parts:
        raise CronProblem(f'{spec.name} "{text}": "*" already means every value; write "*" alone.')
    values: set[int] = set()
    for part in parts:
        values |= _part(spec, text, part)
    return frozenset(values)


def number_of(spec: Field, text: str) -> int:
    """Return the number of one value or name, within the field's bounds."""
    if text in spec.names:
        return spec.names[text]
    if not text:
        raise CronProblem(f"{spec.name}: a value is missing. Write a value of {spec.bounds}.")
    width = len(str(spec.high))
    if not re.fullmatch(r"[0-9]+", text) or len(text) > width or not spec.low <= int(text) <= spec.high:
        raise CronProblem(f'{spec.name}: "{text}" is not {spec.bounds}.{_instead(spec, text)}')
    return int(text)


def _part(spec: Field, text: str, part: str) -> set[int]:
    """One entry of the list: a value, a range, either with a step."""
    base, slash, step = part.partition("/")
    if not part or not base:
        hint = f'write "{spec.low}/{step}"' if step else "drop the extra comma"
        raise CronProblem(f'{spec.name} "{text}": a value is missing; {hint}.')
    _refuse_wildcards(spec, text, base)
    stride = _stride(spec, part, step) if slash else 1
    if base == "*":
        return set(range(spec.low, spec.high + 1, stride))
    first, dash, last = base.partition("-")
    start = number_of(spec, first)
    if not dash:
        return set(range(start, spec.high + 1, stride)) if slash else {start}
    return set(_range(spec, start, number_of(spec, last), stride))


def _range(spec: Field, start: int, stop: int, stride: int) -> list[int]:
    """From start to stop, both included, around the end of the field when stop is smaller (`FRI-MON`, `22-3`)."""
    if stop >= start:
        return list(range(start, stop + 1, stride))
    if not spec.wraps:
        raise CronProblem(f'{spec.name}: "{start}-{stop}" runs backwards; write "{stop}-{start}".')
    size = spec.high - spec.low + 1
    return [(n - spec.low) % size + spec.low for n in range(start, stop + size + 1, stride)]


def _stride(spec: Field, part: str, step: str) -> int:
    if not spec.steps:
        raise CronProblem(f'{spec.name}: "{part}": steps are not allowed here; list the days, such as "MON,WED,FRI".')
    if not re.fullmatch(r"[0-9]{1,4}", step):
        raise CronProblem(f'{spec.name}: "{part}": a whole number must follow the slash, such as "{spec.low}/2".')
    if int(step) == 0:
        raise CronProblem(
            f'{spec.name}: "{part}": a step of 0 never moves on; write "{part.partition("/")[0]}" or a step from 1.'
        )
    if int(step) > spec.longest_step:
        raise CronProblem(
            f'{spec.name}: "{part}": the step is larger than {spec.longest_step}; '
            f'write a step of 1-{spec.longest_step}, or one value such as "{spec.low}".'
        )
    return int(step)


def _refuse_wildcards(spec: Field, text: str, base: str) -> None:
    """Say what `?`, `L`, `W` and `#` may not be combined with, before they are read as bad numbers."""
    if base == "?":
        more = (
            "it must stand alone"
            if spec in (DAY_OF_MONTH, DAY_OF_WEEK)
            else "it is allowed in day-of-month and day-of-week only"
        )
        raise CronProblem(f'{spec.name} "{text}": "?" is refused: {more}; write "*" for every value.')
    if "#" in base:
        raise CronProblem(
            f'{spec.name} "{text}": "#" is for one weekday of a month, alone in day-of-week: '
            'write "MON#1" for the first Monday, and one schedule for each more.'
        )
    if re.fullmatch(r"(L|LW|L-.*|[0-9]+[LW]|W|WL|[A-Z]{3}L|[0-9]+-[0-9]+W)", base):
        raise CronProblem(f'{spec.name} "{text}": {_last_or_nearest(spec, base)}')


def _last_or_nearest(spec: Field, base: str) -> str:
    if base.startswith("L-"):
        return 'an offset from the last day is refused by AWS; write "L", or a day such as "28".'
    if spec is DAY_OF_MONTH:
        return 'write "L", "LW" or a day with W such as "15W", alone: no list, range or step.'
    if spec is DAY_OF_WEEK and "W" not in base:
        return 'write "L" or a day with L such as "6L" (the last Friday), alone: no list, range or step.'
    return '"L" and "W" are not allowed here ("W" stands in day-of-month, "L" in both day fields).'


def _instead(spec: Field, text: str) -> str:
    """A hint for the slips of people who come from Unix cron."""
    if spec is DAY_OF_WEEK and text == "0":
        return " EventBridge counts from 1 = Sunday: write SUN."
    close = [name for name in spec.names if len(text) > 3 and text.startswith(name)]  # noqa: PLR2004, names have 3 letters
    if close:
        return f" Write {close[0]}."
    return f" Write a value of {spec.bounds}."
