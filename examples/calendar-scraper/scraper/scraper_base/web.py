"""An address becomes a page, read as robots.txt allows, at the site's pace, and again when the site is busy."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from urllib.parse import urldefrag, urljoin, urlsplit

import urllib3
from protego import Protego
from selectolax.lexbor import LexborHTMLParser

from scraper_base.job import Run

log = logging.getLogger("scraper")

TIMEOUT = 20.0  # seconds
LARGEST_PAGE = 10_000_000  # bytes
LONGEST_WAIT = 60  # seconds, whatever Retry-After asks for
MOST_MOVES = 5
BUSY = (429, 500, 502, 503, 504)
GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
MOVED = {301, 302, 303, 307, 308}


class PageGone(OSError):
    """There is no such page (any more)."""


@dataclass
class Page:
    """A page that was read: its address after redirects, and its text."""

    url: str
    text: str

    @cached_property
    def tree(self) -> LexborHTMLParser:
        """The parsed page: `page.tree.css("h2.title")`."""
        return LexborHTMLParser(self.text)

    @property
    def title(self) -> str:
        """What its title says, on one line."""
        found = self.tree.css_first("title")
        return " ".join(found.text().split()) if found else ""

    def links(self, selector: str = "a[href]") -> list[str]:
        """Where the page's links lead: absolute addresses without fragments, each once; what is no address is none."""
        found = (self._address(node.attributes.get("href") or "") for node in self.tree.css(selector))
        return list(dict.fromkeys(filter(None, found)))

    def _address(self, href: str) -> str:
        try:
            return urldefrag(urljoin(self.url, href.strip())).url
        except ValueError:  # such as http://[x: anything may stand in a page
            return ""


@dataclass
class Web:
    """One site, read as robots.txt allows and at its pace, and again when it is busy.

    Attributes:
        root: its address; nothing on another host is requested.
        agent: who asks, as robots.txt may name it; write your own.
        contact: an address or a page where the site's owner finds you; sent with every request.
        run: in an array each child waits that many times the delay and begins in its turn, so that all together keep
            the site's pace.
        pause: seconds between two requests, unless robots.txt wants more.
        tries: how often a page is asked for before its failure counts.
        backoff: seconds before the second repeat, doubled each time; the first follows at once.
        sleep: waits that many seconds; tests put their own here.
    """

    root: str
    agent: str = "scraper"
    contact: str = ""
    run: Run = field(default_factory=Run)
    pause: float = 1.0
    tries: int = 5
    backoff: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    _begun: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Refuse what is no address.

        Raises:
            ValueError: the root is no http or https address.
        """
        if urlsplit(self.root).scheme not in {"http", "https"}:
            raise ValueError(f"a site has an http or https address, not {self.root!r}")

    @cached_property
    def pool(self) -> urllib3.PoolManager:
        """Connections that ask again while the site is busy, and wait for as long as it says."""
        retries = urllib3.Retry(
            self.tries - 1,
            redirect=False,
            backoff_factor=self.backoff,
            retry_after_max=LONGEST_WAIT,
            status_forcelist=BUSY,
            raise_on_status=False,
        )
        agent = f"{self.agent} (+{self.contact})" if self.contact else self.agent
        return urllib3.PoolManager(headers={"User-Agent": agent}, retries=retries, timeout=TIMEOUT)

    @cached_property
    def rules(self) -> Protego:
        """The site's robots.txt; a site without one allows everything (RFC 9309)."""
        try:
            return Protego.parse(self._download(urljoin(self.root, "/robots.txt"), lambda _: True).text)
        except (PageGone, PermissionError):
            return Protego.parse("")

    @cached_property
    def delay(self) -> float:
        """Seconds between two requests to the site, whoever of the array's children makes them."""
        return max(self.pause, float(self.rules.crawl_delay(self.agent) or 0))

    def allows(self, url: str) -> bool:
        """Whether an address is on this site and robots.txt lets us read it."""
        try:
            asked = urlsplit(url)
        except ValueError:  # no address at all
            return False
        ours = asked.scheme in {"http", "https"} and asked.netloc == urlsplit(self.root).netloc
        return ours and bool(self.rules.can_fetch(url, self.agent))

    def get(self, url: str) -> Page:
        """Read a page, after the delay.

        Raises:
            PermissionError: robots.txt forbids it, it is on another host, or the site refuses it.
            PageGone: there is no such page.
            OSError: it could not be had.
        """
        if not self.allows(url):
            raise PermissionError(f"{url}: not ours to read")
        self.sleep(self.delay * (self.run.size if self._begun else self.run.index + 1))
        self._begun = True
        return self._download(url, self.allows)

    def walk(self, start: str, most: int, links: Callable[[Page], Iterable[str]] = Page.links) -> Iterator[Page]:
        """Read up to `most` pages by following links within the site; one that has gone is told and passed over."""
        todo, seen = [urljoin(self.root, start)], {urljoin(self.root, start)}
        while todo and most > 0:
            most -= 1
            try:
                page = self.get(todo.pop(0))
            except PageGone as gone:
                log.info("%s", gone)
                continue
            yield page
            new = [link for link in dict.fromkeys(links(page)) if link not in seen and self.allows(link)]
            seen.update(new)
            todo.extend(new)

    def _download(self, url: str, may: Callable[[str], bool]) -> Page:
        """Ask for an address, and for where it has moved to, while `may` lets us."""
        for _ in range(MOST_MOVES):
            try:
                answer = self.pool.request("GET", url, redirect=False, preload_content=False)
                body = answer.read(LARGEST_PAGE + 1, decode_content=True)
            except urllib3.exceptions.HTTPError as error:
                raise OSError(f"{url}: {error}") from error
            answer.release_conn()
            if answer.status not in MOVED or "Location" not in answer.headers:
                return _page(url, answer, body)
            try:
                url = urljoin(url, answer.headers["Location"])
            except ValueError as error:
                raise OSError(f"{url}: moved to what is no address: {error}") from error
            if not may(url):
                raise PermissionError(f"{url}: moved to where is not ours to read")
        raise OSError(f"{url}: moved too often")


def _page(url: str, answer: urllib3.BaseHTTPResponse, body: bytes) -> Page:
    if answer.status in GONE:
        raise PageGone(f"{url}: {answer.status}, there is no such page")
    if answer.status in REFUSED:
        raise PermissionError(f"{url}: {answer.status}, the site refuses it")
    if answer.status != HTTPStatus.OK:
        raise OSError(f"{url}: {answer.status} {answer.reason}")
    if len(body) > LARGEST_PAGE:
        raise OSError(f"{url}: more than {LARGEST_PAGE} bytes")
    charset = answer.headers.get("Content-Type", "").lower().partition("charset=")[2].split(";")[0].strip("\"' ")
    try:
        return Page(url, body.decode(charset or "utf-8", "replace"))
    except LookupError:
        return Page(url, body.decode("utf-8", "replace"))
