"""Feeds of runs → their log lines, in order of time: every page of every stream."""

from __future__ import annotations

import functools
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from scrapectl.operate.patience import patiently
from scrapectl.operate.run import Run

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

_ABSENT = ("ResourceNotFoundException",)


@dataclass(frozen=True)
class Line:
    """One line of a run's log; `at` in seconds since 1970, `index` of an array's child.

    `of` is the name of what ran, when a workflow ran it.
    """

    run: str
    at: float
    text: str
    index: int | None = None
    of: str = ""


class Feed(Protocol):
    """Where lines come from, and how far it has been read."""

    run: str

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from others."""

    def next(self, aws: Aws) -> list[Line] | None:
        """The next lines; None at the end of what there is by now."""


@dataclass
class Stream:
    """A log stream and how far it has been read: `token` is where the next page begins."""

    run: str
    group: str
    name: str
    since: float = 0.0
    token: str | None = None
    index: int | None = None
    of: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """Group and name."""
        return (self.group, self.name)

    def next(self, aws: Aws) -> list[Line] | None:
        """The next page; CloudWatch tells the end by the same token again (an empty page tells nothing)."""
        where: dict[str, Any] = {"logGroupName": self.group, "logStreamName": self.name, "startFromHead": True}
        if self.since:
            where["startTime"] = int(self.since * 1000)
        if self.token:
            where["nextToken"] = self.token
        # An account has some 25 of these a second (CloudWatch Logs quotas), and an array may have 10,000 streams.
        answer = patiently(functools.partial(aws.call, "logs", "get_log_events", absent=_ABSENT, **where))
        if answer is None:
            return None
        lines = [Line(self.run, e["timestamp"] / 1000, e["message"], self.index, self.of) for e in answer["events"]]
        at_end = answer["nextForwardToken"] == self.token
        self.token = answer["nextForwardToken"]
        return None if at_end and not lines else lines


def streams_of(runs: Iterable[Run], since: float, *, every_attempt: bool) -> list[Stream]:
    """The streams of runs: of their last attempts, or of all."""
    return [
        Stream(run.id, run.log_group, name, since, index=run.index, of=run.name if run.part_of else "")
        for run in runs
        for name in (run.streams if every_attempt else run.streams[-1:])
    ]


def read_lines(aws: Aws, feeds: Sequence[Feed]) -> Iterator[Line]:
    """Every line of the feeds, merged by time; pages are asked for as they are needed."""
    first = aws.gather([functools.partial(feed.next, aws) for feed in feeds])
    return heapq.merge(
        *(_lines(aws, feed, page) for feed, page in zip(feeds, first, strict=True)), key=lambda line: line.at
    )


def read_on(aws: Aws, feed: Feed) -> list[Line]:
    """What a feed has got since it was last read."""
    return list(_lines(aws, feed, feed.next(aws)))


def _lines(aws: Aws, feed: Feed, page: list[Line] | None) -> Iterator[Line]:
    while page is not None:
        yield from page
        page = feed.next(aws)
