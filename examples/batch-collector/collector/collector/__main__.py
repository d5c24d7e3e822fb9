"""The environment that AWS Batch gives a container becomes one run of `init` or `scrape`.

python -m collector init|scrape, with the variables that pipeline.yaml sets.
"""

from __future__ import annotations

import datetime as dt
import functools
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from scraper_base import Run, Web, main, required

from collector.database import Cars
from collector.init import init
from collector.scrape import Outlets, Places, scrape
from collector.settings import read_search

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger("scraper")

AGENT = "scrapectl-batch-collector"


def run_init(environ: Mapping[str, str], client: Callable[[str], Any], run: Run) -> None:
    """Make the table, work out the pages and submit the job that scrapes them."""
    search = read_search(environ, dt.datetime.now(dt.UTC).date())
    Cars.connect().make()
    init(search, Web(search.site, AGENT, run=run), client("s3"), client("batch"))


def run_scrape(environ: Mapping[str, str], client: Callable[[str], Any], run: Run) -> None:
    """Scrape a share of the pages that the init job listed."""
    site, *where = required(environ, "SITE", "BUCKET", "WORK", "ROWS_URL")
    outlets = Outlets(client("s3"), client("sqs"), Cars.connect())
    log.info("done: %d rows", scrape(Places(*where), Web(site, AGENT, run=run), outlets))


def on_aws(job: Callable[..., None], run: Run) -> None:
    """Do a job with AWS's own clients and the environment that the container was given."""
    import boto3  # noqa: PLC0415 - slow to load, and needed by no test

    job(os.environ, boto3.client, run)


if __name__ == "__main__":
    sys.exit(main({"init": functools.partial(on_aws, run_init), "scrape": functools.partial(on_aws, run_scrape)}))
