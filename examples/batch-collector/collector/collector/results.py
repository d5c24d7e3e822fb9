"""A page of search results becomes the cars in its JSON-LD, and how many there are on all pages together."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any


class LinkedDataReader(HTMLParser):
    """Collects the text of `<script type="application/ld+json">`."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin collecting."""
        self.inside = tag == "script" and ("type", "application/ld+json") in attrs

    def handle_data(self, data: str) -> None:
        """Collect."""
        self.text += data if self.inside else ""

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - a script holds no other element
        """Stop collecting."""
        self.inside = False


def read_results(address: str, html: str) -> tuple[int, list[dict[str, Any]]]:
    """How many cars the whole search found, and those on this page: vin, name, year, miles, price in dollars, url.

    Raises:
        ValueError: the page holds no such list, or a car in it lacks one of these.
    """
    reader = LinkedDataReader()
    reader.feed(html)
    reader.close()
    try:
        found = json.loads(reader.text)
        return int(found["numberOfItems"]), [as_row(car) for car in found["itemListElement"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{address}: not a page of results ({error!r}). Has the site changed?") from error


def as_row(car: dict[str, Any]) -> dict[str, Any]:
    """A schema.org Car as a flat row."""
    return {
        "vin": car["vehicleIdentificationNumber"],
        "name": car["name"],
        "year": int(car["vehicleModelDate"]),
        "miles": int(car["mileageFromOdometer"]["value"]),
        "price": float(car["offers"]["price"]),
        "url": car["url"],
    }
