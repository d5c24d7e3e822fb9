"""A site becomes items in a bucket: `collect` reads its listing, `details` a share of the pages that it lists."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from scraper_base import PageGone

from scraper.page import next_pages, read_items

if TYPE_CHECKING:
    from scraper_base import Web

    from scraper.bucket import Bucket

log = logging.getLogger("scraper")

MOST_PAGES = 1000  # of a listing


def collect(web: Web, bucket: Bucket) -> int:
    """Write what the listing says of each item, and leave the items' pages for `details`; how many items."""
    listed = []
    for page in web.walk("/", MOST_PAGES, next_pages):
        found = read_items(page)
        log.info("%s: %d items", page.url, len(found))
        listed += [{**item, "url": urljoin(page.url, item.get("url", ""))} for item in found]
    items = [as_record(item) for item in listed if may_read(web, item["url"])]
    if not items:
        raise ValueError(f"{web.root}: no items in the listing. Has the site changed?")
    bucket.write_items(web.run, items)
    bucket.write_pages([item["url"] for item in items])
    return len(items)


def details(web: Web, bucket: Bucket) -> int:
    """Write all that is said of each item on this run's share of the pages; how many items."""
    items = []
    for address in web.run.share(bucket.read_pages()):
        try:
            found = read_items(web.get(address))
        except PageGone:
            log.info("%s: sold since it was listed", address)
            continue
        items += [as_record({**item, "url": address}) for item in found]
        log.info("%s: %s", address, items[-1]["name"] if found else "no item")
    bucket.write_items(web.run, items)
    return len(items)


def may_read(web: Web, address: str) -> bool:
    """Whether robots.txt lets us read an item's page; said in the log when it does not."""
    if web.allows(address):
        return True
    log.info("%s: left out, robots.txt forbids it", address)
    return False


def as_record(item: dict[str, str]) -> dict[str, Any]:
    """An item as it is written, its price a number.

    Raises:
        ValueError: the page lacks what every item must have.
    """
    missing = [name for name in ("sku", "name", "price") if not item.get(name)]
    if missing:
        raise ValueError(f"{item['url']}: an item without {' and '.join(missing)}. Has the site changed?")
    return {**item, "price": float(item["price"])}
