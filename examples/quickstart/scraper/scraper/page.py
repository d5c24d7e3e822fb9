"""HTML becomes the items that its microdata marks up, and the address of the next page."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Page:
    """What a page says.

    Attributes:
        items: for each `itemscope`, its properties by their `itemprop`, as text.
        following: the `href` of the link with `rel="next"`.
    """

    items: list[dict[str, str]] = field(default_factory=list)
    following: str | None = None


class MicrodataReader(HTMLParser):
    """Fills a `Page` while it is fed HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.reading: tuple[str, str] | None = None  # the property whose text is being read, and its element's tag

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an item or a property, or note the next page."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("rel") == "next":
            self.page.following = given.get("href")
        if "itemscope" in given:
            self.page.items.append({})
        if "itemprop" in given and self.page.items:
            self.begin(given["itemprop"], tag, given)

    def begin(self, prop: str, tag: str, given: dict[str, str]) -> None:
        """Take a property's value from its attribute, or set out to read its text."""
        value = given.get("value", given.get("href"))
        self.page.items[-1][prop] = value or ""
        self.reading = (prop, tag) if value is None else self.reading

    def handle_data(self, data: str) -> None:
        """Add to the property that is being read."""
        if self.reading:
            self.page.items[-1][self.reading[0]] += data

    def handle_endtag(self, tag: str) -> None:
        """End the property that is being read."""
        if self.reading and self.reading[1] == tag:
            self.reading = None


def read_page(html: str) -> Page:
    """The items and the next page of `html`; whitespace in values is made single spaces."""
    reader = MicrodataReader()
    reader.feed(html)
    reader.close()
    reader.page.items = [{name: " ".join(text.split()) for name, text in item.items()} for item in reader.page.items]
    return reader.page
