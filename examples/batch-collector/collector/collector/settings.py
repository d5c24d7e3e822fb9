"""A container's environment becomes checked settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scraper_base import required

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


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
