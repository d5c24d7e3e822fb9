"""The environment that AWS Batch gives a container becomes one run of `collect` or `details`.

python -m scraper collect|details, with SITE (an address) and BUCKET (a name) in the environment.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from scraper_base import Run, Web, main, required

from scraper.bucket import Bucket
from scraper.jobs import collect, details

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger("scraper")

AGENT = "scrapectl-quickstart"
PAUSE = 0.5  # seconds between two requests to a site that does not ask for more


def work(job: Callable[[Web, Bucket], int], environ: Mapping[str, str], store: Any, run: Run) -> int:
    """Do a job; how many items it wrote."""
    site, bucket = required(environ, "SITE", "BUCKET")
    written = job(Web(site, AGENT, environ.get("CONTACT", ""), run, PAUSE), Bucket(store, bucket))
    log.info("done: %d items", written)
    return written


def on_aws(job: Callable[[Web, Bucket], int], run: Run) -> int:
    """Do a job with the bucket of the environment."""
    import boto3  # noqa: PLC0415 - slow to load, and needed by no test

    return work(job, os.environ, boto3.client("s3"), run)


if __name__ == "__main__":
    sys.exit(main({job.__name__: functools.partial(on_aws, job) for job in (collect, details)}))
