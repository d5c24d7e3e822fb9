"""A source's pages become events: what their microdata says, each with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scraper_base import Page, Web

SOURCES = ("parks", "gardens")
FIELDS = ("name", "date", "venue", "address", "organiser", "contact")
_NEEDED = ("name", "date", "venue", "organiser")
_MOST_PAGES = 100


def read_source(web: Web, source: str) -> list[dict[str, str]]:
    """Read the events of one source, page by page.

    Raises:
        ValueError: it has none, or one that lacks what every event must have: the site has changed.
    """
    pages = web.walk(f"/{source}/page-1.html", _MOST_PAGES, lambda page: page.links('a[rel="next"]'))
    events = [{"source": source, **event} for page in pages for event in read_events(page)]
    if not events:
        raise ValueError("no events on its pages")
    return events


def read_events(page: Page) -> list[dict[str, str]]:
    """Read what each `itemscope` of a page says.

    Raises:
        ValueError: an event lacks what every event must have.
    """
    found = []
    for scope in page.tree.css("[itemscope]"):
        said = {str(node.attributes["itemprop"]): " ".join(node.text().split()) for node in scope.css("[itemprop]")}
        if missing := [name for name in _NEEDED if not said.get(name)]:
            raise ValueError(f"{page.url}: an event without {' and '.join(missing)}")
        found.append({name: said.get(name, "") for name in FIELDS})
    return found
