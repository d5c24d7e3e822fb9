"""The environment that AWS Batch gives a container becomes one run of `collect` or `details`.

python -m scraper collect|details, with SITE (an address) and BUCKET (a name) in the environment.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from scraper.bucket import Bucket, ObjectStore
from scraper.jobs import Run, collect, details
from scraper.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger("scraper")

JOBS: dict[str, Callable[[Site, Bucket, Run], int]] = {"collect": collect, "details": details}


def run_of(environ: Mapping[str, str]) -> Run:
    """Which run this is, from the variables Batch sets; outside Batch, the run `local`."""
    job = environ.get("AWS_BATCH_JOB_ID", "local").partition(":")[0]
    if "AWS_BATCH_JOB_ARRAY_INDEX" not in environ:
        return Run(job)
    index, size = int(environ["AWS_BATCH_JOB_ARRAY_INDEX"]), int(environ["AWS_BATCH_JOB_ARRAY_SIZE"])
    return Run(f"{job}-{index}", index, size)


def work(job: str, environ: Mapping[str, str], store: ObjectStore) -> int:
    """Do the job; how many items it wrote."""
    unset = [name for name in ("SITE", "BUCKET") if not environ.get(name)]
    if unset:
        raise ValueError(f"{' and '.join(unset)} must be set")
    run = run_of(environ)
    site = Site(environ["SITE"], readers=run.size, turn=run.index)
    return JOBS[job](site, Bucket(store, environ["BUCKET"]), run)


def main() -> int:
    """Run the job that the command line names; the exit code."""
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    log.setLevel(logging.INFO)
    # Process 1 of a container ignores SIGTERM unless it says otherwise; Batch would wait 30 s for nothing.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if len(sys.argv) != 2 or sys.argv[1] not in JOBS:  # noqa: PLR2004 - the program and its job
        log.error("usage: python -m scraper %s", "|".join(JOBS))
        return 64
    import boto3  # noqa: PLC0415 - slow to load, and needed by no test
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        written = work(sys.argv[1], os.environ, boto3.client("s3"))
    except (OSError, ValueError, BotoCoreError, ClientError) as error:
        log.error("failed: %s", error)  # noqa: TRY400 - one line says it
        return 1
    log.info("done: %d items", written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
