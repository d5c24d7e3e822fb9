"""An address becomes a page's text, fetched at the pace and within the limits that the site's robots.txt sets."""

from __future__ import annotations

import logging
import time
import urllib.error
import urllib.request
import urllib.robotparser
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

AGENT = "scrapectl-quickstart"
PAUSE = 0.5  # seconds between two requests to a site that does not ask for more
LONGEST_WAIT = 60.0  # seconds
TIMEOUT = 20.0  # seconds
LARGEST_PAGE = 5_000_000  # bytes
GONE = {404, 410}
BUSY = {429, 500, 502, 503, 504}


class PageGone(OSError):
    """There is no such page (any more)."""


class SiteBusy(OSError):
    """The page may be had later."""

    asked = ""  # the Retry-After header


@dataclass
class Site:
    """A website, read politely.

    Attributes:
        root: its address; nothing on another host is fetched.
        readers: how many processes read it at the same time. Each waits that many times the delay, and starts in
            its `turn`, so that together they keep the site's pace.
        turn: which of the readers this is, from 0.
        attempts: how often a page is asked for before its failure counts.
        sleep: waits that many seconds; tests put their own here.
    """

    root: str
    readers: int = 1
    turn: int = 0
    attempts: int = 4
    sleep: Callable[[float], None] = time.sleep
    started: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if urlsplit(self.root).scheme not in {"http", "https"}:
            raise ValueError(f"SITE must be an http or https address, not {self.root!r}")

    @cached_property
    def rules(self) -> urllib.robotparser.RobotFileParser:
        """The site's robots.txt; a site without one allows everything."""
        rules = urllib.robotparser.RobotFileParser()
        try:
            rules.parse(self.download(urljoin(self.root, "/robots.txt")).splitlines())
        except PageGone:
            rules.parse([])
        return rules

    @cached_property
    def delay(self) -> float:
        """Seconds between two requests to the site, whoever of its readers makes them."""
        return float(self.rules.crawl_delay(AGENT) or PAUSE)

    def allows(self, url: str) -> bool:
        """Whether `url` is on this site and robots.txt lets us read it."""
        return urlsplit(url).netloc == urlsplit(self.root).netloc and self.rules.can_fetch(AGENT, url)

    def get(self, url: str) -> str:
        """The text of the page at `url`, after the delay.

        Raises:
            PermissionError: robots.txt forbids the page, or it is on another host.
            PageGone: there is no such page.
            OSError: the page could not be had.
        """
        if not self.allows(url):
            raise PermissionError(f"{url}: not ours to read")
        self.sleep(self.delay * (self.readers if self.started else self.turn + 1))
        self.started = True
        return self.download(url)

    def download(self, url: str) -> str:
        """The text at `url`, asked for again after 1, 2, 4… seconds, or when the site says, while it is busy."""
        for attempt in range(1, self.attempts):
            try:
                return download_once(url)
            except SiteBusy as busy:
                asked = float(busy.asked) if busy.asked.isdecimal() else 0.0
                wait = min(max(asked, 2.0 ** (attempt - 1)), LONGEST_WAIT)
                log.info("%s; again in %.0f s", busy, wait)
            self.sleep(wait)
        return download_once(url)


def download_once(url: str) -> str:
    """The text at `url`, whose scheme is http or https, asked for once."""
    request = urllib.request.Request(url, headers={"User-Agent": AGENT})
    response: HTTPResponse
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return response.read(LARGEST_PAGE).decode(response.headers.get_content_charset("utf-8"), "replace")
    except urllib.error.HTTPError as error:
        with error:
            raise as_failure(url, error) from None
    except (OSError, HTTPException) as error:
        raise SiteBusy(f"{url}: {getattr(error, 'reason', error)}") from error


def as_failure(url: str, answer: urllib.error.HTTPError) -> OSError:
    """What an answer that is no page means for us."""
    said = f"{url}: {answer.code} {answer.reason}"
    if answer.code in GONE:
        return PageGone(said)
    if answer.code not in BUSY:
        return OSError(said)
    busy = SiteBusy(said)
    busy.asked = answer.headers.get("Retry-After", "")
    return busy
