"""The environment becomes one run: every source is read, what was found is written, and failures end with code 1."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scraper_base import Web, required

from calendar_scraper.events import SOURCES, read_source
from calendar_scraper.tables import ORGANISERS, VENUES, merge_history, write_events

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger("calendar")

AGENT = "scrapectl-calendars"
PAUSE = 0.2  # seconds between two requests to a site that does not ask for more


def run_once() -> int:
    """Do one run with the environment; 0 when every source was read and all was written, else 1."""
    from boto3 import client  # noqa: PLC0415 - slow to load, and needed by no test
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the same

    logging.basicConfig(format="%(message)s", stream=sys.stdout, level=logging.INFO)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    try:
        return scrape(os.environ, client("s3"), datetime.now(UTC))
    except (OSError, ValueError, BotoCoreError, ClientError) as error:
        log.error("failed: %s", error)  # noqa: TRY400 - one line says it
        return 1


def scrape(environ: Mapping[str, str], store: Any, now: datetime) -> int:
    """Read the sources and write the tables.

    A source that fails is told and passed over, so that the others' events are there; the run fails all the same.

    Raises:
        ValueError: no source had any event.
    """
    site, bucket, key = required(environ, "SITE", "BUCKET", "NPS_KEY")
    web = Web(site, AGENT, environ.get("CONTACT", ""), pause=PAUSE)
    web.pool.headers = {**web.pool.headers, "X-Api-Key": key}
    events: list[dict[str, str]] = []
    failed = 0
    for source in SOURCES:
        try:
            found = read_source(web, source)
        except (OSError, ValueError) as error:
            failed += 1
            log.error("%s: failed: %s", source, error)  # noqa: TRY400 - one line says it
            continue
        log.info("%s: %d events", source, len(found))
        events += found
    if not events:
        raise ValueError("no source had any event")
    write_events(store, bucket, events, now)
    for table in (ORGANISERS, VENUES):
        merge_history(store, bucket, table, events, now)
    log.info("done: %d events of %d sources", len(events), len(SOURCES) - failed)
    return 1 if failed else 0
