"""A container's environment and command line become one run of a job, and its exit code."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from scraper_base.on_lambda import run_anywhere

T = TypeVar("T")
log = logging.getLogger("scraper")

TERMINATED = 143  # 128 + SIGTERM, as a shell says it
USAGE = 64  # EX_USAGE


@dataclass(frozen=True)
class Run:
    """One run of a job, a function or a host; of an array, one child.

    Attributes:
        id: the same in a second attempt, so that what is written under it is overwritten and never doubled.
        index: which child this is, from 0.
        size: how many children the array has; 1 without one.
        in_array: whether there is an array.
    """

    id: str = "local"
    index: int = 0
    size: int = 1
    in_array: bool = False

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """The run that AWS Batch's variables tell, or RUN; without either, `local`."""
        number = (environ.get("AWS_BATCH_JOB_ID") or environ.get("RUN") or "local").partition(":")[0]
        if "AWS_BATCH_JOB_ARRAY_INDEX" not in environ:
            return cls(number)
        index, size = (int(environ.get(f"AWS_BATCH_JOB_ARRAY_{what}", 1)) for what in ("INDEX", "SIZE"))
        return cls(number, index, max(size, 1), in_array=True)

    @property
    def name(self) -> str:
        """The run's id, with the child's index in an array: a part of an object's key."""
        return f"{self.id}-{self.index}" if self.in_array else self.id

    def share(self, work: Sequence[T]) -> Sequence[T]:
        """This child's part of the work: every size-th piece."""
        return work[self.index :: self.size]


def required(environ: Mapping[str, str], *names: str) -> list[str]:
    """The values of variables that must be there.

    Raises:
        ValueError: some are not, or are empty; all are named.
    """
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise ValueError(f"not set: {', '.join(missing)}")
    return [environ[name] for name in names]


def main(jobs: Mapping[str, Callable[[Run], object]], arguments: Sequence[str] | None = None) -> int:
    """Run the job that the command line names; on AWS Lambda, once for each event (`run_anywhere`).

    Returns:
        The exit code: 0 done, 1 failed (the last line says why), 64 wrong usage, 143 told to end by SIGTERM.
    """
    logging.basicConfig(format="%(message)s", stream=sys.stdout, level=logging.INFO)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    # Process 1 of a container ignores SIGTERM unless it says otherwise; AWS would wait 30 s for nothing.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) != 1 or given[0] not in jobs:
        log.error("usage: give one of %s", ", ".join(jobs))
        return USAGE
    return run_anywhere(lambda: _run(jobs[given[0]]))


def _run(job: Callable[[Run], object]) -> int:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to load, and not for wrong usage

    try:
        job(Run.of(os.environ))
    except (OSError, ValueError, BotoCoreError, ClientError) as error:
        log.error("failed: %s", error)  # noqa: TRY400 - one line says it
        return 1
    return 0
