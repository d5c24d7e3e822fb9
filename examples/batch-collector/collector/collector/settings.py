"""A container's environment becomes checked settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


@dataclass(frozen=True)
class Child:
    """Which job this is: the same in every attempt. Alone, it is the first child of one."""

    run: str
    index: int = 0
    size: int = 1


@dataclass(frozen=True)
class Search:
    """What to look for, on which day, and the job that scrapes what is found."""

    zip: str
    radius: str
    date: str
    site: str
    bucket: str
    queue: str
    share: str
    definition: str
    most_children: int


def read_child(environ: Mapping[str, str]) -> Child:
    """From the variables that AWS Batch sets."""
    run = environ.get("AWS_BATCH_JOB_ID", "local").partition(":")[0]
    index, size = (int(environ.get(f"AWS_BATCH_JOB_ARRAY_{what}", 0)) for what in ("INDEX", "SIZE"))
    return Child(run, index, max(size, 1))


def read_search(environ: Mapping[str, str], today: dt.date) -> Search:
    """What the init job is told by the spec and by its schedule.

    Raises:
        ValueError: something is missing, or ZIP or RADIUS is no such thing.
    """
    wanted = ("ZIP", "RADIUS", "SITE", "BUCKET", "SCRAPE_QUEUE", "SCRAPE_SHARE", "SCRAPE_JOB", "MOST_CHILDREN")
    zip_code, radius, site, bucket, queue, share, definition, most = required(environ, *wanted)
    if not re.fullmatch("[0-9]{5}", zip_code):
        raise ValueError(f"ZIP must be five digits, not {zip_code!r}")
    if not re.fullmatch("[0-9]{1,3}", radius):
        raise ValueError(f"RADIUS must be miles, to 999, not {radius!r}")
    return Search(zip_code, radius, today.isoformat(), site, bucket, queue, share, definition, int(most))


def required(environ: Mapping[str, str], *names: str) -> list[str]:
    """The values of variables that must be there.

    Raises:
        ValueError: some are not, or are empty; all are named.
    """
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise ValueError(f"not set: {', '.join(missing)}")
    return [environ[name] for name in names]
