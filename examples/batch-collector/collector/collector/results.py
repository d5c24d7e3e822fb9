"""A page of search results becomes the cars in its JSON-LD, and how many there are on all pages together."""

from __future__ import annotations

import json
from typing import Any

from selectolax.lexbor import LexborHTMLParser


def read_results(address: str, html: str) -> tuple[int, list[dict[str, Any]]]:
    """How many cars the whole search found, and those on this page: vin, name, year, miles, price in dollars, url.

    Raises:
        ValueError: the page holds no such list, or a car in it lacks one of these.
    """
    linked = LexborHTMLParser(html).css('script[type="application/ld+json"]')
    try:
        found = json.loads("".join(node.text() for node in linked))
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
