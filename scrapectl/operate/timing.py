"""One schedule as people ask for it: what it starts, by which words of AWS, and when next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from scrapectl.spec.cron import next_times


@dataclass(frozen=True)
class Timing:
    """A schedule: `expression` in AWS's own words, `created` is where a rate without a start counts from.

    `job` is the job, function, workflow or host that it starts.
    `pause` says since when and by whom it is paused; "" when it is not. `address` is the mark's.
    """

    name: str
    job: str
    expression: str
    timezone: str
    enabled: bool
    pause: str = ""
    address: str = ""
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    created: dt.datetime | None = None

    @property
    def paused(self) -> bool:
        """Whether somebody paused it; the spec has it on."""
        return bool(self.pause)

    def next(self, after: dt.datetime, count: int) -> list[dt.datetime]:
        """Its next starts; none while it is off."""
        if not self.enabled:
            return []
        return next_times(
            self.expression, self.timezone, after, count, start=self.start, end=self.end, anchor=self.created
        )
