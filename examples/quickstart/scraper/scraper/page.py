"""A page becomes the items that its microdata marks up, and the address of the next page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scraper_base import Page
    from selectolax.lexbor import LexborNode


def read_items(page: Page) -> list[dict[str, str]]:
    """For each `itemscope`, its properties by their `itemprop`, as text with single spaces."""
    scopes = page.tree.css("[itemscope]")
    return [{str(node.attributes["itemprop"]): value_of(node) for node in scope.css("[itemprop]")} for scope in scopes]


def value_of(node: LexborNode) -> str:
    """What a property says: its `value` or `href`, else its text."""
    given = node.attributes.get("value") or node.attributes.get("href")
    return " ".join((given or node.text()).split())


def next_pages(page: Page) -> list[str]:
    """The address of the page that follows, if one does."""
    return page.links('a[rel="next"]')
