"""One run of anything that can be run, in the words that every kind of run shares."""

from __future__ import annotations

import re
from dataclasses import dataclass

ENDED = frozenset({"SUCCEEDED", "FAILED"})
WAITING = frozenset({"SUBMITTED", "PENDING", "RUNNABLE"})
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# What Batch, Lambda and EventBridge Scheduler call a run; what the starter calls one; what `execution_name` makes.
_INSTANCE = re.compile("i-[0-9a-f]{8,17}")
_RUN_ID = re.compile(f"{_UUID}(?::[0-9]+)?|[0-9a-f]{{64,80}}|[0-9]{{8}}T[0-9]{{6}}-[0-9a-f]{{8}}|{_INSTANCE.pattern}")
_MADE_BY_AWS = re.compile(f"{_UUID}(?::[0-9]+)?")


@dataclass(frozen=True)
class Run:
    """One run; times are seconds since 1970.

    `name` is the job's name in the spec; `streams` are the log streams of its attempts, oldest first; `size` is how
    many children an array has, None for any other run; `index` is a child's; `failed` are an array's failed children,
    lowest index first, where they were asked for.

    `kind` is "job", "function", "workflow" or "host"; `of` is what AWS knows the thing by that it is a run of (ARN of a
    state machine, name of a function), where a run's id alone does not say; `part_of` is the run that began it.
    `ending` says that it was told to end, and still goes on.
    `answer` is what a function answered, as JSON text; `said` are the lines of its log, when its answer brought all.
    """

    id: str
    name: str
    state: str
    created: float = 0.0
    started: float | None = None
    stopped: float | None = None
    exit_code: int | None = None
    reason: str | None = None
    size: int | None = None
    index: int | None = None
    log_group: str = ""
    streams: tuple[str, ...] = ()
    failed: tuple[Run, ...] = ()
    kind: str = "job"
    of: str = ""
    part_of: str = ""
    ending: bool = False
    answer: str | None = None
    said: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing of it goes on."""
        return self.state in ENDED

    @property
    def code(self) -> int | None:
        """The exit code to tell: the container's; of an array that failed, its failed child's of the lowest index."""
        if self.state == "SUCCEEDED":
            return self.exit_code or 0
        return self.failed[0].exit_code if self.failed else self.exit_code

    def seconds(self, now: float) -> float | None:
        """How long it has run, None before its start."""
        if self.started is None:
            return None
        return round(max(0.0, (self.stopped or now) - self.started), 1)


def is_run_id(text: str) -> bool:
    """Whether a word is a run's id (a name may look like a word, never like one of these)."""
    return _RUN_ID.fullmatch(text) is not None


def is_instance(text: str) -> bool:
    """Whether a word is an instance's id, which is what a host's run is called by."""
    return _INSTANCE.fullmatch(text) is not None


def is_made_by_aws(text: str) -> bool:
    """Whether a word is an id as Batch (also of an array's child) and Lambda make them."""
    return _MADE_BY_AWS.fullmatch(text) is not None
