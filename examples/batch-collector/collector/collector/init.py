"""A search around a ZIP code becomes a list of pages in the bucket, and an array job that scrapes them."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from collector.results import read_results

if TYPE_CHECKING:
    from scraper_base import Web

    from collector.settings import Search

log = logging.getLogger("scraper")

UNDER_WAY = {"SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING"}


def init(search: Search, web: Web, s3: Any, batch: Any) -> str | None:
    """Find the pages, write the work list, submit the job; its id, or None when there is nothing to do."""
    pages = find_pages(search, web)
    if not pages:
        log.info("no cars within %s miles of %s: nothing to scrape", search.radius, search.zip)
        return None
    # Scheduler may start a job twice, Batch may start it again, and SubmitJob takes no token: the name is the token.
    name = f"{search.definition}-{search.zip}-{search.date}"  # letters, digits, - and _, as Batch wants it
    if is_under_way(search.queue, name, batch):
        log.info("%s is under way already: nothing to add", name)
        return None
    work = f"pages/{web.run.id}.json"
    order = {"zip": search.zip, "date": search.date, "pages": pages}
    s3.put_object(Bucket=search.bucket, Key=work, Body=json.dumps(order).encode(), ContentType="application/json")
    job = submit(search, name, work, len(pages), batch)
    log.info("submitted %s (%s), pages: %d", name, job, len(pages))
    return job


def find_pages(search: Search, web: Web) -> list[str]:
    """The addresses of all pages of results: the first one tells how many there are, and shows how long a page is."""
    page = urljoin(search.site, f"/search/{search.zip}/{search.radius}/page-{{}}.html")
    total, rows = read_results(page.format(1), web.get(page.format(1)).text)
    log.info("%d cars within %s miles of %s, %d to a page", total, search.radius, search.zip, len(rows))
    if total and not rows:
        raise ValueError(f"{page.format(1)}: {total} cars, but none on the first page. Has the site changed?")
    return [page.format(1 + start // len(rows)) for start in range(0, total, len(rows))] if rows else []


def is_under_way(queue: str, name: str, batch: Any) -> bool:
    """Whether a job of that name is queued or running."""
    by_name = [{"name": "JOB_NAME", "values": [name]}]
    found = batch.list_jobs(jobQueue=queue, filters=by_name)["jobSummaryList"]
    return any(job["status"] in UNDER_WAY for job in found)


def submit(search: Search, name: str, work: str, pages: int, batch: Any) -> str:
    """Submit one child for each page, to `most_children`, beyond which they share; the job's id."""
    request: dict[str, Any] = {
        "jobName": name,
        "jobQueue": search.queue,
        "jobDefinition": search.definition,
        "shareIdentifier": search.share,
        "containerOverrides": {"environment": [{"name": "WORK", "value": work}]},
    }
    children = min(pages, search.most_children)
    if children > 1:  # AWS takes arrays of 2 to 10000
        request["arrayProperties"] = {"size": children}
    return str(batch.submit_job(**request)["jobId"])
