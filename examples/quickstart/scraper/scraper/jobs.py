"""A site becomes items in a bucket: `collect` reads its listing, `details` a share of the pages that it lists."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from scraper.page import Page, read_page
from scraper.site import PageGone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scraper.bucket import Bucket
    from scraper.site import Site

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """One run of a job; of an array, one child.

    Attributes:
        id: names the run's output, and is the same in a second attempt.
        index: which child this is, from 0.
        size: how many children the array has.
    """

    id: str
    index: int = 0
    size: int = 1


def collect(site: Site, bucket: Bucket, run: Run) -> int:
    """Write what the listing says of each item, and leave the items' pages for `details`; how many items."""
    listed = [
        {**item, "url": urljoin(address, item.get("url", ""))} for address, page in listing(site) for item in page.items
    ]
    items = [as_record(item) for item in listed if may_read(site, item["url"])]
    if not items:
        raise ValueError(f"{site.root}: no items in the listing. Has the site changed?")
    bucket.write_items(run.id, items)
    bucket.write_pages([item["url"] for item in items])
    return len(items)


def details(site: Site, bucket: Bucket, run: Run) -> int:
    """Write all that is said of each item on this run's share of the pages; how many items."""
    items = []
    for address in bucket.read_pages()[run.index :: run.size]:
        try:
            page = read_page(site.get(address))
        except PageGone:
            log.info("%s: sold since it was listed", address)
            continue
        items += [as_record({**item, "url": address}) for item in page.items]
        log.info("%s: %s", address, items[-1]["name"] if page.items else "no item")
    bucket.write_items(run.id, items)
    return len(items)


def listing(site: Site) -> Iterator[tuple[str, Page]]:
    """The pages from the root on, each followed by its next, with their addresses."""
    address: str | None = urljoin(site.root, "/")
    seen = set()
    while address and address not in seen:
        seen.add(address)
        page = read_page(site.get(address))
        log.info("%s: %d items", address, len(page.items))
        yield address, page
        address = urljoin(address, page.following) if page.following else None


def may_read(site: Site, address: str) -> bool:
    """Whether robots.txt lets us read an item's page; said in the log when it does not."""
    if site.allows(address):
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
