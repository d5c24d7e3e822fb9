"""A child's share of the pages becomes rows: in the database, in an object for each page, and in the queue."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from scraper_base import JsonLines, PageGone

from collector.results import read_results

if TYPE_CHECKING:
    from scraper_base import Web

    from collector.database import Cars

log = logging.getLogger("scraper")

ROWS_PER_MESSAGE = 100  # about 20 kB; a message holds 256 KiB


@dataclass(frozen=True)
class Places:
    """Where the work list is and where rows go."""

    bucket: str
    work: str
    rows_url: str


@dataclass(frozen=True)
class Outlets:
    """What rows go through: boto3's clients, and the table."""

    s3: Any
    sqs: Any
    cars: Cars


def scrape(places: Places, web: Web, outlets: Outlets) -> int:
    """Scrape this child's share of the work list; how many rows.

    A page's rows have one key a day, so that a second attempt or a second run overwrites, in the table too. Messages
    can come twice, as in any queue: `vin` and `date` tell that it is the same row.
    """
    order = json.load(outlets.s3.get_object(Bucket=places.bucket, Key=places.work)["Body"])
    written = 0
    for number, address in web.run.share(list(enumerate(order["pages"], 1))):
        rows = scrape_page(address, order, web)
        key = f"rows/{order['zip']}/{order['date']}/page-{number:04}.jsonl"
        with JsonLines(outlets.s3, places.bucket, key) as lines:
            for row in rows:
                lines.write(row)
        outlets.cars.write(rows)
        send(rows, places.rows_url, outlets.sqs)
        log.info("%s: %d rows", key, len(rows))
        written += len(rows)
    return written


def scrape_page(address: str, order: dict[str, Any], web: Web) -> list[dict[str, Any]]:
    """The rows of one page; none when it has gone because cars were sold since the list was made."""
    try:
        _, cars = read_results(address, web.get(address).text)
    except PageGone:
        log.info("%s: no longer there", address)
        return []
    found = {"zip": order["zip"], "date": order["date"]}
    return [{**car, "url": urljoin(address, car["url"]), **found} for car in cars]


def send(rows: list[dict[str, Any]], queue: str, sqs: Any) -> None:
    """Send rows to the queue, a JSON array a message."""
    for start in range(0, len(rows), ROWS_PER_MESSAGE):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(rows[start : start + ROWS_PER_MESSAGE]))
