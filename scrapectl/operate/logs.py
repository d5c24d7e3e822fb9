"""Runs → their log lines, in order of time: every page of every attempt's stream."""

from __future__ import annotations

import functools
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapectl.operate.patience import patiently
from scrapectl.operate.runs import Run

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

_ABSENT = ("ResourceNotFoundException",)


@dataclass(frozen=True)
class Line:
    """One line of a run's log; `at` in seconds since 1970, `index` of an array's child."""

    run: str
    at: float
    text: str
    index: int | None = None


@dataclass
class Stream:
    """A log stream and how far it has been read: `token` is where the next page begins."""

    run: str
    group: str
    name: str
    since: float = 0.0
    token: str | None = None
    index: int | None = None


def streams_of(runs: Iterable[Run], since: float, *, every_attempt: bool) -> list[Stream]:
    """The streams of runs: of their last attempts, or of all."""
    return [
        Stream(run.id, run.log_group, name, since, index=run.index)
        for run in runs
        for name in (run.streams if every_attempt else run.streams[-1:])
    ]


def read_lines(aws: Aws, streams: list[Stream]) -> Iterator[Line]:
    """Every line of the streams, merged by time; pages are asked for as they are needed."""
    first = aws.gather([functools.partial(_page, aws, stream) for stream in streams])
    return heapq.merge(
        *(_lines(aws, stream, page) for stream, page in zip(streams, first, strict=True)), key=lambda line: line.at
    )


def read_on(aws: Aws, stream: Stream) -> list[Line]:
    """What a stream has got since it was last read."""
    return list(_lines(aws, stream, _page(aws, stream)))


def _lines(aws: Aws, stream: Stream, page: list[Line] | None) -> Iterator[Line]:
    while page is not None:
        yield from page
        page = _page(aws, stream)


def _page(aws: Aws, stream: Stream) -> list[Line] | None:
    """The next page; None at the end, which CloudWatch tells by the same token again (an empty page tells nothing)."""
    where: dict[str, Any] = {"logGroupName": stream.group, "logStreamName": stream.name, "startFromHead": True}
    if stream.since:
        where["startTime"] = int(stream.since * 1000)
    if stream.token:
        where["nextToken"] = stream.token
    # An account has some 25 of these a second (CloudWatch Logs quotas), and an array may have 10,000 streams.
    answer = patiently(functools.partial(aws.call, "logs", "get_log_events", absent=_ABSENT, **where))
    if answer is None:
        return None
    lines = [Line(stream.run, e["timestamp"] / 1000, e["message"], stream.index) for e in answer["events"]]
    at_end = answer["nextForwardToken"] == stream.token
    stream.token = answer["nextForwardToken"]
    return None if at_end and not lines else lines
