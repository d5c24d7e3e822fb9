"""The environment that AWS Batch gives a container becomes one run of `init` or `scrape`.

python -m collector init|scrape, with the variables that pipeline.yaml sets.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from collector.database import Cars
from collector.init import init
from collector.scrape import Outlets, Places, scrape
from collector.settings import read_child, read_search, required
from collector.web import Web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger("collector")


def run_init(environ: Mapping[str, str], client: Callable[[str], Any]) -> None:
    """Make the table, work out the pages and submit the job that scrapes them."""
    search = read_search(environ, dt.datetime.now(dt.UTC).date())
    Cars.connect().make()
    init(search, read_child(environ).run, Web(search.site), client("s3"), client("batch"))


def run_scrape(environ: Mapping[str, str], client: Callable[[str], Any]) -> None:
    """Scrape a share of the pages that the init job listed."""
    site, *where = required(environ, "SITE", "BUCKET", "WORK", "ROWS_URL")
    child = read_child(environ)
    web = Web(site, child.size, child.index)
    rows = scrape(Places(*where), child, web, Outlets(client("s3"), client("sqs"), Cars.connect()))
    log.info("done: %d rows", rows)


JOBS = {"init": run_init, "scrape": run_scrape}


def main() -> int:
    """Run the job that the command line names; the exit code."""
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    log.setLevel(logging.INFO)
    # Process 1 of a container ignores SIGTERM unless it says otherwise; Batch would wait 30 s for nothing.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if len(sys.argv) != 2 or sys.argv[1] not in JOBS:  # noqa: PLR2004 - the program and its job
        log.error("usage: python -m collector %s", "|".join(JOBS))
        return 64
    import boto3  # noqa: PLC0415 - slow to load, and needed by no test
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    try:
        JOBS[sys.argv[1]](os.environ, boto3.client)
    except (OSError, ValueError, HTTPError, BotoCoreError, ClientError) as error:
        log.error("failed: %s", error)  # noqa: TRY400 - one line says it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
