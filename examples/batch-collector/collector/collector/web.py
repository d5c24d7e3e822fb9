"""An address becomes a page's text, fetched within the limits of robots.txt, at its pace, and with retries."""

from __future__ import annotations

import time
import urllib.robotparser
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import urllib3

if TYPE_CHECKING:
    from collections.abc import Callable

AGENT = "scrapectl-batch-collector"
PAUSE = 1.0  # seconds between two requests to a site that names no other delay


class PageGone(OSError):
    """There is no such page (any more)."""


@dataclass
class Web:
    """The site, as one of several containers that read it at once.

    Attributes:
        root: its address.
        readers: how many containers read it. Each waits that many times the site's delay, so that together they
            keep its pace; `turn`, from 0, is when this one begins.
        backoff: seconds before the second retry of a busy page, doubled each time; the first follows at once.
        sleep: waits that many seconds.
    """

    root: str
    readers: int = 1
    turn: int = 0
    backoff: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    started: bool = field(default=False, init=False)

    @cached_property
    def pool(self) -> urllib3.PoolManager:
        """Connections that ask again, four times, while the site is busy, and wait for as long as it says."""
        retries = urllib3.Retry(
            4,
            redirect=0,
            backoff_factor=self.backoff,
            retry_after_max=60,
            status_forcelist={429, 500, 502, 503, 504},
            raise_on_status=False,
            raise_on_redirect=False,
        )
        return urllib3.PoolManager(headers={"User-Agent": AGENT}, retries=retries, timeout=20.0)

    @cached_property
    def rules(self) -> urllib.robotparser.RobotFileParser:
        """The site's robots.txt; without one everything is allowed."""
        rules = urllib.robotparser.RobotFileParser()
        try:
            rules.parse(self.download(urljoin(self.root, "/robots.txt")).splitlines())
        except PageGone:
            rules.parse([])
        return rules

    def get(self, address: str) -> str:
        """The text of a page of the site, after the delay.

        Raises:
            PermissionError: robots.txt forbids it.
            PageGone: there is no such page.
            OSError, urllib3.exceptions.HTTPError: it could not be had.
        """
        if not self.rules.can_fetch(AGENT, address):
            raise PermissionError(f"{address}: robots.txt forbids it")
        delay = float(self.rules.crawl_delay(AGENT) or PAUSE)
        self.sleep(delay * (self.readers if self.started else self.turn + 1))
        self.started = True
        return self.download(address)

    def download(self, address: str) -> str:
        """The text at an address."""
        answer = self.pool.request("GET", address)
        if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise PageGone(f"{address}: {answer.status}")
        if answer.status != HTTPStatus.OK:
            raise OSError(f"{address}: {answer.status} {answer.reason}")
        return answer.data.decode("utf-8", "replace")
