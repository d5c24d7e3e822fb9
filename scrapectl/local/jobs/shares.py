"""Decide which of a queue's waiting jobs starts next: in order of submission, or by fair shares."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapectl.local.jobs.job import Job

SHORTEST_WINDOW = 600
"""Seconds of past usage that count when the policy says zero."""


@dataclass
class Line:
    """A queue's RUNNABLE jobs.

    Attributes:
        waiting: by share identifier, each by scheduling priority (higher first), then in order of submission.
        used: of past runs, (share, from, to, vCPUs), in seconds on the cloud's clock.
    """

    waiting: dict[str | None, list[Job]] = field(default_factory=dict)
    used: list[tuple[str | None, float, float, float]] = field(default_factory=list)

    def add(self, job: Job) -> None:
        """Let a job wait its turn."""
        bisect.insort(self.waiting.setdefault(job.share, []), job, key=_rank)

    def remove(self, job: Job) -> None:
        """Take a job out, if it waits."""
        jobs = self.waiting.get(job.share, [])
        if job in jobs:
            jobs.remove(job)
        if not jobs:
            self.waiting.pop(job.share, None)

    def next(self, policy: Mapping[str, Any] | None, running: Iterable[Job], now: float) -> Job | None:
        """Return the job whose turn it is: of the share that would then have had least for its weight."""
        heads = {share: jobs[0] for share, jobs in self.waiting.items()}
        if not heads:
            return None
        if policy is None:
            return min(heads.values(), key=_rank)
        usage = self._usage(policy, running, now)

        def would_have(job: Job) -> tuple[float, int]:
            return (usage.get(job.share, 0.0) + job.vcpus) * weight(policy, job.share), job.order

        return min(heads.values(), key=would_have)

    def in_order(self) -> Iterator[Job]:
        """Every waiting job, the front first, for a snapshot."""
        yield from sorted((job for jobs in self.waiting.values() for job in jobs), key=_rank)

    def _usage(self, policy: Mapping[str, Any], running: Iterable[Job], now: float) -> dict[str | None, float]:
        window = policy.get("shareDecaySeconds") or SHORTEST_WINDOW
        self.used = [entry for entry in self.used if entry[2] > now - window]
        usage: dict[str | None, float] = {}
        for share, begin, end, vcpus in self.used:
            usage[share] = usage.get(share, 0.0) + vcpus * (end - max(begin, now - window)) / window
        for job in running:
            usage[job.share] = usage.get(job.share, 0.0) + job.vcpus
        return usage


def weight(policy: Mapping[str, Any], share: str | None) -> float:
    """A share's weight factor: the lower, the more it gets; 1 when the policy does not name it."""
    for entry in policy.get("shareDistribution") or []:
        name = entry["shareIdentifier"]
        if name == share or (name.endswith("*") and (share or "").startswith(name[:-1])):
            return float(entry.get("weightFactor", 1.0))
    return 1.0


def _rank(job: Job) -> tuple[int, int]:
    return -(job.priority or 0), job.order
