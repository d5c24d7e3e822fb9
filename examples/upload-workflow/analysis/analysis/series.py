"""A CSV file with a time in its first column → what can be said of each of the others."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


class WrongSeries(Exception):
    """The file is no series; says the line and what is wrong with it."""


@dataclass(frozen=True)
class Column:
    """What is known of one column.

    Attributes:
        count: How many values it has; `missing` are the empty ones.
        slope: How much it changes in an hour, by least squares.
        outliers: Times of values further than three deviations from the mean.
    """

    name: str
    count: int
    missing: int
    mean: float
    deviation: float
    least: float
    most: float
    slope: float
    outliers: tuple[str, ...]


@dataclass(frozen=True)
class Series:
    """What is known of a file: when it begins and ends, its longest gap in seconds, its columns."""

    rows: int
    begins: str
    ends: str
    longest_gap: float
    columns: tuple[Column, ...]


def describe(file: Path) -> Series:
    """Read a file and describe it.

    Raises:
        WrongSeries: A line is no time with numbers, or there is none.
    """
    with file.open(newline="", encoding="utf-8-sig") as opened:
        lines = csv.reader(opened)
        head = next(lines, [])
        if not head[1:]:
            raise WrongSeries(f"{file.name}: line 1: a time and at least one column were expected")
        rows = sorted(_rows(lines, len(head), file.name))
    if not rows:
        raise WrongSeries(f"{file.name}: it has no rows")
    times = [time for time, _ in rows]
    gaps = [(later - sooner).total_seconds() for sooner, later in itertools.pairwise(times)]
    columns = [_column(name, times, [values[at] for _, values in rows]) for at, name in enumerate(head[1:])]
    return Series(len(rows), str(times[0]), str(times[-1]), max(gaps, default=0.0), tuple(columns))


def _rows(
    lines: Iterable[Sequence[str]], width: int, name: str
) -> Iterator[tuple[dt.datetime, tuple[float | None, ...]]]:
    for number, line in enumerate(lines, 2):
        if not line:
            continue
        if len(line) != width:
            raise WrongSeries(f"{name}: line {number}: {len(line)} fields where {width} were expected")
        try:
            yield _time(line[0]), tuple(_number(field) for field in line[1:])
        except ValueError as error:
            raise WrongSeries(f"{name}: line {number}: {error}") from None


def _time(field: str) -> dt.datetime:
    time = dt.datetime.fromisoformat(field.strip())
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)


def _number(field: str) -> float | None:
    if not field.strip():
        return None
    number = float(field)
    if not math.isfinite(number):
        raise ValueError(f"{field.strip()} is no measurement")
    return number


def _column(name: str, times: Sequence[dt.datetime], values: Sequence[float | None]) -> Column:
    known = [(time, value) for time, value in zip(times, values, strict=True) if value is not None]
    if not known:
        return Column(name.strip(), 0, len(values), 0.0, 0.0, 0.0, 0.0, 0.0, ())
    numbers = [value for _, value in known]
    mean, deviation = statistics.fmean(numbers), statistics.pstdev(numbers)
    far = [str(time) for time, value in known if deviation and abs(value - mean) > 3 * deviation]
    return Column(
        name=name.strip(),
        count=len(numbers),
        missing=len(values) - len(numbers),
        mean=mean,
        deviation=deviation,
        least=min(numbers),
        most=max(numbers),
        slope=_slope(known),
        outliers=tuple(far),
    )


def _slope(known: Sequence[tuple[dt.datetime, float]]) -> float:
    hours = [(time - known[0][0]).total_seconds() / 3600 for time, _ in known]
    if not any(hours):
        return 0.0
    return statistics.linear_regression(hours, [value for _, value in known]).slope
