"""Turns a cron of EventBridge's six fields into the five fields of Unix cron, which Auto Scaling takes.

"Scheduled scaling for Amazon EC2 Auto Scaling": `minute hour day-of-month month day-of-week`, no `?`, no year.
"""

from __future__ import annotations

import re

from scrapectl.spec.cron_expression import Cron
from scrapectl.spec.cron_fields import DAY_OF_MONTH, DAY_OF_WEEK, HOURS, MINUTES, MONTH, CronProblem, Field, values_of

_UNIX_FIELDS = 5
_RUN = 3  # so many numbers read better as a range or a step


def unix_cron(text: str) -> str:
    """Say a cron in five fields: "0 5 ? * TUE *" → "0 5 * * 2".

    Raises:
        CronProblem: When EventBridge would refuse it, or Unix cron has no words for it.
    """
    minutes, hours, of_month, month, of_week, year = Cron.parse(text).text.split()
    if year != "*":
        raise CronProblem(f'Auto Scaling knows no years, and this says "{year}". Write "*" as the last field.')
    for name, field in (("day-of-month", of_month), ("day-of-week", of_week)):
        if re.search(r"[LW#]", field.replace("WED", "")):
            raise CronProblem(
                f'Auto Scaling starts hosts by Unix cron, which has no "L", "W" and "#", and {name} says "{field}". '
                "Write days of the month, or days of the week."
            )
    fields = [(MINUTES, minutes), (HOURS, hours), (DAY_OF_MONTH, of_month), (MONTH, month), (DAY_OF_WEEK, of_week)]
    return " ".join(_said(field, written) for field, written in fields)


def six_fields(recurrence: str) -> tuple[str, ...]:
    """Say a Unix cron in EventBridge's words; two where it names days of the month and of the week, which are added.

    "0 5 * * 2" → ("0 5 ? * 3 *",)

    Raises:
        CronProblem: It is no Unix cron.
    """
    fields = recurrence.split()
    if len(fields) != _UNIX_FIELDS:
        raise CronProblem(f'"{recurrence}" is no Unix cron of five fields.')
    minutes, hours, of_month, month, of_week = fields
    of_week = re.sub("[0-9]+", lambda day: str(int(day[0]) % 7 + 1), of_week)
    by_month = [f"{minutes} {hours} {of_month} {month} ? *"] if of_month != "*" or of_week == "*" else []
    by_week = [f"{minutes} {hours} ? {month} {of_week} *"] if of_week != "*" else []
    return tuple(Cron.parse(text).text for text in (*by_month, *by_week))


def _said(field: Field, written: str) -> str:
    """Write a field's numbers as briefly as they go; Unix counts weekdays from 0, which is Sunday."""
    if written == "?":
        return "*"
    shift = 1 if field is DAY_OF_WEEK else 0
    low, high = field.low - shift, field.high - shift
    numbers = sorted(number - shift for number in values_of(field, written))
    if numbers == list(range(low, high + 1)):
        return "*"
    for step in range(2, high - low + 1):
        if field.steps and len(numbers) >= _RUN and numbers == list(range(low, high + 1, step)):
            return f"*/{step}"
    return ",".join(_runs(numbers))


def _runs(numbers: list[int]) -> list[str]:
    """Write numbers that follow each other as ranges: [1, 2, 3, 7] → ["1-3", "7"]."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [
        text for run in runs for text in ([f"{run[0]}-{run[-1]}"] if len(run) >= _RUN else [str(one) for one in run])
    ]
